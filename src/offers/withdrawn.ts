import type { Statement, Tx } from '../platform/database';

/** Live offers whose published version names the purpose with the key $2, or the recipient with the key $3. */
const LIVE_NAMING = `o.programme_id = $1 AND o.status = 'live' AND v.programme_id = $1 AND v.offer_id = o.id AND v.version = o.published_version
            AND v.asks @> (SELECT jsonb_build_array(jsonb_build_object('purposes', jsonb_build_array(named))) FROM (
              SELECT jsonb_build_object('key', $2::text) WHERE $2 IS NOT NULL
              UNION ALL SELECT jsonb_build_object('recipients', jsonb_build_array(jsonb_build_object('id', id)))
                          FROM recipients WHERE programme_id = $1 AND key = $3) AS purpose(named))`;
const LOCK_LIVE_NAMING: Statement = {
  name: 'lock_live_offers_naming',
  // FOR UPDATE, which the shares at hand hold off: what they accepted is there when this has the lock.
  text: `SELECT o.id FROM offers o, offer_versions v WHERE ${LIVE_NAMING} ORDER BY o.id FOR UPDATE OF o`,
};
const PAUSE_LIVE_NAMING: Statement = {
  name: 'pause_live_offers_naming',
  text: `UPDATE offers o SET status = 'paused' FROM offer_versions v WHERE ${LIVE_NAMING}`,
};
const ONGOING: Statement = {
  name: 'ongoing_offers',
  text: `SELECT id FROM offers WHERE programme_id = $1 AND status IN ('live', 'paused') ORDER BY id FOR UPDATE`,
};
const END: Statement = {
  name: 'end_offers',
  text: `UPDATE offers SET status = 'ended' WHERE programme_id = $1 AND id = ANY ($2)`,
};
const ASKS_WITHDRAWN: Statement = {
  name: 'offer_asks_withdrawn',
  text: `SELECT FROM offers o JOIN offer_versions v ON v.programme_id = $1 AND v.offer_id = o.id AND v.version = o.published_version
           CROSS JOIN LATERAL jsonb_path_query(v.asks, '$[*].purposes[*]') AS asked(purpose)
          WHERE o.programme_id = $1 AND o.id = $2 AND (
            EXISTS (SELECT FROM purposes p WHERE p.programme_id = $1 AND p.key = asked.purpose ->> 'key' AND p.withdrawn_at IS NOT NULL)
            OR EXISTS (SELECT FROM recipients r WHERE r.programme_id = $1 AND r.withdrawn_at IS NOT NULL
                          AND asked.purpose -> 'recipients' @> jsonb_build_array(jsonb_build_object('id', r.id)))) LIMIT 1`,
};

/**
 * Pauses the live offers whose notice names what is withdrawn: a purpose or a recipient, by key. The caller holds the gate, so
 * none is published meanwhile; shares that were at hand are committed when this answers.
 */
export async function pauseOffersNaming(tx: Tx, what: 'purpose' | 'recipient', key: string): Promise<void> {
  const values = [tx.programmeId, what === 'purpose' ? key : null, what === 'recipient' ? key : null];
  // None becomes live between the two, since the gate is held.
  await Promise.all([tx.query(LOCK_LIVE_NAMING, values), tx.query(PAUSE_LIVE_NAMING, values)]);
}

/** Ends every offer that was published; the caller holds the gate. Shares that were at hand are committed when this answers. */
export async function endOffers(tx: Tx): Promise<void> {
  const offers = await tx.query<{ id: string }>(ONGOING, [tx.programmeId]);
  await tx.query(END, [tx.programmeId, offers.map(({ id }) => id)]);
}

/** Whether the published version names a purpose or a recipient that was withdrawn. */
export async function namesWithdrawn(tx: Tx, offerId: string): Promise<boolean> {
  return (await tx.query(ASKS_WITHDRAWN, [tx.programmeId, offerId])).length > 0;
}
