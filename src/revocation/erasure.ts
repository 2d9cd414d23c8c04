import { lockCustomers } from '../consents/core';
import { peek, settle } from '../outbox';
import type { Database, Statement, Tx } from '../platform/database';
import { metrics } from '../platform/metrics';
import { eraseUncovered } from '../vault';
import { advance } from './progress';

const FIND: Statement = {
  name: 'find_revocation_to_erase',
  text: `SELECT r.customer_id, c.ref, r.blocked_at, ARRAY(SELECT DISTINCT k.attribute::text FROM consents k WHERE k.programme_id = $1
             AND k.customer_id = r.customer_id AND k.revocation_id = r.id) AS attributes
           FROM revocations r JOIN customers c ON c.programme_id = $1 AND c.id = r.customer_id WHERE r.programme_id = $1 AND r.id = $2`,
};
const MARK_ERASED: Statement = {
  name: 'mark_erased',
  text: `UPDATE revocations SET status = 'erased', erased_at = clock_timestamp()
          WHERE programme_id = $1 AND id = $2 AND status = 'blocked' RETURNING extract(epoch FROM erased_at - blocked_at)::float8 AS seconds`,
};

interface Row {
  customer_id: string;
  ref: string | null;
  attributes: string[];
}

/**
 * Erases what one programme's revocations owe, each in a transaction of its own: one that dies or fails leaves the others
 * done, and is owed still. Throws the first failure when all have had their turn.
 */
export async function eraseOwed(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  const failures: unknown[] = [];
  let owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'erasure'));
  while (owed.length > 0 && !stopping()) {
    for (const id of owed) {
      if (stopping()) return;
      await database.inProgramme(programmeId, (tx) => erase(tx, id)).catch((error: unknown) => failures.push(error));
    }
    const last = owed.at(-1);
    owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'erasure', last));
  }
  if (failures.length > 0) throw failures[0];
}

/** Erases what one revocation owes, where nobody did before. */
export async function erase(tx: Tx, id: string): Promise<void> {
  const [row] = await tx.query<Row>(FIND, [tx.programmeId, id]);
  if (!row) throw new Error('An erasure is owed for a revocation that is not there');
  if (row.ref !== null) await lockCustomers(tx, [row.ref]);
  // Under the lock: a share that came in meanwhile may cover the value again, and another worker may have been here.
  if (!(await settle(tx, 'erasure', id))) return;
  await eraseUncovered(tx, row.customer_id, row.attributes, id);
  const [marked] = await tx.query<{ seconds: number }>(MARK_ERASED, [tx.programmeId, id]);
  if (marked) metrics.revocationErasedSeconds.observe(marked.seconds);
  await advance(tx, id);
}
