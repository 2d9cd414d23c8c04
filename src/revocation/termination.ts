import type { EndedAs, EndingScope, TerminationFacts, TerminationState } from '../consents/core';
import type { Statement, Tx } from '../platform/database';

const FIND: Statement = {
  name: 'facts_of_termination',
  // A purpose that staff had withdrawn by then was not the customer's to take back.
  text: `SELECT c.ref, r.scope, r.blocked_at AS "endedAt",
           EXISTS (SELECT FROM purposes p WHERE p.programme_id = $1 AND p.key = r.scope ->> 'purpose' AND p.withdrawn_at <= r.blocked_at) AS shut,
           (SELECT json_agg(json_build_object('id', k.id, 'shareId', k.share_id, 'attribute', k.attribute, 'purpose', k.purpose,
                   'recipients', k.recipients, 'noticeHash', n.hash, 'locale', n.locale, 'ended', k.status)
                   ORDER BY k.attribute, k.purpose, k.id)
              FROM consents k JOIN shares s ON s.programme_id = $1 AND s.customer_id = k.customer_id AND s.id = k.share_id
              JOIN notices n ON n.programme_id = $1 AND n.id = s.notice_id
             WHERE k.programme_id = $1 AND k.customer_id = r.customer_id AND k.revocation_id = r.id) AS consents
           FROM revocations r JOIN customers c ON c.programme_id = $1 AND c.id = r.customer_id
          WHERE r.programme_id = $1 AND r.id = $2`,
};

interface Row {
  ref: string | null;
  scope: EndingScope;
  endedAt: Date;
  shut: boolean;
  consents: (TerminationFacts['consents'][number] & { ended: EndedAs })[];
}

/** What the receipt of a revocation says; of rows that do not change any more. Undefined for one that is not there. */
export async function terminationOf(tx: Tx, revocationId: string): Promise<TerminationFacts | undefined> {
  const [row] = await tx.query<Row & Record<string, unknown>>(FIND, [tx.programmeId, revocationId]);
  if (!row) return undefined;
  return {
    programmeId: tx.programmeId,
    customerRef: row.ref,
    revocationId,
    endedAt: row.endedAt,
    state: stateOf(row),
    consents: row.consents,
  };
}

/** DPV: withdrawn by the data subject, revoked by somebody else, or over by itself. */
function stateOf({ scope, shut, consents }: Row): TerminationState {
  const ended = consents[0]?.ended;
  if (ended === 'expired') return 'ConsentExpired';
  const byCustomer = 'share' in scope || 'attribute' in scope || 'everything' in scope || ('purpose' in scope && !shut);
  return ended === 'withdrawn' && byCustomer ? 'ConsentWithdrawn' : 'ConsentRevoked';
}
