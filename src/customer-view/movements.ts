import { entriesOf } from '../ledger';
import type { Database, Statement } from '../platform/database';
import type { ReadMovements } from './statement-order';

const EFFECTIVE: Statement = {
  name: 'effective_times',
  text: `SELECT 'award' AS kind, w.id AS cause, w.promised_at AS at FROM awards w WHERE w.programme_id = $1 AND w.id = ANY ($3)
         UNION ALL
         SELECT 'expiry', l.id, (l.expires_on + 1)::timestamp AT TIME ZONE p.time_zone FROM programmes p
           JOIN lots l ON l.programme_id = $1 AND l.customer_id = $2 AND l.id = ANY ($4) WHERE p.id = $1`,
};

/**
 * Reads a customer's movements, each stretch in a transaction of its own: what is booked never changes, so that a reader who
 * takes their time holds no connection and no snapshot. An award happened when it was promised, an expiry at the end of the
 * lot's last day in the programme's time zone, everything else when it was booked.
 */
export function movementsOf(database: Database, programmeId: string, customerId: string): ReadMovements {
  return (before, limit) =>
    database.inProgramme(programmeId, async (tx) => {
      const entries = await entriesOf(tx, customerId, { after: before, limit });
      if (!entries) throw new Error('A transfer of this customer is not there any more');
      const causesOf = (kind: string): string[] => entries.filter((one) => one.kind === kind).map(({ cause }) => cause);
      const rows = await tx.query<{ kind: string; cause: string; at: Date }>(EFFECTIVE, [
        programmeId,
        customerId,
        causesOf('award'),
        causesOf('expiry'),
      ]);
      // By kind as well: a lot has the id of the award that opened it.
      const happened = new Map(rows.map(({ kind, cause, at }) => [kind + cause, at]));
      return entries.map((entry) => ({
        transferId: entry.transferId,
        kind: entry.kind,
        cause: entry.cause,
        points: entry.points,
        bookedAt: entry.bookedAt,
        effectiveAt: happened.get(entry.kind + entry.cause) ?? entry.bookedAt,
      }));
    });
}
