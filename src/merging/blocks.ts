import type { Statement, Tx } from '../platform/database';
import type { Between } from './points';

/** An active consent of the customer that goes on. */
export interface RefusedConsent {
  share: string;
  attribute: string;
  purpose: string;
}

const REFUSED: Statement = {
  name: 'consents_refused_by_merged',
  // What the one (and whoever was merged into them) said last of each attribute and purpose: given, withdrawn or refused. At one
  // and the same time the more restrictive counts. That staff withdrew a recipient is nothing that the customer said.
  text: `WITH RECURSIVE ones AS (
           SELECT $2::bigint AS id
           UNION SELECT c.id FROM ones o JOIN customers c ON c.programme_id = $1 AND c.merged_into = o.id),
         says AS (
           SELECT k.customer_id, k.attribute::text AS attribute, k.purpose::text AS purpose, k.given_at AS at, true AS given
             FROM consents k WHERE k.programme_id = $1 AND k.customer_id IN (SELECT id FROM ones)
           UNION ALL
           SELECT k.customer_id, k.attribute::text, k.purpose::text, k.ended_at, false
             FROM consents k JOIN revocations r ON r.programme_id = $1 AND r.id = k.revocation_id
            WHERE k.programme_id = $1 AND k.customer_id IN (SELECT id FROM ones) AND k.status = 'withdrawn' AND NOT r.scope ?| ARRAY['recipient', 'merge']
           UNION ALL
           SELECT s.customer_id, split_part(f.pair, ':', 1), split_part(f.pair, ':', 2), s.accepted_at, false
             FROM shares s CROSS JOIN LATERAL unnest(s.refused) AS f(pair)
            WHERE s.programme_id = $1 AND s.customer_id IN (SELECT id FROM ones)),
         last AS (
           SELECT DISTINCT ON (customer_id, attribute, purpose) attribute, purpose, given FROM says
            ORDER BY customer_id, attribute, purpose, at DESC, given)
         SELECT k.share_id AS share, k.attribute, k.purpose FROM consents k
          WHERE k.programme_id = $1 AND k.customer_id = $3 AND k.status = 'active'
            AND (k.attribute::text, k.purpose::text) IN (SELECT l.attribute, l.purpose FROM last l WHERE NOT l.given)`,
};
const BLOCK: Statement = {
  name: 'block_refused_consents',
  text: `INSERT INTO pauses (programme_id, id, customer_id, share_id, attribute, purpose, everything, merge_id, started_at, until)
           SELECT $1, gen_random_uuid(), $2, r.share, r.attribute, r.purpose, false, $3, clock_timestamp(), 'infinity'
             FROM json_to_recordset($4) AS r(share uuid, attribute text, purpose text)`,
};
const PAUSE: Statement = {
  name: 'carry_pauses',
  text: `INSERT INTO pauses (programme_id, id, customer_id, purpose, everything, merge_id, started_at, until)
           SELECT $1, gen_random_uuid(), $3, p.purpose, p.everything, $4, s.now, p.until
             FROM pauses p CROSS JOIN (SELECT clock_timestamp() AS now) s
            WHERE p.programme_id = $1 AND p.customer_id = $2 AND p.share_id IS NULL AND p.ended_at IS NULL AND p.until > s.now`,
};
const LIFT: Statement = {
  name: 'lift_pauses_of_merge',
  text: `UPDATE pauses SET ended_at = clock_timestamp() WHERE programme_id = $1 AND merge_id = $2 AND ended_at IS NULL
            AND (attribute IS NOT NULL OR NOT $3)`,
};

/** Active consents of the customer that goes on, for what the one who is merged away refused or withdrew last. */
export function refusedByOne(tx: Tx, { fromId, intoId }: Between): Promise<RefusedConsent[]> {
  return tx.query<RefusedConsent>(REFUSED, [tx.programmeId, fromId, intoId]);
}

/** Blocks the use of these consents, and what the one had paused, as long as they had said. */
export async function block(tx: Tx, { id, fromId, intoId }: Between, refused: RefusedConsent[]): Promise<void> {
  await tx.query(BLOCK, [tx.programmeId, intoId, id, JSON.stringify(refused)]);
  await tx.query(PAUSE, [tx.programmeId, fromId, intoId, id]);
}

/** All that the merge paused may be used again. */
export async function unblock(tx: Tx, mergeId: string): Promise<void> {
  await tx.query(LIFT, [tx.programmeId, mergeId, false]);
}

/** The consents that it blocked have ended, and need no pause; what was paused until a time stays so. */
export async function endBlocks(tx: Tx, mergeId: string): Promise<void> {
  await tx.query(LIFT, [tx.programmeId, mergeId, true]);
}
