import type { Statement, Tx } from '../platform/database';
import { announcing } from '../webhooks/core';
import { advance } from './progress';

const ANNOUNCE_NOTICES: Statement = announcing(
  'announce_notices',
  ['consent.revoked'],
  `SELECT 'consent.revoked', n.recipient_id,
          jsonb_build_object('noticeId', jsonb_build_array('ntc', n.id), 'revocationId', jsonb_build_array('rev', n.revocation_id)),
          jsonb_build_object('sequence', n.sequence, 'customerRef', c.ref, 'purposes', n.purposes, 'attributes', n.attributes,
            'dueAt', to_char(n.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
     FROM revocation_notices n JOIN revocations r ON r.programme_id = $1 AND r.id = n.revocation_id
     JOIN customers c ON c.programme_id = $1 AND c.id = r.customer_id
    WHERE n.programme_id = $1 AND n.revocation_id = ANY ($2) ORDER BY n.sequence`,
);
const ANNOUNCE_CORRECTED: Statement = announcing(
  'announce_corrected',
  ['value.corrected'],
  // Who got it, and may still use it: a recipient whose consents have ended is told of that instead.
  `SELECT 'value.corrected', told.recipient, '{}'::jsonb,
          jsonb_build_object('customerRef', $3::text, 'attribute', $4::text, 'correctedAt', $5::text)
     FROM (SELECT NULL::uuid AS recipient UNION ALL
           SELECT DISTINCT d.recipient_id FROM disclosures d
            WHERE d.programme_id = $1 AND d.customer_id = $2 AND $4 = ANY (d.attributes) AND EXISTS (
              SELECT FROM consents k WHERE k.programme_id = $1 AND k.customer_id = $2 AND k.id = ANY (d.consents) AND k.attribute = $4
                 AND k.status = 'active' AND k.until > statement_timestamp())) told`,
);
const LOCK: Statement = {
  name: 'lock_revocations_of_notices',
  text: `SELECT r.id FROM revocations r WHERE r.programme_id = $1 AND r.id IN
           (SELECT n.revocation_id FROM revocation_notices n WHERE n.programme_id = $1 AND n.id = ANY ($2))
          ORDER BY r.id FOR NO KEY UPDATE`,
};
const MARK_TOLD: Statement = {
  name: 'mark_told',
  text: `UPDATE revocation_notices SET listed_at = clock_timestamp() WHERE programme_id = $1 AND id = ANY ($2) AND listed_at IS NULL`,
};

/** Announces the notices that these revocations owe to every recipient that can be told, in the transaction that owes them. */
export async function announceNotices(tx: Tx, revocationIds: string[]): Promise<void> {
  await tx.query(ANNOUNCE_NOTICES, [tx.programmeId, revocationIds]);
}

/** A corrected value, as it is announced. */
export interface CorrectedValue {
  customerId: string;
  customerRef: string;
  attribute: string;
  at: Date;
}

/** Announces to each recipient that got the former value, and to the programme's own endpoints, that there is another one. */
export async function announceCorrected(tx: Tx, corrected: CorrectedValue): Promise<void> {
  const { customerId, customerRef, attribute, at } = corrected;
  await tx.query(ANNOUNCE_CORRECTED, [tx.programmeId, customerId, customerRef, attribute, at.toISOString()]);
}

/** These notices have arrived: their recipients are told, which is not yet that they did something. */
export async function noteTold(tx: Tx, noticeIds: string[]): Promise<void> {
  const revocations = await tx.query<{ id: string }>(LOCK, [tx.programmeId, noticeIds]);
  await tx.query(MARK_TOLD, [tx.programmeId, noticeIds]);
  await Promise.all(revocations.map(({ id }) => advance(tx, id)));
}
