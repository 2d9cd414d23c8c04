/** Whose a customer session's token is, by its own word; undefined where that cannot be read. The service alone decides by it. */
export function whose(token: string): string | undefined {
  const claims = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/');
  if (claims === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(claims), (char) => char.charCodeAt(0));
    const { programme, customerRef } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return customerRef === undefined ? undefined : JSON.stringify([programme, customerRef]);
  } catch {
    return undefined; // No token of ours: the service says so.
  }
}
