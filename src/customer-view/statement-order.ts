import type { TransferKind } from '../ledger';

/** One change of the available points, at the instant that the statement goes by. */
export interface Movement {
  /** uuid */
  transferId: string;
  kind: TransferKind;
  /** uuid */
  cause: string;
  points: number;
  bookedAt: Date;
  effectiveAt: Date;
}

/** Up to limit movements before the one named (before the end, where none is), the last booked first. */
export type ReadMovements = (before: string | undefined, limit: number) => Promise<Movement[]>;

/** By the instant of the booking, or by that of what was booked. */
export type Basis = 'booked' | 'effective';

export interface Range {
  by: Basis;
  /** Included; undefined: from the beginning. */
  from: Date | undefined;
  /** Not included; undefined: all that there is. */
  to: Date | undefined;
}

/** A movement in its place, with the balance around it in the order of the statement. */
export interface PlacedMovement extends Movement {
  balanceBefore: number;
  balanceAfter: number;
}

/** Movements that are read and held at a time. */
export const STRETCH = 500;

/** Movements next to each other in the ledger, some of which are in the range. */
interface Stretch {
  /** Where to read them again; of the newest there is only one, which is kept: later ones must not come in. */
  before: string | undefined;
  kept?: Movement[];
  /** The earliest instant, in the range, of all that were booked after these. */
  nextAt: number;
}

/** What a statement comes to, and where its movements are: a word for each 500 of them. */
export interface Survey {
  opening: number;
  closing: number;
  sums: Map<TransferKind, { times: number; points: number }>;
  stretches: Stretch[];
}

const instantOf = (movement: Movement, by: Basis): number =>
  (by === 'booked' ? movement.bookedAt : movement.effectiveAt).getTime();

const isWithin = (at: number, { from, to }: Range): boolean =>
  (from === undefined || at >= from.getTime()) && (to === undefined || at < to.getTime());

/**
 * Walks back over everything once, and holds a stretch of it at a time. Everything, because what was booked late may have
 * happened at any time before: no stretch can be left out by what is known of another.
 */
export async function survey(read: ReadMovements, range: Range): Promise<Survey> {
  const found: Survey = { opening: 0, closing: 0, sums: new Map(), stretches: [] };
  let nextAt = Infinity;
  let before: string | undefined;
  for (;;) {
    const limit = before === undefined ? 1 : STRETCH;
    const movements = await read(before, limit);
    const within = movements.filter((movement) => isWithin(instantOf(movement, range.by), range));
    count(found, movements, range);
    if (within.length > 0) {
      found.stretches.push({ before, nextAt, ...(before === undefined ? { kept: movements } : {}) });
      nextAt = Math.min(nextAt, ...within.map((movement) => instantOf(movement, range.by)));
    }
    if (movements.length < limit) break;
    before = movements.at(-1)?.transferId;
  }
  return found;
}

function count(found: Survey, movements: Movement[], range: Range): void {
  for (const movement of movements) {
    const at = instantOf(movement, range.by);
    if (range.to !== undefined && at >= range.to.getTime()) continue;
    found.closing += movement.points;
    if (!isWithin(at, range)) {
      found.opening += movement.points;
      continue;
    }
    const sum = found.sums.get(movement.kind) ?? { times: 0, points: 0 };
    found.sums.set(movement.kind, { times: sum.times + 1, points: sum.points + movement.points });
  }
}

/**
 * The movements of the range by their instant, those of one instant as they were booked, a part at a time. Reads each
 * stretch once more, when its part is asked for; besides it, only those wait that something booked later happened before.
 */
export async function* inOrder(
  read: ReadMovements,
  { opening, stretches }: Survey,
  range: Range,
): AsyncGenerator<PlacedMovement[]> {
  const at = (movement: Movement): number => instantOf(movement, range.by);
  let waiting: Movement[] = [];
  let balance = opening;
  const place = (movement: Movement): PlacedMovement => {
    const balanceBefore = balance;
    balance += movement.points;
    return { ...movement, balanceBefore, balanceAfter: balance };
  };
  for (const { before, kept, nextAt } of stretches.toReversed()) {
    const stretch = kept ?? (await read(before, STRETCH));
    const later = stretch.filter((movement) => isWithin(at(movement), range)).toReversed();
    // A stable sort: of one instant, what was booked first stays first.
    waiting = [...waiting, ...later].sort((a, b) => at(a) - at(b));
    const ready = waiting.findIndex((movement) => at(movement) > nextAt);
    for (const part of partsOf(waiting.splice(0, ready === -1 ? waiting.length : ready))) yield part.map(place);
  }
}

function* partsOf(movements: Movement[]): Iterable<Movement[]> {
  for (let start = 0; start < movements.length; start += STRETCH) yield movements.slice(start, start + STRETCH);
}
