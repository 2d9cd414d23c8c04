import type { Statement, Tx } from '../platform/database';
import { announcing } from '../webhooks/core';

const ANNOUNCE: Statement = announcing(
  'announce_redemptions',
  ['redemption.held', 'redemption.captured', 'redemption.released', 'redemption.refunded'],
  `SELECT CASE t.kind WHEN 'hold' THEN 'redemption.held' WHEN 'capture' THEN 'redemption.captured'
            WHEN 'release' THEN 'redemption.released' ELSE 'redemption.refunded' END, NULL::uuid,
          jsonb_build_object('redemptionId', jsonb_build_array('red', r.id)),
          jsonb_build_object('customerRef', c.ref, 'orderRef', r.order_ref)
     FROM transfers t JOIN redemptions r ON r.programme_id = $1 AND r.id = t.cause
     JOIN customers c ON c.programme_id = $1 AND c.id = r.customer_id
    WHERE t.programme_id = $1 AND t.written_in = transaction_number() AND t.kind IN ('hold', 'capture', 'release', 'refund')`,
);

/** Announces the steps of redemptions that this transaction has booked. Answers whether somebody is to be told. */
export async function announceSteps(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ announced: number }>(ANNOUNCE, [tx.programmeId]);
  return (row?.announced ?? 0) > 0;
}
