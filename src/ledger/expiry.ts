import { setTimeout as sleep } from 'node:timers/promises';
import { byHalves } from '../platform/by-halves';
import type { Database, Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import { metrics } from '../platform/metrics';

/** Lots in one commit: their customers' redemptions wait for it, and those that came in with them, so it takes a few milliseconds. */
const BATCH = 100;
/** Nobody waits for it: what is over cannot be spent meanwhile. So it rests so many times as long as it worked. */
const REST = 4;

const EXPIRE: Statement = { name: 'expire_lots', text: 'SELECT due, booked FROM expire_lots($1, $2, $3, $4)' };
const NEXT: Statement = {
  name: 'next_due_lot',
  text: `SELECT d.id FROM programmes p CROSS JOIN LATERAL
           lock_due_lots(p.id, (CASE WHEN $2::timestamptz IS NULL THEN now() ELSE $2 END AT TIME ZONE p.time_zone)::date, 1, $3) d WHERE p.id = $1`,
};
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
 *
 * One that the database throws out is looked for by halves and left out until the next sweep, so that it holds up nobody else's.
 * All others have ended when it is thrown.
 */
export async function expireLots(
  database: Database,
  programmeId: string,
  stopping: () => boolean,
  at?: Date,
): Promise<number> {
  const leftOut: string[] = [];
  let first: string | undefined;
  let expired = 0;
  await byHalves({
    limit: BATCH,
    stopping,
    batch: async (limit) => {
      const started = performance.now();
      const { due, booked } = await database.inProgramme(programmeId, async (tx) => {
        // Asked for under the lock that the batch holds: afterwards another lot may be the first that nobody is busy with.
        if (limit === 1) first = await nextDue(tx, { at, leftOut });
        return expireBatch(tx, { at, limit, leftOut });
      });
      expired += booked;
      if (due > 0) metrics.batchSize.observe({ what: 'expiry' }, due);
      metrics.lotsExpired.inc(booked);
      if (due === limit) await sleep(REST * (performance.now() - started));
      return due === limit;
    },
    leaveOut: () => first !== undefined && leftOut.push(first) > 0,
  });
  return expired;
}

interface Which {
  at: Date | undefined;
  /** Lots (uuid). */
  leftOut: string[];
}

/** The lot that the next batch begins with; undefined when none is left whose customer nobody is busy with. */
async function nextDue(tx: Tx, { at, leftOut }: Which): Promise<string | undefined> {
  const [lot] = await tx.query<{ id: string }>(NEXT, [tx.programmeId, at ?? null, leftOut]);
  return lot?.id;
}

async function expireBatch(
  tx: Tx,
  { at, limit, leftOut }: Which & { limit: number },
): Promise<{ due: number; booked: number }> {
  const ids = Array.from({ length: limit }, newId);
  const [row] = await tx.query<{ due: number; booked: number }>(EXPIRE, [tx.programmeId, ids, at ?? null, leftOut]);
  if (!row) throw new Error('The expiry answered no row');
  return row;
}
