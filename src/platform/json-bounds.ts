/** Whether a JSON value has more than so many levels of objects and arrays. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeper(child, levels - 1));
}

/** Whether a JSON value stays within so many bytes and so many levels of objects and arrays. */
export function isWithin(value: unknown, bounds: { bytes: number; levels: number }): boolean {
  // Depth first: serializing is recursive, and what is too deep must not exhaust the stack.
  return !isDeeper(value, bounds.levels) && Buffer.byteLength(JSON.stringify(value) ?? '') <= bounds.bytes;
}
