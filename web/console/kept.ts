import { useCallback, useState } from 'react';
import { browserMemory } from '../shared/memory';

const PREFIX = 'gegenwert.console.kept.';

/**
 * Input that survives a reload, a sign-in that has expired and a closed tab, until it is forgotten: kept by key, where the browser lets
 * the page store anything.
 * `initial` is the same object from one rendering to the next.
 * Never for a key, a secret or anything that a customer has shared.
 */
export function useKept<T>(key: string, initial: T): [value: T, keep: (value: T) => void, forget: () => void] {
  const [value, setValue] = useState<T>(() => readKept<T>(key) ?? initial);
  const keep = useCallback(
    (next: T) => {
      writeKept(key, next);
      setValue(next);
    },
    [key],
  );
  const forget = useCallback(() => {
    forgetKept(key);
    setValue(initial);
  }, [key, initial]);
  return [value, keep, forget];
}

export function readKept<T>(key: string): T | undefined {
  const kept = browserMemory.read(PREFIX + key);
  if (kept === undefined) return undefined;
  try {
    return JSON.parse(kept) as T;
  } catch {
    return undefined; // Written by another version of the page, or by hand: there is nothing to go back to.
  }
}

export const writeKept = (key: string, value: unknown): void => {
  browserMemory.keep(PREFIX + key, JSON.stringify(value));
};

export const forgetKept = (key: string): void => browserMemory.forget(PREFIX + key);
