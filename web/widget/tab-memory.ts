/**
 * What a tab remembers over a reload. Where the browser lets the page store nothing (cookies blocked, a sandboxed frame),
 * even asking throws: it is then remembered as long as the page is there.
 */
export const tabMemory = {
  read: (key: string): string | undefined => without.get(key) ?? tried((store) => store.getItem(key)) ?? undefined,
  keep(key: string, value: string): void {
    const isKept = tried((store) => {
      store.setItem(key, value);
      return true;
    });
    if (isKept) without.delete(key);
    else without.set(key, value);
  },
  forget(key: string): void {
    without.delete(key);
    tried((store) => store.removeItem(key));
  },
};

const without = new Map<string, string>();

function tried<Found>(what: (store: Storage) => Found): Found | undefined {
  try {
    return what(sessionStorage);
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
