import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Statement } from '../platform/database';
import { newId } from '../platform/ids';
import { metrics } from '../platform/metrics';

/** Lots in one commit: their customers' redemptions wait for it, and those that came in with them, so it takes a few milliseconds. */
const BATCH = 100;
/** Nobody waits for it: what is over cannot be spent meanwhile. So it rests so many times as long as it worked. */
const REST = 4;

const EXPIRE: Statement = { name: 'expire_lots', text: 'SELECT due, booked FROM expire_lots($1, $2, $3)' };
const DUE: Statement = {
  name: 'programmes_with_due_lots',
  text: `SELECT programme_id AS "programmeId", greatest(0, extract(epoch FROM now() - since))::float8 AS seconds FROM programmes_with_due_lots()`,
};

/** The programmes that have lots whose day is over in their time zone and that are not booked yet, and for how long. */
export function withDueLots(database: Database): Promise<{ programmeId: string; seconds: number }[]> {
  return database.query(DUE);
}

/**
 * Ends the lots of one programme whose day is over at `at` (the database's now unless a test says otherwise), each by one
 * transfer, batch by batch (the SQL is `expire_lots` in the migrations), and works a fifth of the time.
 * Leaves out customers whose points are being moved: the next sweep finds them. Whenever it ends, each lot has expired once or
 * not yet. Answers in how many lots something was left.
 */
export async function expireLots(
  database: Database,
  programmeId: string,
  stopping: () => boolean,
  at?: Date,
): Promise<number> {
  let expired = 0;
  for (let due = BATCH; due === BATCH && !stopping();) {
    const started = performance.now();
    const booked = await expireBatch(database, programmeId, at);
    expired += booked.booked;
    due = booked.due;
    if (due === BATCH) await sleep(REST * (performance.now() - started));
  }
  return expired;
}

async function expireBatch(
  database: Database,
  programmeId: string,
  at: Date | undefined,
): Promise<{ due: number; booked: number }> {
  const ids = Array.from({ length: BATCH }, newId);
  const [row] = await database.query<{ due: number; booked: number }>(EXPIRE, [programmeId, ids, at ?? null]);
  if (!row) throw new Error('The expiry answered no row');
  if (row.due > 0) metrics.batchSize.observe({ what: 'expiry' }, row.due);
  metrics.lotsExpired.inc(row.booked);
  return row;
}
