import { keyedHash } from '../platform/crypto';
import type { Statement, Tx } from '../platform/database';
import type { ProgrammeKeys } from '../platform/key-ring';

/** A customer and an offer (all its versions) by their mark, and how often within how many days it may earn. */
export interface EarningRule {
  mark: Buffer;
  times: number;
  everyDays: number;
}

const FIND_EXHAUSTED: Statement = {
  name: 'find_exhausted_marks',
  // LATERAL with a LIMIT: one look into the index a mark, whatever the planner knows of the table.
  text: `SELECT r.n FROM unnest($2::bytea[], $3::int[], $4::int[]) WITH ORDINALITY AS r(mark, times, every_days, n)
          CROSS JOIN LATERAL (SELECT earned_at FROM earned_marks WHERE programme_id = $1 AND mark = r.mark LIMIT 1) m
          WHERE (SELECT count(*) FROM unnest(m.earned_at) AS e(at) WHERE e.at > now() - make_interval(days => r.every_days)) >= r.times`,
};
const REMEMBER: Statement = {
  name: 'remember_marks',
  text: `INSERT INTO earned_marks AS m (programme_id, mark, earned_at, expires_at)
           SELECT $1, r.mark, ARRAY[now()], now() + make_interval(days => r.every_days)
             FROM unnest($2::bytea[], $3::int[]) AS r(mark, every_days)
         ON CONFLICT ON CONSTRAINT earned_marks_pk DO UPDATE SET expires_at = greatest(m.expires_at, excluded.expires_at),
           earned_at = ARRAY(SELECT e.at FROM unnest(m.earned_at) AS e(at) WHERE e.at > now() - (excluded.expires_at - now())) || now()`,
};

/** Keyed, so that it can outlive the customer's reference without naming them (GDPR Recital 26). */
export const markOf = (keys: ProgrammeKeys, customerRef: string, offerId: string): Buffer =>
  keyedHash(keys.marks, `${offerId} ${customerRef}`).subarray(0, 16);

/** Whether a share would earn now, for each rule in its order. The caller holds the customers' locks if it is to stay true. */
export async function earnsNow(tx: Tx, rules: EarningRule[]): Promise<boolean[]> {
  const rows = await tx.query<{ n: string }>(FIND_EXHAUSTED, [
    tx.programmeId,
    rules.map(({ mark }) => mark),
    rules.map((rule) => rule.times),
    rules.map((rule) => rule.everyDays),
  ]);
  const exhausted = new Set(rows.map((row) => Number(row.n) - 1));
  return rules.map((_, n) => !exhausted.has(n));
}

/** Remembers that these earned now, until their period is over. No customer twice in one call. */
export async function rememberEarned(tx: Tx, rules: EarningRule[]): Promise<void> {
  await tx.query(REMEMBER, [tx.programmeId, rules.map(({ mark }) => mark), rules.map((rule) => rule.everyDays)]);
}

const FORGET: Statement = {
  name: 'forget_marks',
  text: `DELETE FROM earned_marks WHERE ctid = ANY (ARRAY(SELECT ctid FROM earned_marks
           WHERE programme_id = $1 AND expires_at < now() LIMIT $2)) AND expires_at < now() RETURNING true`,
};

/** Forgets up to limit marks whose time is over. Answers how many: fewer than limit, and there are no more. */
export async function forgetOldMarks(tx: Tx, limit: number): Promise<number> {
  return (await tx.query(FORGET, [tx.programmeId, limit])).length;
}
