import type { Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';
import type { CustomerRecipient, RecipientPurpose } from './recipients.dto';

const RECIPIENTS: Statement = {
  name: 'recipients_of_customer',
  // What may be used now is decided as a release decides it.
  text: `WITH named AS (
           SELECT r.recipient, k.purpose, array_agg(DISTINCT k.attribute::text) FILTER (WHERE k.status = 'active' AND k.until > now()
                    AND m.merged_into IS NULL AND t.withdrawn_at IS NULL AND p.withdrawn_at IS NULL
                    AND CASE WHEN p.third_party_advertising THEN m.gpc_at IS NULL OR k.given_at > m.gpc_at ELSE true END
                    AND NOT EXISTS (SELECT FROM pauses u WHERE u.programme_id = $1 AND u.customer_id = $2 AND u.ended_at IS NULL AND u.until > now()
                          AND CASE WHEN u.attribute IS NULL THEN u.everything OR u.share_id = k.share_id OR u.purpose = k.purpose
                                   ELSE u.share_id = k.share_id AND u.attribute = k.attribute AND u.purpose = k.purpose END)) AS may_use
             FROM consents k JOIN customers m ON m.programme_id = $1 AND m.id = $2 CROSS JOIN LATERAL unnest(k.recipients) AS r(recipient)
             JOIN recipients t ON t.programme_id = $1 AND t.id = r.recipient JOIN purposes p ON p.programme_id = $1 AND p.key = k.purpose
            WHERE k.programme_id = $1 AND k.customer_id = $2 GROUP BY r.recipient, k.purpose),
         used AS (
           SELECT d.recipient_id AS recipient, d.purpose, count(*)::int AS times, max(d.use_until) AS use_until,
                  (array_agg(json_build_object('at', d.at, 'kind', d.kind, 'attributes', d.attributes, 'reason', d.reason) ORDER BY d.at DESC))[1] AS last_use
             FROM disclosures d WHERE d.programme_id = $1 AND d.customer_id = $2 GROUP BY d.recipient_id, d.purpose)
         SELECT t.key, t.name, p.key AS purpose, p.title ->> $3 AS title, coalesce(n.may_use, '{}') AS may_use, coalesce(u.times, 0) AS times,
                u.last_use, CASE WHEN u.use_until > now() THEN u.use_until END AS usable_until
           FROM named n FULL JOIN used u ON u.recipient = n.recipient AND u.purpose = n.purpose
           JOIN recipients t ON t.programme_id = $1 AND t.id = coalesce(n.recipient, u.recipient)
           JOIN purposes p ON p.programme_id = $1 AND p.key = coalesce(n.purpose, u.purpose)
          ORDER BY t.key, p.key`,
};

interface Row {
  key: string;
  name: string;
  purpose: string;
  title: string;
  may_use: string[];
  times: number;
  last_use: { at: string; kind: string; attributes: string[]; reason: string } | null;
  usable_until: Date | null;
}

/** Who may use, or has used, what a customer shared: each recipient with its purposes, its last use and what it may do now. */
export async function recipientsOf(tx: Tx, customerId: string, language: Locale): Promise<CustomerRecipient[]> {
  const rows = await tx.query<Row>(RECIPIENTS, [tx.programmeId, customerId, language]);
  const found = new Map<string, CustomerRecipient>();
  for (const row of rows) {
    const one = found.get(row.key) ?? { recipient: row.key, name: row.name, purposes: [] };
    one.purposes.push(purposeOf(row));
    found.set(row.key, one);
  }
  return [...found.values()];
}

const purposeOf = ({ purpose, title, may_use, times, last_use, usable_until }: Row): RecipientPurpose => ({
  key: purpose,
  title,
  mayUse: may_use,
  times,
  ...(last_use && { lastUse: { ...last_use, at: new Date(last_use.at).toISOString() } }),
  ...(usable_until && { usableUntil: usable_until.toISOString() }),
});
