import { findRemembered, type Fingerprint, keyReused, rememberAll } from '../idempotency';
import { arrayOf, bookOf, type BookRows, type Side, type Take, writeBook } from '../ledger';
import type { Commit, Statement, Tx } from '../platform/database';
import { Problem } from '../platform/problem';
import { decide, type Desk, type Redemption, type Step } from './decide';
import type { PointRate } from './rate';

/** A step that waits for its batch. */
export interface PreparedStep {
  step: Step;
  /** Undefined where there need be no key. */
  idempotency: Fingerprint | undefined;
}

/** A redemption as a step left it. replayed: the first call with this key, whose facts these are. */
export interface SettledStep {
  redemption: Redemption;
  replayed: boolean;
}

type Outcome = SettledStep | Problem;

const OPEN: Statement = { name: 'open_redemptions', text: 'SELECT open_redemptions($1, $2, $3, $4, $5, $6) AS rows' };
const WRITE: Statement = {
  name: 'write_redemptions',
  text: `INSERT INTO redemptions (programme_id, created_at, id, customer_id, order_ref, points, status, released_by, refunded, held_until,
                                  rate_version, amount_minor)
           SELECT $1, $2::timestamptz, u.* FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[],
                                                        $10::timestamptz[], $11::int[], $12::bigint[]) AS u`,
};
const CHANGE: Statement = { name: 'change_redemptions', text: 'SELECT change_redemptions($1, $2, $3, $4, $5)' };

interface Rows {
  customers: Record<string, number> | null;
  book: BookRows;
  redemptions: RedemptionRow[] | null;
  takes: [transfer: string, lot: string, points: number, expiresOn: string | null][] | null;
  rate: PointRate | null;
}

interface RedemptionRow {
  id: string;
  customerId: string;
  orderRef: string;
  points: number;
  status: Redemption['status'];
  releasedBy: Redemption['releasedBy'];
  refunded: number;
  heldUntil: string | null;
  createdAt: string;
  rateVersion: number | null;
  amountMinor: number | null;
  currency: string;
  taxes: 'net' | 'gross';
}

/**
 * The steps of one programme's redemptions that came in together, one outcome each, in their order: several of one customer
 * follow each other, as if each had been a transaction of its own. Nothing is written for a refused one.
 *
 * Two flights: lock the customers' accounts and read, in statements after the lock; decide in memory; write, with the
 * COMMIT. Any failure undoes it all. at: when it is booked, otherwise now.
 */
export async function commitSteps(tx: Tx, commit: Commit, steps: PreparedStep[], at?: Date): Promise<Outcome[]> {
  const prints = steps.flatMap(({ idempotency }) => idempotency ?? []);
  const [[opened], before] = await Promise.all([
    tx.query<{ rows: Rows }>(OPEN, [tx.programmeId, ...questions(steps), at ?? null]),
    findRemembered(tx, prints),
  ]);
  if (!opened) throw new Error('The redemptions did not open');
  const desk = deskOf(opened.rows);
  const known = new Set(desk.redemptions.keys());
  const answers: (Fingerprint & { status: number; answer: object })[] = [];
  const outcomes = steps.map(({ step, idempotency }): Outcome => {
    const first = idempotency && before.get(idempotency.key.toString('hex'));
    if (first) {
      if (!first.request.equals(idempotency.request)) return keyReused();
      return { redemption: revived(first.answer as Redemption), replayed: true };
    }
    const redemption = decide(desk, step);
    if (redemption instanceof Problem) return redemption;
    if (idempotency) {
      const remembered = { ...idempotency, status: step.do === 'redeem' ? 201 : 200, answer: redemption };
      answers.push(remembered);
      // Also for the same key further on in this batch.
      before.set(idempotency.key.toString('hex'), remembered);
    }
    return { redemption, replayed: false };
  });
  const changes = desk.book.changes();
  const touched = new Set(outcomes.flatMap((one) => (one instanceof Problem || one.replayed ? [] : one.redemption.id)));
  const redemptions = [...desk.redemptions.values()].filter(({ id }) => touched.has(id));
  const written = Promise.all([
    writeBook(tx, changes),
    writeNew(
      tx,
      desk.book.now,
      redemptions.filter(({ id }) => !known.has(id)),
    ),
    writeChanged(
      tx,
      redemptions.filter(({ id }) => known.has(id)),
    ),
    rememberAll(tx, answers),
  ]);
  commit();
  await written;
  return outcomes;
}

/** What open_redemptions is asked: references, those of them who are to hold, ids of redemptions, the programme's accounts. */
function questions(steps: PreparedStep[]): string[] {
  const refs = new Set<string>();
  const holders = new Set<string>();
  const ids: string[] = [];
  const sides = new Set<Side>();
  for (const { step } of steps) {
    if (step.do === 'redeem') {
      refs.add(step.customerRef);
      if (step.holdSeconds === undefined) sides.add('redeemed');
      else holders.add(step.customerRef);
    } else {
      ids.push(step.id);
      if (step.do === 'capture' || step.do === 'refund') sides.add('redeemed');
    }
  }
  return [texts(refs), texts(holders), arrayOf(ids), arrayOf([...sides])];
}

/** An array of references of the storefront: quoted, so that none is taken for NULL; none has a quote or a backslash. */
const texts = (values: Iterable<string>): string => `{${[...values].map((value) => `"${value}"`).join(',')}}`;

function deskOf({ customers, book, redemptions, takes, rate }: Rows): Desk {
  const byTransfer = new Map<string, Take[]>();
  for (const [transfer, id, points, expiresOn] of takes ?? []) {
    const list = byTransfer.get(transfer) ?? [];
    byTransfer.set(transfer, list);
    list.push({ id, points, expiresOn });
  }
  return {
    book: bookOf(book, byTransfer),
    customers: new Map(Object.entries(customers ?? {}).map(([ref, id]) => [ref, String(id)])),
    redemptions: new Map((redemptions ?? []).map((row) => [row.id, redemptionOf(row)])),
    rate: rate ?? undefined,
  };
}

const redemptionOf = ({ rateVersion, amountMinor, currency, taxes, ...row }: RedemptionRow): Redemption => ({
  ...row,
  heldUntil: row.heldUntil === null ? null : new Date(row.heldUntil),
  createdAt: new Date(row.createdAt),
  value: rateVersion === null || amountMinor === null ? null : { amountMinor, currency, taxes, rateVersion },
});

/** What was remembered as JSON. */
const revived = (redemption: Redemption): Redemption => ({
  ...redemption,
  heldUntil: redemption.heldUntil && new Date(redemption.heldUntil),
  createdAt: new Date(redemption.createdAt),
});

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
