import type { Database, Statement, Tx } from '../platform/database';
import { metrics } from '../platform/metrics';
import { decide, type NextStep, type Redemption } from './decide';
import { openDesk, writeDesk } from './desk';

/** Holds in one transaction: as many as redemptions in one of theirs. */
const BATCH = 256;

const OVERDUE: Statement = {
  name: 'overdue_holds',
  text: `SELECT id FROM redemptions WHERE programme_id = $1 AND status = 'held'
            AND held_until <= CASE WHEN $2::timestamptz IS NULL THEN now() ELSE $2 END ORDER BY held_until LIMIT $3`,
};
const PROGRAMMES: Statement = {
  name: 'programmes_with_overdue_holds',
  text: 'SELECT programme_id AS "programmeId" FROM programmes_with_overdue_holds()',
};

/** The programmes with holds whose time is over and that nobody has released yet. */
export function withOverdueHolds(database: Database): Promise<{ programmeId: string }[]> {
  return database.query(PROGRAMMES);
}

/**
 * Releases the holds of one programme whose time is over at `at` (the database's now unless a test says otherwise), batch by
 * batch, by the same decision and under the same lock as any other step: of those that want the same hold exactly one gets
 * it. Answers how many it released.
 */
export async function expireHolds(
  database: Database,
  programmeId: string,
  stopping: () => boolean,
  at?: Date,
): Promise<number> {
  let expired = 0;
  for (let found = BATCH; found === BATCH && !stopping();) {
    const batch = await database.inProgramme(programmeId, (tx) => expireBatch(tx, at));
    found = batch.found;
    expired += batch.expired;
  }
  return expired;
}

async function expireBatch(tx: Tx, at: Date | undefined): Promise<{ found: number; expired: number }> {
  const overdue = await tx.query<{ id: string }>(OVERDUE, [tx.programmeId, at ?? null, BATCH]);
  if (overdue.length === 0) return { found: 0, expired: 0 };
  const steps = overdue.map(({ id }): NextStep => ({ do: 'expire', id }));
  const desk = await openDesk(tx, steps, at);
  const known = new Set(desk.redemptions.keys());
  // What somebody has captured or released since it was looked for is refused here.
  const released = steps.map((step) => decide(desk, step)).filter((one): one is Redemption => !(one instanceof Error));
  await writeDesk(tx, desk, known, released);
  metrics.batchSize.observe({ what: 'hold-expiry' }, released.length);
  return { found: overdue.length, expired: released.length };
}
