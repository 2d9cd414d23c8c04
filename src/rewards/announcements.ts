import type { Statement, Tx } from '../platform/database';
import { announcing } from '../webhooks/core';

const shareAccepted = (from: string): string => `
  SELECT 'share.accepted', NULL::uuid,
         jsonb_build_object('shareId', jsonb_build_array('shr', s.id), 'offerId', jsonb_build_array('off', s.offer_id)),
         jsonb_build_object('customerRef', c.ref)
    FROM ${from} JOIN shares s ON s.programme_id = $1 AND s.customer_id = w.customer_id AND s.id = w.share_id
    JOIN customers c ON c.programme_id = $1 AND c.id = s.customer_id`;
const awardGranted = (from: string): string => `
  SELECT 'award.granted', NULL::uuid,
         jsonb_build_object('awardId', jsonb_build_array('awd', w.id))
           || CASE WHEN w.share_id IS NULL THEN '{}' ELSE jsonb_build_object('shareId', jsonb_build_array('shr', w.share_id)) END,
         jsonb_build_object('customerRef', c.ref, 'reward', w.kind)
    FROM ${from} JOIN customers c ON c.programme_id = $1 AND c.id = w.customer_id`;

const BOOKED = `transfers t JOIN awards w ON w.programme_id = $1 AND w.id = t.id AND t.programme_id = $1
  AND t.kind = 'award' AND t.written_in = transaction_number()`;
const NAMED = 'unnest($2::uuid[]) AS one(id) JOIN awards w ON w.programme_id = $1 AND w.id = one.id';

const ANNOUNCE_BOOKED: Statement = announcing(
  'announce_booked_awards',
  ['share.accepted', 'award.granted'],
  `${shareAccepted(BOOKED)} UNION ALL ${awardGranted(BOOKED)}`,
);
const ANNOUNCE_CODES: Statement = announcing(
  'announce_codes',
  ['share.accepted', 'award.granted'],
  `${shareAccepted(NAMED)} UNION ALL ${awardGranted(NAMED)}`,
);
const ANNOUNCE_SHARES: Statement = announcing('announce_shares', ['share.accepted'], shareAccepted(NAMED));

/** Announces what this transaction has booked: awards, and the shares that they are for. */
export async function announceBooked(tx: Tx): Promise<void> {
  await tx.query(ANNOUNCE_BOOKED, [tx.programmeId]);
}

/** The same of awards that a code was made for. */
export async function announceCodes(tx: Tx, awardIds: string[]): Promise<void> {
  await tx.query(ANNOUNCE_CODES, [tx.programmeId, awardIds]);
}

/** Announces shares that earned nothing, which nobody books an award for. */
export async function announceUnrewarded(tx: Tx, shareIds: string[]): Promise<void> {
  await tx.query(ANNOUNCE_SHARES, [tx.programmeId, shareIds]);
}
