/** Every item of a list that comes in pages: of a programme's own catalogue, which is small. */
export async function allOf<T>(
  pageAfter: (after: string | undefined) => Promise<{ data: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const page = await pageAfter(after);
    items.push(...page.data);
    after = page.nextCursor ?? undefined;
  } while (after !== undefined);
  return items;
}
