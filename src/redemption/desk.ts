import { arrayOf, bookOf, type BookRows, type Side, type Take, writeBook } from '../ledger';
import type { Statement, Tx } from '../platform/database';
import { type Desk, orderKey, type Redeem, type Redemption, type Step } from './decide';
import type { PointRate } from './rate';
import { announceSteps } from './announce-steps';
import { revived, type RedemptionJson } from './redemption-rows';

const OPEN: Statement = {
  name: 'open_redemptions',
  text: 'SELECT open_redemptions($1, $2, $3, $4, $5, $6, $7, $8) AS rows',
};
const WRITE: Statement = {
  name: 'write_redemptions',
  text: `INSERT INTO redemptions (programme_id, created_at, id, customer_id, order_ref, points, status, released_by, refunded, held_until,
                                  rate_version, amount_minor, order_minor)
           SELECT $1, $2::timestamptz, unnest($3::uuid[]), unnest($4::bigint[]), unnest($5::text[]), unnest($6::bigint[]), unnest($7::text[]),
                  unnest($8::text[]), unnest($9::bigint[]), unnest($10::timestamptz[]), unnest($11::int[]), unnest($12::bigint[]),
                  unnest($13::bigint[])`,
};
const CHANGE: Statement = { name: 'change_redemptions', text: 'SELECT change_redemptions($1, $2, $3, $4, $5)' };

interface Rows {
  customers: Record<string, number> | null;
  merged: Record<string, string | null> | null;
  book: BookRows;
  redemptions: RedemptionJson[] | null;
  takes: [transfer: string, lot: string, points: number, expiresOn: string | null][] | null;
  orders: [customer: number, orderRef: string, paidMinor: number][] | null;
  rate: PointRate | null;
}

/**
 * Locks the customers of these steps until the transaction ends, and reads all that the steps are decided by. at: when it is
 * booked, otherwise now.
 */
export async function openDesk(tx: Tx, steps: Step[], at?: Date): Promise<Desk> {
  const [opened] = await tx.query<{ rows: Rows }>(OPEN, [tx.programmeId, ...questions(steps), at ?? null]);
  if (!opened) throw new Error('The redemptions did not open');
  return deskOf(opened.rows);
}

/**
 * Writes what has been decided at the desk, and announces it, in one round trip. known: the redemptions that it was opened with.
 * Answers whether somebody is to be told.
 */
export async function writeDesk(tx: Tx, { book }: Desk, known: Set<string>, settled: Redemption[]): Promise<boolean> {
  const [, , , announced] = await Promise.all([
    writeBook(tx, book.changes()),
    writeNew(
      tx,
      book.now,
      settled.filter(({ id }) => !known.has(id)),
    ),
    writeChanged(
      tx,
      settled.filter(({ id }) => known.has(id)),
    ),
    announceSteps(tx),
  ]);
  return announced;
}

/**
 * What open_redemptions is asked: references, those of them who are to hold, ids of redemptions, the programme's accounts, and
 * the orders whose totals are known, as customers and orders by their references.
 */
function questions(steps: Step[]): string[] {
  const refs = new Set<string>();
  const holders = new Set<string>();
  const ids: string[] = [];
  const sides = new Set<Side>();
  const orders = new Map<string, Redeem>();
  for (const step of steps) {
    if (step.do === 'redeem') {
      refs.add(step.customerRef);
      if (step.holdSeconds === undefined) sides.add('redeemed');
      else holders.add(step.customerRef);
      if (step.order) orders.set(orderKey(step.customerRef, step.orderRef), step);
    } else {
      ids.push(step.id);
      if (step.do === 'capture' || step.do === 'refund') sides.add('redeemed');
    }
  }
  const ofOrders = [...orders.values()];
  return [
    texts(refs),
    texts(holders),
    arrayOf(ids),
    arrayOf([...sides]),
    texts(ofOrders.map(({ customerRef }) => customerRef)),
    texts(ofOrders.map(({ orderRef }) => orderRef)),
  ];
}

/** An array of references of the storefront, quoted: none is taken for NULL, for two, or for the end. */
const texts = (values: Iterable<string>): string =>
  `{${[...values].map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;

function deskOf({ customers, merged, book, redemptions, takes, orders, rate }: Rows): Desk {
  const byTransfer = new Map<string, Take[]>();
  for (const [transfer, id, points, expiresOn] of takes ?? []) {
    const list = byTransfer.get(transfer) ?? [];
    byTransfer.set(transfer, list);
    list.push({ id, points, expiresOn });
  }
  return {
    book: bookOf(book, byTransfer),
    customers: new Map(Object.entries(customers ?? {}).map(([ref, id]) => [ref, String(id)])),
    merged: new Map(Object.entries(merged ?? {}).flatMap(([ref, into]) => (into === null ? [] : [[ref, into]]))),
    redemptions: new Map((redemptions ?? []).map((row) => [row.id, revived(row)])),
    orders: new Map((orders ?? []).map(([customer, orderRef, paid]) => [orderKey(String(customer), orderRef), paid])),
    rate: rate ?? undefined,
  };
}

async function writeNew(tx: Tx, now: Date, redemptions: Redemption[]): Promise<void> {
  if (redemptions.length === 0) return;
  const column = (of: (redemption: Redemption) => string | number | null) => arrayOf(redemptions.map(of));
  await tx.query(WRITE, [
    tx.programmeId,
    now,
    column(({ id }) => id),
    column(({ customerId }) => customerId),
    texts(redemptions.map(({ orderRef }) => orderRef)),
    column(({ points }) => points),
    column(({ status }) => status),
    column(({ releasedBy }) => releasedBy),
    column(({ refunded }) => refunded),
    column(({ heldUntil }) => heldUntil && heldUntil.toISOString()),
    column(({ value }) => value && value.rateVersion),
    column(({ value }) => value && value.amountMinor),
    column(({ orderMinor }) => orderMinor),
  ]);
}

async function writeChanged(tx: Tx, redemptions: Redemption[]): Promise<void> {
  if (redemptions.length === 0) return;
  const column = (of: (redemption: Redemption) => string | number | null) => arrayOf(redemptions.map(of));
  await tx.query(CHANGE, [
    tx.programmeId,
    column(({ id }) => id),
    column(({ status }) => status),
    column(({ releasedBy }) => releasedBy),
    column(({ refunded }) => refunded),
  ]);
}
