import type { Statement, Tx } from '../platform/database';

const LIVE_ASKING: Statement = {
  name: 'live_offers_asking',
  // FOR UPDATE, which the shares at hand hold off: what they accepted is there when this has the lock.
  text: `SELECT o.id FROM offers o JOIN offer_versions v ON v.programme_id = $1 AND v.offer_id = o.id AND v.version = o.published_version
          WHERE o.programme_id = $1 AND o.status = 'live' AND v.asks @> $2::jsonb ORDER BY o.id FOR UPDATE OF o`,
};
const ONGOING: Statement = {
  name: 'ongoing_offers',
  text: `SELECT id FROM offers WHERE programme_id = $1 AND status IN ('live', 'paused') ORDER BY id FOR UPDATE`,
};
const END: Statement = {
  name: 'end_offers',
  text: `UPDATE offers SET status = 'ended' WHERE programme_id = $1 AND id = ANY ($2)`,
};
const PAUSE: Statement = {
  name: 'pause_offers',
  text: `UPDATE offers SET status = 'paused' WHERE programme_id = $1 AND id = ANY ($2)`,
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
 * Pauses the live offers whose notice names what is withdrawn: a purpose by key, a recipient by its uuid. The caller holds
 * the gate, so none is published meanwhile; shares that were at hand are committed when this answers.
 */
export async function pauseOffersNaming(tx: Tx, what: { purpose: string } | { recipientId: string }): Promise<void> {
  const purpose = 'purpose' in what ? { key: what.purpose } : { recipients: [{ id: what.recipientId }] };
  const asks = JSON.stringify([{ purposes: [purpose] }]);
  const offers = await tx.query<{ id: string }>(LIVE_ASKING, [tx.programmeId, asks]);
  await tx.query(PAUSE, [tx.programmeId, offers.map(({ id }) => id)]);
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
