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
  text: `SELECT stripe, cap - promised AS free, promised FROM offer_budgets
          WHERE programme_id = $1 AND offer_id = $2 ORDER BY stripe FOR UPDATE`,
};
const PROMISE_IN_STRIPES: Statement = {
  name: 'promise_in_stripes',
  text: `UPDATE offer_budgets b SET promised = b.promised + s.amount
           FROM unnest($3::smallint[], $4::bigint[]) AS s(stripe, amount)
          WHERE b.programme_id = $1 AND b.offer_id = $2 AND b.stripe = s.stripe`,
};
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
  stripe: number;
  free: bigint;
  promised: bigint;
}

async function lockStripes(tx: Tx, offerId: string): Promise<Stripe[]> {
  const rows = await tx.query<{ stripe: number; free: string; promised: string }>(LOCK_STRIPES, [
    tx.programmeId,
    offerId,
  ]);
  return rows.map(({ stripe, free, promised }) => ({ stripe, free: BigInt(free), promised: BigInt(promised) }));
}

/** What was set aside for an offer before it was known which needs are left; undefined: one stripe could not hold it. */
export type SetAside = Map<string, { stripe: number; amount: bigint } | undefined>;

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
 * of them are left: `reserve` then gives back the rest. Offers in sorted order, all of which must have a budget.
 */
export async function setAside(tx: Tx, needs: Need[]): Promise<SetAside> {
  const held = offersOf(needs).map(
    async (offerId): Promise<[string, { stripe: number; amount: bigint } | undefined]> => {
      const stripe = randomInt(STRIPES);
      const amount = totalOf(needs, offerId);
      const rows = await tx.query(RESERVE_IN_STRIPE, [tx.programmeId, offerId, stripe, amount]);
      return [offerId, rows.length > 0 ? { stripe, amount } : undefined];
    },
  );
  return new Map(await Promise.all(held));
}

/**
 * Reserves what each need asks for, in their order, out of what was set aside for at least these; false where the budget
 * no longer holds it. Only when a budget runs out are all of an offer's stripes locked, in sorted order.
 */
export async function reserve(tx: Tx, aside: SetAside, needs: Need[]): Promise<boolean[]> {
  const reserved = needs.map(() => false);
  for (const [offerId, held] of aside) {
    const own = [...needs.keys()].filter((n) => needs[n]?.offerId === offerId);
    if (held === undefined) {
      const amount = (n: number): bigint => needs[n]?.amount ?? 0n;
      for (const n of await reserveTheLast(tx, offerId, own, amount)) reserved[n] = true;
    } else {
      for (const n of own) reserved[n] = true;
      const rest = held.amount - totalOf(needs, offerId);
      if (rest > 0n) await tx.query(GIVE_BACK, [tx.programmeId, offerId, held.stripe, rest]);
    }
  }
  return reserved;
}

async function reserveTheLast(
  tx: Tx,
  offerId: string,
  own: number[],
  amount: (n: number) => bigint,
): Promise<number[]> {
  if (own.length === 0) return [];
  const stripes = await lockStripes(tx, offerId);
  let free = sum(stripes.map((stripe) => stripe.free));
  const fitting = own.filter((n) => amount(n) <= free && ((free -= amount(n)), true));
  let open = sum(fitting.map(amount));
  const taken = stripes.map((stripe) => {
    const part = open < stripe.free ? open : stripe.free;
    open -= part;
    return part;
  });
  if (fitting.length > 0) {
    await tx.query(PROMISE_IN_STRIPES, [tx.programmeId, offerId, stripes.map(({ stripe }) => stripe), taken]);
  }
  return fitting;
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
