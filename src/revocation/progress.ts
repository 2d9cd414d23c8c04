import type { Statement, Tx } from '../platform/database';

const ADVANCE: Statement = {
  name: 'advance_revocation',
  text: `UPDATE revocations r SET
           status = CASE WHEN n.acknowledged THEN 'complete' WHEN n.told THEN 'told' ELSE r.status END,
           told_at = CASE WHEN n.told THEN coalesce(r.told_at, clock_timestamp()) END,
           completed_at = CASE WHEN n.acknowledged THEN clock_timestamp() END
         FROM unnest($2::uuid[]) AS one(id) CROSS JOIN LATERAL (
           SELECT coalesce(bool_and(listed_at IS NOT NULL OR status = 'acknowledged'), true) AS told,
                  coalesce(bool_and(status = 'acknowledged'), true) AS acknowledged
             FROM revocation_notices WHERE programme_id = $1 AND revocation_id = one.id) n
         WHERE r.programme_id = $1 AND r.id = one.id AND r.status IN ('erased', 'told') AND n.told`,
};
const LOCK: Statement = {
  name: 'lock_revocation',
  text: 'SELECT status FROM revocations WHERE programme_id = $1 AND id = $2 FOR NO KEY UPDATE',
};

/** Held while a notice changes: of two last confirmations at once, the second one sees the first. */
export async function lockRevocation(tx: Tx, id: string): Promise<void> {
  await tx.query(LOCK, [tx.programmeId, id]);
}

/**
 * Moves a revocation on as far as its facts allow: erased → told (every recipient has fetched or confirmed its notice)
 * → complete (every one confirmed). Where nobody got anything, erased is complete.
 */
export async function advance(tx: Tx, id: string): Promise<void> {
  await advanceAll(tx, [id]);
}

/** The same of many, in one statement. */
export async function advanceAll(tx: Tx, ids: string[]): Promise<void> {
  await tx.query(ADVANCE, [tx.programmeId, ids]);
}
