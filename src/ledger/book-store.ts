import type { Statement, Tx } from '../platform/database';
import type { Account, BookChanges, OpenBook, Side } from './book';
import { Book } from './book';
import type { Take } from './lots';

/** What `open_books` (in the migrations) answers, column by column; null: no rows. */
export interface BookRows {
  now: string;
  today: string;
  accounts: AccountColumns;
  /** Of what holders hold; null: nobody is to hold anything. */
  started: AccountColumns | null;
  lots: { customers: number[]; ids: string[]; remaining: number[]; expiresOn: (string | null)[] } | { customers: null };
  sides: [kind: Side, id: number, balance: number, last: string | null][] | null;
}

type AccountColumns =
  | {
      customers: number[];
      kinds: ('available' | 'held')[];
      ids: number[];
      balances: number[];
      lasts: (string | null)[];
    }
  | { customers: null };

const OPEN: Statement = { name: 'open_books', text: 'SELECT open_books($1, $2, $3, $4, $5) AS rows' };

/**
 * Locks these customers until the transaction ends, and opens their book. holders: those of them who may come to hold
 * points; sides: the programme's accounts that transfers may go to or come from; at: when it is booked, otherwise now.
 */
export async function openBook(
  tx: Tx,
  { customers, holders = [], sides, at }: { customers: string[]; holders?: string[]; sides: Side[]; at?: Date },
): Promise<Book> {
  const [row] = await tx.query<{ rows: BookRows }>(OPEN, [tx.programmeId, customers, holders, sides, at ?? null]);
  if (!row) throw new Error('The book did not open');
  return bookOf(row.rows, new Map());
}

/** The book of what `open_books` answered; takes: what transfers before took, by their id. */
export function bookOf(rows: BookRows, takes: Map<string, Take[]>): Book {
  const customers: OpenBook['customers'] = new Map();
  for (const [customer, account] of accountsOf(rows.accounts, 'available')) {
    customers.set(customer, { available: account, lots: [] });
  }
  for (const columns of [rows.accounts, rows.started]) {
    for (const [customer, account] of accountsOf(columns, 'held')) {
      const points = customers.get(customer);
      if (points) points.held = account;
    }
  }
  const { lots } = rows;
  if (lots.customers) {
    lots.customers.forEach((customer, n) => {
      const lot = { id: lots.ids[n]!, remaining: lots.remaining[n]!, expiresOn: lots.expiresOn[n]! };
      customers.get(String(customer))?.lots.push(lot);
    });
  }
  const sides = (rows.sides ?? []).map(([side, id, balance, last]): [Side, Account] => [side, { id, balance, last }]);
  return new Book({ now: new Date(rows.now), today: rows.today, customers, sides: new Map(sides), takes });
}

function* accountsOf(columns: AccountColumns | null, kind: 'available' | 'held'): Iterable<[string, Account]> {
  if (!columns?.customers) return;
  const { customers, kinds, ids, balances, lasts } = columns;
  for (const [n, customer] of customers.entries()) {
    if (kinds[n] === kind) yield [String(customer), { id: ids[n]!, balance: balances[n]!, last: lasts[n]! }];
  }
}

const OPEN_LOTS: Statement = {
  name: 'write_opened_lots',
  text: `INSERT INTO lots (programme_id, customer_id, id, points, remaining, expires_on, origin)
           SELECT $1, unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::bigint[]), unnest($4::bigint[]), unnest($5::date[]), unnest($6::uuid[])`,
};
const MOVE_LOTS: Statement = { name: 'move_lots', text: 'SELECT move_lots($1, $2, $3, $4)' };
const WRITE_MOVES: Statement = {
  name: 'write_lot_moves',
  text: `INSERT INTO lot_moves (programme_id, customer_id, transfer_id, lot_id, points)
           SELECT $1, unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::uuid[]), unnest($5::bigint[])`,
};
const WRITE_TRANSFERS: Statement = {
  name: 'write_transfers',
  text: `INSERT INTO transfers (programme_id, booked_at, id, kind, cause, points, debit_account, debit_balance, debit_previous,
                                credit_account, credit_balance, credit_previous)
           SELECT $1, $2::timestamptz, unnest($3::uuid[]), unnest($4::text[]), unnest($5::uuid[]), unnest($6::bigint[]), unnest($7::bigint[]),
                  unnest($8::bigint[]), unnest($9::uuid[]), unnest($10::bigint[]), unnest($11::bigint[]), unnest($12::uuid[])`,
};
const MOVE_BALANCES: Statement = { name: 'move_balances', text: 'SELECT move_balances($1, $2, $3, $4, $5)' };

/**
 * PostgreSQL's text of an array of ids, numbers or words of ours: nothing in them needs a quote. pg would look at each
 * character of each.
 */
export const arrayOf = (values: readonly (string | number | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`;

/** Writes what has changed, in one round trip: it sends every statement before it waits for the first. */
export async function writeBook(tx: Tx, { now, transfers, accounts, lots, moves, opened }: BookChanges): Promise<void> {
  if (transfers.length === 0) return;
  const { programmeId } = tx;
  const column = <Row>(rows: Row[], of: (row: Row) => string | number | null): string => arrayOf(rows.map(of));
  await Promise.all([
    ...(opened.length === 0
      ? []
      : [
          tx.query(OPEN_LOTS, [
            programmeId,
            column(opened, ({ customerId }) => customerId),
            column(opened, ({ lotId }) => lotId),
            column(opened, ({ points }) => points),
            column(opened, ({ expiresOn }) => expiresOn),
            column(opened, ({ origin }) => origin),
          ]),
        ]),
    tx.query(MOVE_LOTS, [
      programmeId,
      column(lots, ({ customerId }) => customerId),
      column(lots, ({ lotId }) => lotId),
      column(lots, ({ delta }) => delta),
    ]),
    tx.query(WRITE_MOVES, [
      programmeId,
      column(moves, ({ customerId }) => customerId),
      column(moves, ({ transferId }) => transferId),
      column(moves, ({ lotId }) => lotId),
      column(moves, ({ points }) => points),
    ]),
    tx.query(WRITE_TRANSFERS, [
      programmeId,
      now,
      column(transfers, ({ id }) => id),
      column(transfers, ({ kind }) => kind),
      column(transfers, ({ cause }) => cause),
      column(transfers, ({ points }) => points),
      column(transfers, ({ debit }) => debit.account),
      column(transfers, ({ debit }) => debit.balance),
      column(transfers, ({ debit }) => debit.previous),
      column(transfers, ({ credit }) => credit.account),
      column(transfers, ({ credit }) => credit.balance),
      column(transfers, ({ credit }) => credit.previous),
    ]),
    tx.query(MOVE_BALANCES, [
      programmeId,
      column(accounts, ({ id }) => id),
      column(accounts, ({ delta }) => delta),
      column(accounts, ({ transfers: times }) => times),
      column(accounts, ({ last }) => last),
    ]),
  ]);
}
