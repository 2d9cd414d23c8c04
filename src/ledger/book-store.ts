import type { Statement, Tx } from '../platform/database';
import type { Account, BookChanges, OpenBook, Side } from './book';
import { Book } from './book';
import type { Take } from './lots';

/** What `open_books` (in the migrations) answers. */
export interface BookRows {
  now: string;
  today: string;
  accounts: [customer: number, kind: 'available' | 'held', id: number, balance: number, last: string | null][] | null;
  /** The same of what holders hold. */
  started: BookRows['accounts'];
  lots: [customer: number, id: string, remaining: number, expiresOn: string | null][] | null;
  sides: [kind: Side, id: number, balance: number, last: string | null][] | null;
}

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
  const accounts = [...(rows.accounts ?? []), ...(rows.started ?? [])];
  for (const [customer, kind, id, balance, last] of accounts) {
    if (kind === 'available') customers.set(String(customer), { available: { id, balance, last }, lots: [] });
  }
  for (const [customer, kind, id, balance, last] of accounts) {
    const points = customers.get(String(customer));
    if (kind === 'held' && points) points.held = { id, balance, last };
  }
  for (const [customer, id, remaining, expiresOn] of rows.lots ?? []) {
    customers.get(String(customer))?.lots.push({ id, remaining, expiresOn });
  }
  const sides = (rows.sides ?? []).map(([side, id, balance, last]): [Side, Account] => [side, { id, balance, last }]);
  return new Book({ now: new Date(rows.now), today: rows.today, customers, sides: new Map(sides), takes });
}

const OPEN_LOTS: Statement = {
  name: 'write_opened_lots',
  text: `INSERT INTO lots (programme_id, customer_id, id, points, remaining, expires_on, origin)
           SELECT $1, u.customer, u.id, u.points, u.points, u.expires_on, u.origin
             FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::date[], $6::uuid[]) AS u(customer, id, points, expires_on, origin)`,
};
const MOVE_LOTS: Statement = { name: 'move_lots', text: 'SELECT move_lots($1, $2, $3, $4)' };
const WRITE_MOVES: Statement = {
  name: 'write_lot_moves',
  text: `INSERT INTO lot_moves (programme_id, customer_id, transfer_id, lot_id, points)
           SELECT $1, u.* FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::bigint[]) AS u`,
};
const WRITE_TRANSFERS: Statement = {
  name: 'write_transfers',
  text: `INSERT INTO transfers (programme_id, booked_at, id, kind, cause, points, debit_account, debit_balance, debit_previous,
                                credit_account, credit_balance, credit_previous)
           SELECT $1, $2::timestamptz, u.* FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[], $8::bigint[],
                                                        $9::uuid[], $10::bigint[], $11::bigint[], $12::uuid[]) AS u`,
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
