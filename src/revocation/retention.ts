import { lockCustomersById } from '../consents/core';
import type { Database, Statement } from '../platform/database';
import { endForMany } from './end-for-many';

const BATCH = 1_000;
const FIND: Statement = {
  name: 'customers_with_expired_consents',
  text: `SELECT DISTINCT customer_id AS id FROM (SELECT customer_id FROM consents WHERE programme_id = $1 AND status = 'active'
           AND until <= now() ORDER BY until LIMIT $2) AS expired`,
};

/** Ends one programme's consents whose time is over, as a revocation would: erased, and everyone told who got something. */
export async function expireConsents(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  for (let isMore = true; isMore && !stopping();) {
    isMore = await database.inProgramme(programmeId, async (tx) => {
      const customers = await tx.query<{ id: string }>(FIND, [programmeId, BATCH]);
      if (customers.length === 0) return false;
      const ids = customers.map(({ id }) => id);
      await lockCustomersById(tx, ids);
      await endForMany(tx, ids, { expired: true }, 'expired');
      return true;
    });
  }
}
