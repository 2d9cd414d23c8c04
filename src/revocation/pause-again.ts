import type { Statement, Tx } from '../platform/database';

const PAUSE_AGAIN: Statement = {
  name: 'pause_again',
  // Ids of customers are counted anew from where the backup was: one who came after it is not the one who paused.
  text: `INSERT INTO pauses AS p (programme_id, id, customer_id, share_id, purpose, everything, started_at, until, ended_at)
           SELECT $1, r.pause, r.customer, r.share, r.purpose, r.everything, r.began, r.until, r.ended
             FROM json_to_recordset($2) AS r(pause uuid, customer bigint, share uuid, purpose text, everything boolean,
                    began timestamptz, until timestamptz, ended timestamptz)
             JOIN customers c ON c.programme_id = $1 AND c.id = r.customer AND c.created_at <= r.began
            WHERE r.until > clock_timestamp()
              AND (r.share IS NULL OR EXISTS (SELECT FROM shares s WHERE s.programme_id = $1 AND s.customer_id = r.customer AND s.id = r.share))
              AND (r.purpose IS NULL OR EXISTS (SELECT FROM purposes u WHERE u.programme_id = $1 AND u.key = r.purpose))
         ON CONFLICT ON CONSTRAINT pauses_pk DO UPDATE SET ended_at = excluded.ended_at, changed_in = transaction_number()
          WHERE p.ended_at IS NULL AND excluded.ended_at IS NOT NULL AND p.customer_id = excluded.customer_id`,
};

/** A pause as a journal says that it was last: on, or ended by its customer. Of a share, of a purpose, or of everything. */
export interface ReplayedPause {
  customer: string;
  /** uuid */
  pause: string;
  share: string | null;
  purpose: string | null;
  everything: boolean;
  began: string;
  until: string;
  ended: string | null;
}

/**
 * Pauses again what a backup does not know to be paused, until when it was; and ends what was ended since. What is over, or of a
 * share that the backup does not hold, is left out. The caller holds the customers' locks.
 */
export async function pauseAgain(tx: Tx, pauses: ReplayedPause[]): Promise<void> {
  // Of several sections the last word counts.
  const last = [...new Map(pauses.map((one) => [one.pause, one])).values()];
  if (last.length > 0) await tx.query(PAUSE_AGAIN, [tx.programmeId, JSON.stringify(last)]);
}
