import { byHalves } from '../platform/by-halves';
import type { Database, Statement, Tx } from '../platform/database';
import { metrics } from '../platform/metrics';
import { decide, type NextStep, type Redemption } from './decide';
import { openDesk, writeDesk } from './desk';

/** Holds in one transaction: as many as redemptions in one of theirs. */
const BATCH = 256;

const OVERDUE: Statement = {
  name: 'overdue_holds',
  text: `SELECT id FROM redemptions WHERE programme_id = $1 AND status = 'held'
            AND held_until <= CASE WHEN $2::timestamptz IS NULL THEN now() ELSE $2 END AND id <> ALL ($4) ORDER BY held_until LIMIT $3`,
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
 *
 * One that the database throws out is looked for by halves and left out, so that it holds up nobody else's. Everything else is
 * released when it is thrown.
 */
export async function expireHolds(
  database: Database,
  programmeId: string,
  stopping: () => boolean,
  at?: Date,
): Promise<number> {
  const leftOut: string[] = [];
  let ids: string[] = [];
  let expired = 0;
  await byHalves({
    limit: BATCH,
    stopping,
    batch: async (limit) => {
      expired += await database.inProgramme(programmeId, async (tx) => {
        ids = await overdueHolds(tx, { at, limit, leftOut });
        return ids.length === 0 ? 0 : expireBatch(tx, ids, at);
      });
      return ids.length === limit;
    },
    leaveOut: () => leftOut.push(...ids) > 0,
  });
  return expired;
}

async function overdueHolds(
  tx: Tx,
  { at, limit, leftOut }: { at: Date | undefined; limit: number; leftOut: string[] },
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(OVERDUE, [tx.programmeId, at ?? null, limit, leftOut]);
  return rows.map(({ id }) => id);
}

async function expireBatch(tx: Tx, ids: string[], at: Date | undefined): Promise<number> {
  const steps = ids.map((id): NextStep => ({ do: 'expire', id }));
  const desk = await openDesk(tx, steps, at);
  const known = new Set(desk.redemptions.keys());
  // What somebody has captured or released since it was looked for is refused here.
  const released = steps.map((step) => decide(desk, step)).filter((one): one is Redemption => !(one instanceof Error));
  await writeDesk(tx, desk, known, released);
  metrics.batchSize.observe({ what: 'hold-expiry' }, released.length);
  return released.length;
}
