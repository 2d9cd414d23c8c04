import { Book, type OpenBook } from './book';

const account = (id: number, balance: number) => ({ id, balance, last: balance === 0 ? null : `last-${id}` });

function open(lots: [id: string, remaining: number, expiresOn: string | null][], more: Partial<OpenBook> = {}): Book {
  const available = lots.reduce((all, [, remaining]) => all + remaining, 0);
  return new Book({
    now: new Date('2026-06-10T12:00:00Z'),
    today: '2026-06-10',
    customers: new Map([
      [
        '1',
        {
          available: account(1, available),
          held: account(2, 0),
          lots: lots.map(([id, remaining, expiresOn]) => ({ id, remaining, expiresOn })),
        },
      ],
    ]),
    sides: new Map([['redeemed', account(3, 40)]]),
    takes: new Map(),
    ...more,
  });
}
const hold = (id: string, points: number) => ({ id, kind: 'hold' as const, cause: id, points });
const release = (cause: string, points: number) => ({
  id: `release-${cause}`,
  kind: 'release' as const,
  cause,
  points,
});
const refund = (id: string, cause: string, points: number) => ({ id, kind: 'refund' as const, cause, points });

it('has no changes as long as nothing was booked', () => {
  const book = open([['a', 5, null]]);
  expect(book.take('1', hold('h', 6), 'held')).toBe(false);
  expect(book.take('2', hold('h', 1), 'held')).toBe(false);
  expect(book.spendable('2')).toBe(0);
  expect(book.changes()).toEqual({ now: book.now, transfers: [], accounts: [], lots: [], moves: [], opened: [] });
});

it('chains transfers on both accounts, with the balances after each', () => {
  const book = open([['a', 100, null]]);
  book.take('1', hold('h', 30), 'held');
  book.spendHeld('1', { id: 'c', kind: 'capture', cause: 'h', points: 30 });
  book.take('1', { id: 's', kind: 'capture', cause: 's', points: 10 }, 'redeemed');
  const { transfers, accounts } = book.changes();
  expect(transfers.map(({ id, debit, credit }) => [id, debit, credit])).toEqual([
    ['h', { account: 1, balance: 70, previous: 'last-1' }, { account: 2, balance: 30, previous: null }],
    ['c', { account: 2, balance: 0, previous: 'h' }, { account: 3, balance: 70, previous: 'last-3' }],
    ['s', { account: 1, balance: 60, previous: 'h' }, { account: 3, balance: 80, previous: 'c' }],
  ]);
  expect(accounts).toMatchObject([
    { id: 1, delta: -40, transfers: 2, last: 's' },
    { id: 2, delta: 0, transfers: 2, last: 'c' },
    { id: 3, delta: 40, transfers: 2, last: 's' },
  ]);
});

it('takes of the lot that is named first, then as always, and of none whose day has passed', () => {
  const book = open([
    ['past', 9, '2026-06-09'],
    ['today', 5, '2026-06-10'],
    ['named', 5, null],
    ['later', 5, '2026-07-01'],
  ]);
  expect(book.spendable('1')).toBe(15);
  expect(book.take('1', { id: 'r', kind: 'reversal', cause: 'x', points: 12 }, 'redeemed', 'named')).toBe(true);
  expect(book.changes().moves.map(({ lotId, points }) => [lotId, points])).toEqual([
    ['named', -5],
    ['today', -5],
    ['later', -2],
  ]);
  expect(book.take('1', { id: 'r2', kind: 'reversal', cause: 'y', points: 4 }, 'redeemed', 'named')).toBe(false);
});

it('takes of the lot that is named once, also where it would come first anyway', () => {
  const book = open([
    ['named', 5, '2026-06-11'],
    ['later', 5, '2026-07-01'],
  ]);
  book.take('1', { id: 'r', kind: 'reversal', cause: 'x', points: 8 }, 'redeemed', 'named');
  expect(book.changes().moves.map(({ lotId, points }) => [lotId, points])).toEqual([
    ['named', -5],
    ['later', -3],
  ]);
});

it('knows whose points it holds, which lots are open, and what is held where nothing is', () => {
  const book = open(
    [
      ['past', 9, '2026-06-09'],
      ['empty', 0, null],
      ['open', 5, null],
    ],
    {},
  );
  expect([book.has('1'), book.has('2')]).toEqual([true, false]);
  expect(book.openLots('1')).toEqual([{ id: 'open', remaining: 5, expiresOn: null }]);
  expect(book.openLots('2')).toEqual([]);
  const lots = [{ id: 'a', remaining: 5, expiresOn: null }];
  const without = open([], { customers: new Map([['1', { available: account(1, 5), lots }]]) });
  without.take('1', { id: 's', kind: 'capture', cause: 's', points: 2 }, 'redeemed');
  expect(without.changes().accounts.map(({ id }) => id)).toEqual([1, 3]);
  expect(() => without.take('1', hold('h', 1), 'held')).toThrow('The account held is not in the book');
});

it('gives back to a lot that is still open, and takes of what came back in its order', () => {
  const takes = [
    { id: 'soon', points: 4, expiresOn: '2026-06-20' },
    { id: 'open', points: 2, expiresOn: '2026-08-01' },
  ];
  const book = open([['open', 5, '2026-08-01']], { takes: new Map([['old', takes]]) });
  book.giveBack('1', refund('f', 'old', 6), 'redeemed', { takenBy: 'old', given: 0 });
  expect(book.openLots('1')).toEqual([
    { id: 'soon', remaining: 4, expiresOn: '2026-06-20' },
    { id: 'open', remaining: 7, expiresOn: '2026-08-01' },
  ]);
});

it('gives back to a lot that was used up, from which the next can take', () => {
  const book = open([], { takes: new Map([['old', [{ id: 'gone', points: 20, expiresOn: '2026-06-10' }]]]) });
  book.giveBack('1', refund('f', 'old', 8), 'redeemed', { takenBy: 'old', given: 5 });
  expect(book.spendable('1')).toBe(8);
  expect(book.take('1', hold('h', 8), 'held')).toBe(true);
  const { lots, moves, opened } = book.changes();
  expect([lots, opened]).toEqual([[], []]);
  expect(moves.map(({ transferId, lotId, points }) => [transferId, lotId, points])).toEqual([
    ['f', 'gone', 8],
    ['h', 'gone', -8],
  ]);
});

it('opens a lot with 30 days of grace for each whose day has passed, and leaves that closed', () => {
  const takes = [
    { id: 'stays', points: 1, expiresOn: null },
    { id: 'past', points: 4, expiresOn: '2026-06-09' },
    { id: 'today', points: 2, expiresOn: '2026-06-10' },
  ];
  const book = open([], { takes: new Map([['h', takes]]) });
  book.giveBack('1', release('h', 7), 'redeemed', { takenBy: 'h', given: 0 });
  const { opened, lots, moves } = book.changes();
  expect(opened).toEqual([
    { customerId: '1', lotId: expect.any(String), points: 4, expiresOn: '2026-07-10', origin: 'past' },
  ]);
  expect(lots.map(({ lotId, delta }) => [lotId, delta])).toEqual([
    ['stays', 1],
    ['today', 2],
  ]);
  expect(moves).toHaveLength(3);
  expect(book.spendable('1')).toBe(7);
  // What is taken next comes from the lots in their order, the new one among them.
  book.take('1', hold('next', 3), 'held');
  expect(
    book
      .changes()
      .moves.slice(3)
      .map(({ lotId, points }) => [lotId, points]),
  ).toEqual([
    ['today', -2],
    [opened[0]?.lotId, -1],
  ]);
});

it('says what it was not opened with', () => {
  const book = open([['a', 5, null]], { sides: new Map() });
  const redeem = { id: 's', kind: 'capture' as const, cause: 's', points: 1 };
  expect(() => book.take('1', redeem, 'redeemed')).toThrow('The account redeemed is not in the book');
  expect(() => book.spendHeld('2', redeem)).toThrow('The customer is not in the book');
  expect(() => book.giveBack('1', redeem, 'held', { takenBy: 'x', given: 0 })).toThrow(
    'What was taken is not in the book',
  );
});
