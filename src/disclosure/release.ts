import { lockCustomersShared } from '../consents';
import type { Statement, Tx } from '../platform/database';
import type { SealedValue } from '../vault';

/** Asked for by a recipient: values of a customer, for a purpose. */
export interface ReleaseRequest {
  /** uuid of the disclosure. */
  id: string;
  recipientId: string;
  customerRef: string;
  purpose: string;
  attributes: string[];
  reason: string;
  /** predicate: a question about the values is answered, the values stay. */
  kind: 'values' | 'predicate';
}

/** What may be released, still encrypted; recorded, but not committed yet. */
export interface Release {
  id: string;
  /** Whether the recipient is registered for the purpose, and neither is withdrawn. */
  registered: boolean;
  /** Those of the attributes that an active consent covers; none: nothing is recorded. */
  values: SealedValue[];
  useUntil: Date | undefined;
}

const RELEASE: Statement = {
  name: 'release_values',
  text: `WITH asked AS (
           SELECT r.*, p.lease_seconds
             FROM json_to_recordset($2) AS r(id uuid, recipient uuid, ref text, purpose text, attributes json, reason text, kind text)
             JOIN recipient_purposes rp ON rp.programme_id = $1 AND rp.recipient_id = r.recipient AND rp.purpose = r.purpose
             JOIN purposes p ON p.programme_id = $1 AND p.key = r.purpose AND p.withdrawn_at IS NULL
             JOIN recipients t ON t.programme_id = $1 AND t.id = r.recipient AND t.withdrawn_at IS NULL),
         covered AS (
           SELECT a.id, c.id AS customer, k.attribute, k.id AS consent, k.until, v.version, v.ciphertext, v.wrapped_key
             FROM asked a
             JOIN customers c ON c.programme_id = $1 AND c.ref = a.ref
             JOIN consents k ON k.programme_id = $1 AND k.customer_id = c.id AND k.purpose = a.purpose
                  AND k.status = 'active' AND k.until > statement_timestamp() AND a.recipient = ANY (k.recipients)
             JOIN json_array_elements_text(a.attributes) AS wanted(attribute) ON wanted.attribute = k.attribute
             JOIN vault_values v ON v.programme_id = $1 AND v.customer_id = c.id AND v.attribute = k.attribute),
         written AS (
           INSERT INTO disclosures (programme_id, customer_id, id, recipient_id, purpose, kind, attributes, consents, reason, at, use_until)
             SELECT $1, c.customer, a.id, a.recipient, a.purpose, a.kind, array_agg(DISTINCT c.attribute::text), array_agg(c.consent), a.reason,
                    statement_timestamp(), least(statement_timestamp() + make_interval(secs => a.lease_seconds), min(c.until))
               FROM asked a JOIN covered c ON c.id = a.id
              GROUP BY c.customer, a.id, a.recipient, a.purpose, a.kind, a.reason, a.lease_seconds
             RETURNING id, use_until)
         SELECT DISTINCT ON (a.id, c.attribute) a.id, c.attribute, c.version, c.ciphertext, c.wrapped_key, w.use_until
           FROM asked a LEFT JOIN covered c ON c.id = a.id LEFT JOIN written w ON w.id = a.id`,
};

interface Row {
  id: string;
  attribute: string | null;
  version: string;
  ciphertext: Buffer;
  wrapped_key: Buffer;
  use_until: Date | null;
}

/**
 * Records the disclosures of a batch and hands out what they may see, encrypted. The caller decrypts after the commit:
 * no row, no value. A revocation holds the customer's lock exclusively, so once it has answered, the consents that this
 * statement reads, after the shared lock and therefore in a newer snapshot, are ended (`I4`).
 */
export async function release(tx: Tx, requests: ReleaseRequest[]): Promise<Release[]> {
  await lockCustomersShared(
    tx,
    requests.map(({ customerRef }) => customerRef),
  );
  const asked = requests.map(({ id, recipientId, customerRef, purpose, attributes, reason, kind }) => ({
    id,
    recipient: recipientId,
    ref: customerRef,
    purpose,
    attributes,
    reason,
    kind,
  }));
  const rows = await tx.query<Row>(RELEASE, [tx.programmeId, JSON.stringify(asked)]);
  const byId = new Map<string, Row[]>();
  for (const row of rows) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  return requests.map(({ id }) => {
    const own = byId.get(id) ?? [];
    const values = own.flatMap(({ attribute, version, ciphertext, wrapped_key: wrappedKey }) =>
      attribute === null ? [] : [{ attribute, version, ciphertext, wrappedKey }],
    );
    return { id, registered: own.length > 0, values, useUntil: own[0]?.use_until ?? undefined };
  });
}
