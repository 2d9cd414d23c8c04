import { lockCustomers } from '../consents/core';
import { peek, settleAll } from '../outbox';
import { type Database, isOnesFault, type Statement, type Tx } from '../platform/database';
import { metrics } from '../platform/metrics';
import { eraseUncovered } from '../vault';
import { advanceAll } from './progress';

/** Revocations in one transaction: more would keep their customers waiting, and gain nothing. */
const BATCH = 500;

const FIND: Statement = {
  name: 'find_revocations_to_erase',
  // Of each one, by its primary key: a plan made on an empty table reads all of a programme's.
  text: `SELECT r.id, r.customer_id, r.ref, ARRAY(SELECT DISTINCT k.attribute::text FROM consents k WHERE k.programme_id = $1
             AND k.customer_id = r.customer_id AND k.revocation_id = r.id) AS attributes
           FROM unnest($2::uuid[]) AS wanted(id) CROSS JOIN LATERAL (
             SELECT r.id, r.customer_id, c.ref FROM revocations r JOIN customers c ON c.programme_id = $1 AND c.id = r.customer_id
              WHERE r.programme_id = $1 AND r.id = wanted.id LIMIT 1) r`,
};
const MARK_ERASED: Statement = {
  name: 'mark_erased',
  text: `UPDATE revocations SET status = 'erased', erased_at = clock_timestamp()
          WHERE programme_id = $1 AND id = ANY ($2) AND status = 'blocked' RETURNING extract(epoch FROM erased_at - blocked_at)::float8 AS seconds`,
};

interface Row {
  id: string;
  customer_id: string;
  ref: string | null;
  attributes: string[];
}

/**
 * Erases what one programme's revocations owe, in batches, each in a transaction of its own: one that dies or fails leaves
 * the others done, and is owed still. Of a batch that fails by a row of its own, each is tried alone. Throws the first failure
 * when all have had their turn.
 */
export async function eraseOwed(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  const failures: unknown[] = [];
  const eraseIn = (ids: string[]): Promise<unknown> =>
    database
      .inProgramme(programmeId, (tx) => erase(tx, ids))
      .catch(async (error: unknown) => {
        if (ids.length === 1 || !isOnesFault(error)) return void failures.push(error);
        for (const id of ids) if (!stopping()) await eraseIn([id]);
      });
  let last: string | undefined;
  while (!stopping()) {
    const owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'erasure', last, BATCH));
    if (owed.length > 0) await eraseIn(owed);
    if (owed.length < BATCH) break;
    last = owed.at(-1);
  }
  if (failures.length > 0) throw failures[0];
}

/** Erases what these revocations owe, where nobody did before. Answers how many values it destroyed. */
export async function erase(tx: Tx, ids: string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = await tx.query<Row>(FIND, [tx.programmeId, ids]);
  if (rows.length < ids.length) throw new Error('An erasure is owed for a revocation that is not there');
  // Under the locks: a share that came in meanwhile may cover a value again, and another worker may have been here.
  const [, settled] = await Promise.all([
    lockCustomers(
      tx,
      rows.flatMap(({ ref }) => ref ?? []),
    ),
    settleAll(tx, 'erasure', ids),
  ]);
  const mine = new Set(settled);
  const uncovered = rows
    .filter(({ id }) => mine.has(id))
    .map(({ id, customer_id: customerId, attributes }) => ({ customerId, attributes, revocationId: id }));
  const [erased, marked] = await Promise.all([
    eraseUncovered(tx, uncovered),
    tx.query<{ seconds: number }>(MARK_ERASED, [tx.programmeId, settled]),
    advanceAll(tx, settled),
  ]);
  for (const { seconds } of marked) metrics.revocationErasedSeconds.observe(seconds);
  return erased;
}
