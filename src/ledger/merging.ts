import { newId } from '../platform/ids';
import type { Book } from './book';
import type { Take } from './lots';

/**
 * Moves what a customer can spend to another one, because of a merge (uuid). What is left in lots whose day has passed is left
 * to end where it is. Answers how many points.
 */
export function moveAll(book: Book, from: string, into: string, mergeId: string): number {
  const takes = book.openLots(from).map(({ id, remaining, expiresOn }): Take => ({ id, points: remaining, expiresOn }));
  return hand(book, from, into, mergeId, takes);
}

/**
 * Moves up to points back: first what is left in the lots that the merge made (by their ids: the lots that they go on with),
 * to where it was, then what the other customer would spend next, so that who spent the one's points pays with their own.
 * Answers how many there were.
 */
export function moveBack(
  book: Book,
  { from, into, mergeId, points, origins }: MergedPoints & { points: number },
): number {
  const open = book.openLots(into);
  const ordered = [...open.filter(({ id }) => origins.has(id)), ...open.filter(({ id }) => !origins.has(id))];
  const takes: (Take & { to?: string | undefined })[] = [];
  let left = points;
  for (const { id, remaining, expiresOn } of ordered) {
    const part = Math.min(left, remaining);
    if (part > 0) takes.push({ id, points: part, expiresOn, to: origins.get(id) });
    left -= part;
  }
  return hand(book, into, from, mergeId, takes);
}

export interface MergedPoints {
  from: string;
  into: string;
  /** uuid */
  mergeId: string;
  /** Lots of into that the merge made, and the lots of from that each goes on with. */
  origins: Map<string, string>;
}

function hand(book: Book, giver: string, taker: string, cause: string, takes: Parameters<Book['hand']>[3]): number {
  const points = takes.reduce((sum, take) => sum + take.points, 0);
  if (points > 0) book.hand(giver, taker, { id: newId(), kind: 'merge', cause, points }, takes);
  return points;
}
