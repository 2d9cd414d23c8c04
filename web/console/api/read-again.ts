import { useQueryClient } from '@tanstack/react-query';

/**
 * For what has just been changed: everything that was read under this first part of a key is read again.
 * Also where its first reading is still under way, which TanStack's invalidation alone would keep, and with it what was there before.
 */
export function useReadAgain(): (first: string) => Promise<void> {
  const queries = useQueryClient();
  return async (first) => {
    await queries.cancelQueries({ queryKey: [first], predicate: ({ state }) => state.data === undefined });
    await queries.invalidateQueries({ queryKey: [first] });
  };
}
