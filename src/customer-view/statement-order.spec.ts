import * as fc from 'fast-check';
import { inOrder, type Movement, type Range, type ReadMovements, STRETCH, survey } from './statement-order';

/** In the order in which they were booked; effective: at the booking, or so much before. */
const booked = (facts: { points: number; step: number; before: number }[]): Movement[] => {
  let now = 1_000_000;
  return facts.map(({ points, step, before }, n) => {
    now += step;
    const kind = points > 0 ? 'award' : 'hold';
    const id = String(n).padStart(6, '0');
    return { transferId: id, kind, cause: id, points, bookedAt: new Date(now), effectiveAt: new Date(now - before) };
  });
};

/** Reads like the ledger does, and counts how often. */
function reading(movements: Movement[]) {
  const pages = { read: 0 };
  const newestFirst = movements.toReversed();
  const read: ReadMovements = (before, limit) => {
    pages.read += 1;
    const start = before === undefined ? 0 : newestFirst.findIndex(({ transferId }) => transferId === before) + 1;
    return Promise.resolve(newestFirst.slice(start, start + limit));
  };
  return { read, pages };
}

async function statementOf(movements: Movement[], range: Range) {
  const { read } = reading(movements);
  const found = await survey(read, range);
  const parts: Movement[][] = [];
  for await (const part of inOrder(read, found, range)) parts.push(part);
  return { ...found, parts, entries: parts.flat() as (Movement & { balanceBefore: number; balanceAfter: number })[] };
}

/** The same, all at once in memory. */
function foldOf(movements: Movement[], { by, from, to }: Range) {
  const at = (one: Movement): Date => (by === 'booked' ? one.bookedAt : one.effectiveAt);
  const sorted = [...movements].sort((a, b) => at(a).getTime() - at(b).getTime());
  const until = sorted.filter((one) => to === undefined || at(one) < to);
  const sum = (some: Movement[]): number => some.reduce((all, { points }) => all + points, 0);
  const entries = until.filter((one) => from === undefined || at(one) >= from);
  const opening = sum(until) - sum(entries);
  return {
    opening,
    closing: sum(until),
    entries,
    balances: entries.map((_, n) => opening + sum(entries.slice(0, n + 1))),
  };
}

const histories = fc.array(
  fc.record({
    points: fc.integer({ min: -50, max: 50 }).filter((points) => points !== 0),
    // Also none at all, and backwards: a transaction may book at the time it began, after one that began later.
    step: fc.integer({ min: -2, max: 20 }),
    before: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 400 })),
  }),
  { maxLength: 60 },
);
const instants = fc.option(
  fc.integer({ min: 999_500, max: 1_001_500 }).map((at) => new Date(at)),
  { nil: undefined },
);
const ranges: fc.Arbitrary<Range> = fc
  .record({ by: fc.constantFrom('booked' as const, 'effective' as const), from: instants, to: instants })
  .map(({ by, from, to }) => (from && to && to < from ? { by, from: to, to: from } : { by, from, to }));

it('is the fold of what happened in the range, in the order in which it did', async () => {
  await fc.assert(
    fc.asyncProperty(histories, ranges, fc.integer({ min: 0, max: 20 }), async (facts, range, repeats) => {
      // Over several stretches where it is repeated.
      const movements = booked(Array.from({ length: repeats + 1 }, () => facts).flat());
      const { opening, closing, entries, sums } = await statementOf(movements, range);
      const expected = foldOf(movements, range);
      expect([opening, closing]).toEqual([expected.opening, expected.closing]);
      expect(entries.map(({ transferId }) => transferId)).toEqual(expected.entries.map(({ transferId }) => transferId));
      expect(entries.map(({ balanceAfter }) => balanceAfter)).toEqual(expected.balances);
      expect(entries.every((one) => one.balanceAfter - one.balanceBefore === one.points)).toBe(true);
      expect([...sums.values()].reduce((sum, { points }) => sum + points, opening)).toBe(closing);
    }),
    { numRuns: 200 },
  );
});

it('puts what was booked at the very end in front of everything where that is when it happened', async () => {
  const movements = booked(Array.from({ length: 3 * STRETCH }, () => ({ points: 1, step: 1, before: 0 })));
  const late: Movement = { ...movements.at(-1)!, transferId: 'late', effectiveAt: new Date(0), points: 7 };
  const { entries, parts } = await statementOf([...movements, late], {
    by: 'effective',
    from: undefined,
    to: undefined,
  });
  expect(entries[0]).toMatchObject({ transferId: 'late', balanceBefore: 0, balanceAfter: 7 });
  expect(entries).toHaveLength(3 * STRETCH + 1);
  expect(Math.max(...parts.map(({ length }) => length))).toBe(STRETCH);
});

it('keeps out what is booked while it is read', async () => {
  const movements = booked(Array.from({ length: STRETCH }, () => ({ points: 1, step: 1, before: 0 })));
  const range: Range = { by: 'booked', from: undefined, to: undefined };
  const found = await survey(reading(movements).read, range);
  const { read } = reading([...movements, { ...movements.at(-1)!, transferId: 'meanwhile' }]);
  const ids: string[] = [];
  for await (const part of inOrder(read, found, range)) ids.push(...part.map(({ transferId }) => transferId));
  expect(ids).toEqual(movements.map(({ transferId }) => transferId));
});

it('reads a stretch again only when its part is asked for, and none that has nothing of the range', async () => {
  const movements = booked(Array.from({ length: 100 * STRETCH }, () => ({ points: 1, step: 1, before: 0 })));
  const { read, pages } = reading(movements);
  const all: Range = { by: 'effective', from: undefined, to: undefined };
  const found = await survey(read, all);
  expect(pages.read).toBeLessThanOrEqual(102);
  pages.read = 0;
  const parts = inOrder(read, found, all);
  for (const asked of [1, 2, 3]) {
    await parts.next();
    expect(pages.read).toBeLessThanOrEqual(asked);
  }
  await parts.return(undefined);
  pages.read = 0;
  const early: Range = { by: 'booked', from: undefined, to: movements[10]!.bookedAt };
  const few = await survey(read, early);
  pages.read = 0;
  let entries = 0;
  for await (const part of inOrder(read, few, early)) entries += part.length;
  expect([entries, pages.read]).toEqual([10, 1]);
});
