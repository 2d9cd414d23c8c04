import * as fc from 'fast-check';
import { byExpiry, comingBack, graceFrom, isPast, type OpenLot, pick, spendable } from './lots';

const TODAY = '2026-03-29';
const day = fc.constantFrom(null, '2026-03-27', '2026-03-28', TODAY, '2026-03-30', '2027-01-01');
const lots = fc
  .uniqueArray(fc.record({ id: fc.uuid(), remaining: fc.integer({ min: 0, max: 50 }), expiresOn: day }), {
    selector: ({ id }) => id,
    maxLength: 8,
  })
  .map((list) => list.sort(byExpiry));
const sum = (list: { points: number }[]): number => list.reduce((all, { points }) => all + points, 0);

it('orders by expiry, those without last, then by age', () => {
  const list: OpenLot[] = [
    { id: 'b', remaining: 1, expiresOn: null },
    { id: 'd', remaining: 1, expiresOn: '2026-12-31' },
    { id: 'a', remaining: 1, expiresOn: null },
    { id: 'c', remaining: 1, expiresOn: '2026-12-31' },
    { id: 'e', remaining: 1, expiresOn: '2026-12-30' },
  ];
  expect(list.sort(byExpiry).map(({ id }) => id)).toEqual(['e', 'c', 'd', 'a', 'b']);
});

it('a lot can be spent on its day, and not on the next', () => {
  expect(isPast({ expiresOn: TODAY }, TODAY)).toBe(false);
  expect(isPast({ expiresOn: '2026-03-28' }, TODAY)).toBe(true);
  expect(isPast({ expiresOn: null }, TODAY)).toBe(false);
});

it('takes exactly what is asked for, first-expiring-first, and never from a lot whose day has passed', () => {
  fc.assert(
    fc.property(lots, fc.integer({ min: 1, max: 500 }), (all, points) => {
      const takes = pick(all, points, TODAY);
      if (points > spendable(all, TODAY)) return expect(takes).toBeUndefined();
      expect(sum(takes ?? [])).toBe(points);
      const open = all.filter((lot) => lot.remaining > 0 && !isPast(lot, TODAY));
      // The first lots of those that are open, each whole but for the last.
      expect(takes?.map(({ id }) => id)).toEqual(open.slice(0, takes?.length).map(({ id }) => id));
      takes?.forEach((take, n) => {
        expect(take.expiresOn).toBe(open[n]?.expiresOn);
        if (n < takes.length - 1) expect(take.points).toBe(open[n]?.remaining);
        else expect(take.points).toBeLessThanOrEqual(open[n]?.remaining ?? 0);
      });
    }),
  );
});

it('gives back in any number of parts what was taken, as if only the rest had been taken', () => {
  fc.assert(
    fc.property(
      lots,
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.integer({ min: 1, max: 40 })),
      (all, points, parts) => {
        const takes = pick(all, points, TODAY);
        fc.pre(takes !== undefined);
        let given = 0;
        const back = new Map<string, number>();
        for (const part of [...parts, Infinity]) {
          const now = Math.min(part, points - given);
          for (const { id, points: some } of comingBack(takes, given, now)) back.set(id, (back.get(id) ?? 0) + some);
          given += now;
          const rest = points === given ? [] : (pick(all, points - given, TODAY) ?? []);
          const left = takes.map(({ id, points: taken }) => ({ id, points: taken - (back.get(id) ?? 0) }));
          expect(left.filter((take) => take.points > 0)).toEqual(
            rest.map(({ id, points: some }) => ({ id, points: some })),
          );
        }
      },
    ),
  );
});

it('gives back to those lots alone that something comes back to', () => {
  const takes = ['a', 'b', 'c'].map((id) => ({ id, points: 5, expiresOn: null }));
  expect(comingBack(takes, 5, 5)).toEqual([{ id: 'b', points: 5, expiresOn: null }]);
});

it('gives back no more than was taken', () => {
  const takes = [{ id: 'a', points: 5, expiresOn: null }];
  expect(() => comingBack(takes, 3, 3)).toThrow('More would come back than was taken');
  expect(comingBack(takes, 3, 2)).toEqual([{ id: 'a', points: 2, expiresOn: null }]);
});

it('grace ends 30 days on, over the change of clocks and the end of a month', () => {
  expect(graceFrom(TODAY)).toBe('2026-04-28');
  expect(graceFrom('2028-02-01')).toBe('2028-03-02');
});
