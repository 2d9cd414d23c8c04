import type { Statement, Tx } from '../platform/database';

const FORGET: Statement = {
  name: 'forget_idempotency_keys',
  text: `DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency_keys
           WHERE programme_id = $1 AND created_at < now() - interval '48 hours' LIMIT $2)) RETURNING true`,
};

/** Forgets up to limit keys that are older than 48 hours. Answers how many: fewer than limit, and there are no more. */
export async function forgetOldKeys(tx: Tx, limit: number): Promise<number> {
  return (await tx.query(FORGET, [tx.programmeId, limit])).length;
}
