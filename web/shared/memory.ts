/**
 * What a browser remembers: `tabMemory` in one tab, over a reload, and `browserMemory` for good. Where it lets the page
 * store nothing (cookies blocked, a sandboxed frame), even asking throws; elsewhere there is no store to ask. It is then
 * remembered as long as the page is there.
 */
export interface Memory {
  read: (key: string) => string | undefined;
  /** Whether it outlasts the page. */
  keep: (key: string, value: string) => boolean;
  forget: (key: string) => void;
}

export const tabMemory = memoryIn(() => sessionStorage);
export const browserMemory = memoryIn(() => localStorage);

/** @param storeOf may throw, and may answer null whatever its type says */
function memoryIn(storeOf: () => Storage | null): Memory {
  const without = new Map<string, string>();
  const tried = <Found>(what: (store: Storage) => Found): Found | undefined => {
    try {
      const store = storeOf();
      return store ? what(store) : undefined;
    } catch (error) {
      if (error instanceof DOMException) return undefined;
      throw error;
    }
  };
  return {
    read: (key) => without.get(key) ?? tried((store) => store.getItem(key)) ?? undefined,
    keep(key, value) {
      const isKept = tried((store) => {
        store.setItem(key, value);
        return true;
      });
      if (isKept) without.delete(key);
      else without.set(key, value);
      return isKept === true;
    },
    forget(key) {
      without.delete(key);
      tried((store) => store.removeItem(key));
    },
  };
}
