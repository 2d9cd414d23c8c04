import { lockCustomersById } from '../consents/core';
import { byHalves } from '../platform/by-halves';
import type { Database, Statement, Tx } from '../platform/database';
import { endForMany } from './end-for-many';

const BATCH = 1_000;
const FIND: Statement = {
  name: 'customers_with_expired_consents',
  text: `SELECT DISTINCT customer_id AS id FROM (SELECT customer_id FROM consents WHERE programme_id = $1 AND status = 'active'
           AND until <= now() AND customer_id <> ALL ($3::bigint[]) ORDER BY until LIMIT $2) AS expired`,
};

/**
 * Ends one programme's consents whose time is over, as a revocation would: erased, and everyone told who got something. A customer
 * whose consents the database does not let end is looked for by halves and left out, so that nobody else's go on being used; it is
 * thrown when all others are done.
 */
export async function expireConsents(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  const leftOut: string[] = [];
  let ids: string[] = [];
  await byHalves({
    limit: BATCH,
    stopping,
    batch: async (limit) => {
      await database.inProgramme(programmeId, async (tx) => {
        ids = await expiredIn(tx, limit, leftOut);
        if (ids.length > 0) await endThem(tx, ids);
      });
      return ids.length > 0;
    },
    leaveOut: () => leftOut.push(...ids) > 0,
  });
}

/** Customers by id; limit: of consents. */
async function expiredIn(tx: Tx, limit: number, leftOut: string[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(FIND, [tx.programmeId, limit, leftOut]);
  return rows.map(({ id }) => id);
}

async function endThem(tx: Tx, ids: string[]): Promise<void> {
  await lockCustomersById(tx, ids);
  await endForMany(tx, ids, { expired: true }, 'expired');
}
