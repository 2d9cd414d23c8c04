import { randomInt } from 'node:crypto';
import type { Statement, Tx } from '../platform/database';

/** What one share would promise, in the unit of the offer's budget: points, or codes. */
export interface Need {
  offerId: string;
  amount: bigint;
}

/** So many API processes can promise for one offer at the same time; beyond that they wait for each other. */
const STRIPES = 8;

const RESERVE_IN_STRIPE: Statement = {
  name: 'reserve_in_stripe',
  text: `UPDATE offer_budgets SET promised = promised + $4
          WHERE programme_id = $1 AND offer_id = $2 AND stripe = $3 AND promised + $4 <= cap RETURNING stripe`,
};
const LOCK_STRIPES: Statement = {
  name: 'lock_budget_stripes',
  text: `SELECT offer_id AS "offerId", stripe, cap - promised AS free FROM offer_budgets
          WHERE programme_id = $1 AND offer_id = ANY ($2) ORDER BY offer_id, stripe FOR UPDATE`,
};
const PROMISE_IN_STRIPES: Statement = {
  name: 'promise_in_stripes',
  text: `UPDATE offer_budgets b SET promised = b.promised + s.amount
           FROM unnest($2::uuid[], $3::smallint[], $4::bigint[]) AS s(offer_id, stripe, amount)
          WHERE b.programme_id = $1 AND b.offer_id = s.offer_id AND b.stripe = s.stripe`,
};
const BEFORE_SETTING_ASIDE: Statement = { name: 'before_setting_aside', text: 'SAVEPOINT setting_aside' };
const UNDO_SETTING_ASIDE: Statement = { name: 'undo_setting_aside', text: 'ROLLBACK TO SAVEPOINT setting_aside' };
const AWARDED_SO_FAR: Statement = {
  name: 'awarded_so_far',
  text: `SELECT coalesce(sum(CASE w.kind WHEN 'points' THEN w.points WHEN 'discount' THEN 1 ELSE 0 END), 0) AS awarded
           FROM shares s JOIN awards w ON w.programme_id = s.programme_id AND w.id = s.id
          WHERE s.programme_id = $1 AND s.offer_id = $2`,
};
const DROP_STRIPES: Statement = {
  name: 'drop_budget_stripes',
  text: 'DELETE FROM offer_budgets WHERE programme_id = $1 AND offer_id = $2',
};
const SET_STRIPES: Statement = {
  name: 'set_budget_stripes',
  text: `INSERT INTO offer_budgets (programme_id, offer_id, stripe, cap, promised)
           SELECT $1, $2, * FROM unnest($3::smallint[], $4::bigint[], $5::bigint[])`,
};
const REMAINING: Statement = {
  name: 'remaining_budgets',
  text: `SELECT offer_id, sum(cap - promised) AS remaining FROM offer_budgets
          WHERE programme_id = $1 AND offer_id = ANY ($2) GROUP BY offer_id`,
};

interface Stripe {
  offerId: string;
  stripe: number;
  free: bigint;
}

/** In one order for everyone, that of offer and stripe. */
async function lockStripes(tx: Tx, offerIds: string[]): Promise<Stripe[]> {
  const rows = await tx.query<Omit<Stripe, 'free'> & { free: string }>(LOCK_STRIPES, [tx.programmeId, offerIds]);
  return rows.map((row) => ({ ...row, free: BigInt(row.free) }));
}

interface Held {
  offerId: string;
  stripe: number;
  amount: bigint;
}

/** What was set aside before it was known which needs are left; undefined: the one stripe of an offer could not hold it. */
export type SetAside = Held[] | undefined;

const GIVE_BACK: Statement = {
  name: 'give_back_to_stripe',
  text: 'UPDATE offer_budgets SET promised = promised - $4 WHERE programme_id = $1 AND offer_id = $2 AND stripe = $3',
};

const offersOf = (needs: Need[]): string[] => [...new Set(needs.map((need) => need.offerId))].sort();
const sum = (amounts: bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
const totalOf = (needs: Need[], offerId: string): bigint =>
  sum(needs.filter((need) => need.offerId === offerId).map(({ amount }) => amount));

/**
 * Sets aside all that these needs could come to, in one stripe an offer, along with the questions whose answers say which
 * of them are left: `reserve` then gives back the rest. All offers must have a budget. Until `reserve` nothing is to be
 * written or locked: it may undo what was sent after this.
 */
export async function setAside(tx: Tx, needs: Need[]): Promise<SetAside> {
  if (needs.length === 0) return [];
  const before = tx.query(BEFORE_SETTING_ASIDE, []);
  const held = offersOf(needs).map(async (offerId): Promise<Held[]> => {
    const stripe = randomInt(STRIPES);
    const amount = totalOf(needs, offerId);
    const rows = await tx.query(RESERVE_IN_STRIPE, [tx.programmeId, offerId, stripe, amount]);
    return rows.length > 0 ? [{ offerId, stripe, amount }] : [];
  });
  const [, ...found] = await Promise.all([before, ...held]);
  return found.every((one) => one.length > 0) ? found.flat() : undefined;
}

/**
 * Reserves what each need asks for, in their order, out of what was set aside for at least these; false where the budget
 * no longer holds it. Only when a budget runs out are all of an offer's stripes locked.
 */
export async function reserve(tx: Tx, aside: SetAside, needs: Need[]): Promise<boolean[]> {
  if (aside === undefined) return reserveTheLast(tx, needs);
  for (const { offerId, stripe, amount } of aside) {
    const rest = amount - totalOf(needs, offerId);
    if (rest > 0n) await tx.query(GIVE_BACK, [tx.programmeId, offerId, stripe, rest]);
  }
  return needs.map(() => true);
}

/**
 * Lets go of every stripe before it locks them all: holding one and asking for one before it, two would wait for each other.
 * A stripe that could not hold a need may be locked as well, by whoever waited for it.
 */
async function reserveTheLast(tx: Tx, needs: Need[]): Promise<boolean[]> {
  const [, stripes] = await Promise.all([tx.query(UNDO_SETTING_ASIDE, []), lockStripes(tx, offersOf(needs))]);
  const free = new Map(offersOf(needs).map((offerId) => [offerId, freeIn(stripes, offerId)]));
  const reserved = needs.map(({ offerId, amount }) => {
    const left = (free.get(offerId) ?? 0n) - amount;
    if (left >= 0n) free.set(offerId, left);
    return left >= 0n;
  });
  await promise(
    tx,
    stripes,
    needs.filter((_, n) => reserved[n]),
  );
  return reserved;
}

const freeIn = (stripes: Stripe[], offerId: string): bigint =>
  sum(stripes.filter((stripe) => stripe.offerId === offerId).map(({ free }) => free));

/** Takes what these needs come to out of their offers' stripes, which hold it together. */
async function promise(tx: Tx, stripes: Stripe[], needs: Need[]): Promise<void> {
  const open = new Map(offersOf(needs).map((offerId) => [offerId, totalOf(needs, offerId)]));
  const taken = stripes.flatMap(({ offerId, stripe, free }): Held[] => {
    const left = open.get(offerId) ?? 0n;
    const amount = left < free ? left : free;
    open.set(offerId, left - amount);
    return amount > 0n ? [{ offerId, stripe, amount }] : [];
  });
  if (taken.length === 0) return;
  await tx.query(PROMISE_IN_STRIPES, [
    tx.programmeId,
    taken.map(({ offerId }) => offerId),
    taken.map(({ stripe }) => stripe),
    taken.map(({ amount }) => amount),
  ]);
}

/**
 * Sets what an offer may promise in all, counting what it has promised before; undefined: no limit. A cap below what is
 * promised already leaves nothing more to promise. The caller holds the offer's row (FOR UPDATE), so no share runs beside it.
 */
export async function setBudget(tx: Tx, offerId: string, cap: bigint | undefined): Promise<void> {
  await tx.query(DROP_STRIPES, [tx.programmeId, offerId]);
  if (cap === undefined) return;
  const promised = await promisedSoFar(tx, offerId);
  const free = cap > promised ? cap - promised : 0n;
  const stripes = Array.from({ length: STRIPES }, (_, n) => n);
  const freeOf = (n: number): bigint => free / BigInt(STRIPES) + (BigInt(n) < free % BigInt(STRIPES) ? 1n : 0n);
  await tx.query(SET_STRIPES, [
    tx.programmeId,
    offerId,
    stripes,
    stripes.map((n) => freeOf(n) + (n === 0 ? promised : 0n)),
    stripes.map((n) => (n === 0 ? promised : 0n)),
  ]);
}

/** What an offer has promised in all its versions, in points or codes. */
export async function promisedSoFar(tx: Tx, offerId: string): Promise<bigint> {
  const [row] = await tx.query<{ awarded: string }>(AWARDED_SO_FAR, [tx.programmeId, offerId]);
  return BigInt(row?.awarded ?? 0);
}

/** What each offer may still promise; offers without a budget are not in it. */
export async function remaining(tx: Tx, offerIds: string[]): Promise<Map<string, bigint>> {
  const rows = await tx.query<{ offer_id: string; remaining: string }>(REMAINING, [tx.programmeId, offerIds]);
  return new Map(rows.map((row) => [row.offer_id, BigInt(row.remaining)]));
}
