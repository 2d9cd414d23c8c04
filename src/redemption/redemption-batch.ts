import { findRemembered, type Fingerprint, keyReused, rememberAll } from '../idempotency';
import { arrayOf, bookOf, type BookRows, type Side, type Take, writeBook } from '../ledger';
import type { Commit, Statement, Tx } from '../platform/database';
import { Problem } from '../platform/problem';
import { decide, type Desk, type Redemption, type Step } from './decide';
import { findRedemptions, revived, type RedemptionJson } from './redemption-rows';
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
  redemptions: RedemptionJson[] | null;
  takes: [transfer: string, lot: string, points: number, expiresOn: string | null][] | null;
  rate: PointRate | null;
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
  const replays = new Map<number, Then>();
  const outcomes = steps.map(({ step, idempotency }, n): Redemption | Problem | undefined => {
    const first = idempotency && before.get(idempotency.key.toString('hex'));
    if (first) {
      if (!first.request.equals(idempotency.request)) return keyReused();
      replays.set(n, first.answer as Then);
      return undefined;
    }
    const redemption = decide(desk, step);
    if (idempotency && !(redemption instanceof Error)) {
      const { id, status, refunded } = redemption;
      const answer: Then = { id, status, refunded };
      const remembered = { ...idempotency, status: step.do === 'redeem' ? 201 : 200, answer };
      answers.push(remembered);
      // Also for the same key further on in this batch.
      before.set(idempotency.key.toString('hex'), remembered);
    }
    return redemption;
  });
  const settled = new Map(
    outcomes.flatMap((one) => (one === undefined || one instanceof Error ? [] : [[one.id, one]])),
  );
  const redemptions = [...settled.values()];
  const written = Promise.all([
    writeBook(tx, desk.book.changes()),
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
    replays.size === 0
      ? []
      : findRedemptions(
          tx,
          [...replays.values()].map(({ id }) => id),
        ),
  ]);
  commit();
  const rows = new Map((await written)[4].map((row) => [row.id, row]));
  return outcomes.map((one, n): Outcome => {
    if (one instanceof Error) return one;
    return one ? { redemption: one, replayed: false } : { redemption: asThen(rows, replays.get(n)), replayed: true };
  });
}

/** What a key remembers of a redemption: the rest of it never changes. */
type Then = Pick<Redemption, 'id' | 'status' | 'refunded'>;

function asThen(rows: Map<string, Redemption>, then: Then | undefined): Redemption {
  const row = then && rows.get(then.id);
  if (!row) throw new Error('What a key remembers is gone');
  return { ...row, ...then, releasedBy: then.status === 'released' ? 'storefront' : null };
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
    redemptions: new Map((redemptions ?? []).map((row) => [row.id, revived(row)])),
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
