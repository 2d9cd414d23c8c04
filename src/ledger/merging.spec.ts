import * as fc from 'fast-check';
import { Book, type BookChanges } from './book';
import { isPast, type OpenLot } from './lots';
import { moveAll, moveBack } from './merging';

const TODAY = '2026-06-10';
const day = fc.constantFrom(null, '2026-06-09', TODAY, '2026-06-11', '2027-01-01');
const lotsOf = (customer: string) =>
  fc
    .array(fc.record({ remaining: fc.integer({ min: 0, max: 40 }), expiresOn: day }), { maxLength: 6 })
    .map((list) => list.map((lot, n): OpenLot => ({ id: `${customer}${n}`, ...lot })));
const total = (lots: OpenLot[]): number => lots.reduce((sum, { remaining }) => sum + remaining, 0);

function open(one: OpenLot[], other: OpenLot[]): Book {
  const customer = (id: number, lots: OpenLot[]) => ({
    available: { id, balance: total(lots), last: total(lots) === 0 ? null : 'before' },
    lots,
  });
  return new Book({
    now: new Date('2026-06-10T12:00:00Z'),
    today: TODAY,
    customers: new Map([
      ['1', customer(1, one)],
      ['2', customer(2, other)],
    ]),
    sides: new Map([['redeemed', { id: 3, balance: 0, last: null }]]),
    takes: new Map(),
  });
}

/** What can be spent of a customer's points, by the last day on which it can. */
function byDay(book: Book, ...customers: string[]): Record<string, number> {
  const days: Record<string, number> = {};
  for (const { remaining, expiresOn } of customers.flatMap((id) => book.openLots(id))) {
    days[expiresOn ?? 'never'] = (days[expiresOn ?? 'never'] ?? 0) + remaining;
  }
  return days;
}

/** Which lots of the other a merge made, and of which lot of the one. */
const originsOf = ({ opened }: BookChanges): Map<string, string> =>
  new Map(opened.map(({ lotId, origin }) => [lotId, origin]));

it('all that can be spent goes to the other, no point more or less, to be spent until the same day', () => {
  fc.assert(
    fc.property(lotsOf('a'), lotsOf('b'), (one, other) => {
      const book = open(one, other);
      const before = byDay(book, '1', '2');
      const spendable = total(one.filter((lot) => !isPast(lot, TODAY)));
      expect(moveAll(book, '1', '2', 'merge')).toBe(spendable);
      expect(byDay(book, '2')).toEqual(before);
      expect(book.spendable('1')).toBe(0);
      const { transfers, moves } = book.changes();
      expect(transfers.map(({ points }) => points)).toEqual(spendable > 0 ? [spendable] : []);
      expect(moves.reduce((sum, { points }) => sum + points, 0)).toBe(0);
      expect(moveAll(book, '1', '2', 'merge')).toBe(0);
    }),
  );
});

it('an undo puts everything back, lot by lot, when nothing has happened in between', () => {
  fc.assert(
    fc.property(lotsOf('a'), lotsOf('b'), (one, other) => {
      const book = open(one, other);
      const before = [book.openLots('1'), book.openLots('2')];
      const points = moveAll(book, '1', '2', 'merge');
      const origins = originsOf(book.changes());
      expect(moveBack(book, { from: '1', into: '2', mergeId: 'merge', points, origins })).toBe(points);
      expect([book.openLots('1'), book.openLots('2')]).toEqual(before);
    }),
  );
});

it('an undo after spending returns what there is, and what the other spent was their own first', () => {
  fc.assert(
    fc.property(lotsOf('a'), lotsOf('b'), fc.integer({ min: 1, max: 200 }), (one, other, spent) => {
      const book = open(one, other);
      const own = book.spendable('2');
      const points = moveAll(book, '1', '2', 'merge');
      const origins = originsOf(book.changes());
      const took = book.take('2', { id: 's', kind: 'capture', cause: 's', points: spent }, 'redeemed') ? spent : 0;
      const before = byDay(book, '1', '2');
      const returned = moveBack(book, { from: '1', into: '2', mergeId: 'merge', points, origins });
      expect(returned).toBe(Math.min(points, own + points - took));
      expect(book.spendable('1')).toBe(returned);
      expect(book.spendable('2')).toBe(own + points - took - returned);
      expect(byDay(book, '1', '2')).toEqual(before);
    }),
  );
});

it('what two lots go on with goes back to one in one move: a transfer moves a lot once', () => {
  const book = open(
    [],
    [
      { id: 'm1', remaining: 3, expiresOn: null },
      { id: 'm2', remaining: 4, expiresOn: null },
      { id: 'own', remaining: 5, expiresOn: TODAY },
    ],
  );
  const origins = new Map([
    ['m1', 'lot'],
    ['m2', 'lot'],
  ]);
  expect(moveBack(book, { from: '1', into: '2', mergeId: 'merge', points: 9, origins })).toBe(9);
  const { moves, opened } = book.changes();
  expect(moves.map(({ lotId, points }) => [lotId, points])).toEqual([
    ['m1', -3],
    ['m2', -4],
    ['own', -2],
    [opened[0]?.lotId, 2],
    ['lot', 7],
  ]);
  expect(opened).toMatchObject([{ customerId: '1', points: 2, expiresOn: TODAY, origin: 'own' }]);
});
