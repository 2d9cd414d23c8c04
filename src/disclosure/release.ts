import { lockGateShared } from '../catalogue';
import { lockCustomersShared } from '../consents';
import type { Commit, Database, Statement, Tx } from '../platform/database';
import type { KeyRing } from '../platform/key-ring';
import { tooManyQuestions } from './questions';
import { fetchKeys, type SealedValue } from '../vault';

/** Asked for by a recipient: values of a customer, for a purpose. */
export interface ReleaseRequest {
  /** uuid of the disclosure. */
  id: string;
  recipientId: string;
  customerRef: string;
  purpose: string;
  attributes: string[];
  reason: string;
  /** predicate: a question about all of the values is answered, the values stay. */
  kind: 'values' | 'predicate';
}

/** What may be released, still encrypted; recorded, but not committed yet. */
export interface Release {
  id: string;
  /** Whether the recipient is registered for the purpose, and neither is withdrawn. */
  registered: boolean;
  /** Whether something that the recipient was to confirm is overdue, and nothing is released to it until it is not. */
  suspended: boolean;
  /** Of a question that would be one too many: seconds until it would not be. Then nothing is recorded. */
  askAgainInSeconds?: number;
  /** Those of the attributes that an active consent covers; none: nothing is recorded. */
  values: SealedValue[];
  useUntil: Date | undefined;
}

const RELEASE: Statement = {
  name: 'release_values',
  // LATERAL with OFFSET or LIMIT: one look into an index after the other for each that is asked for. Plain joins may be planned to
  // read all of a programme's consents, which is so before the first ANALYZE, and in a plan that was made then and kept.
  text: `WITH terms AS MATERIALIZED (
           SELECT r.recipient, p.key AS purpose, r.attributes, r.reason, r.kind, r.ids, r.refs,
                  p.lease_seconds, p.third_party_advertising AS for_others, EXISTS (SELECT FROM suspensions s WHERE s.programme_id = $1
                    AND s.recipient_id = r.recipient AND s.ended_at IS NULL) AS suspended
             FROM json_to_recordset($2) AS r(recipient uuid, purpose text, attributes text[], reason text, kind text, ids uuid[], refs text[])
             JOIN recipient_purposes rp ON rp.programme_id = $1 AND rp.recipient_id = r.recipient AND rp.purpose = r.purpose
             JOIN purposes p ON p.programme_id = $1 AND p.key = r.purpose AND p.withdrawn_at IS NULL
             JOIN recipients t ON t.programme_id = $1 AND t.id = r.recipient AND t.withdrawn_at IS NULL),
         asked AS (
           SELECT a.id, a.ref, t.recipient, t.purpose, t.attributes, t.reason, t.kind, t.lease_seconds, t.for_others, t.suspended
             FROM terms t CROSS JOIN LATERAL unnest(t.ids, t.refs) AS a(id, ref)),
         covered AS (
           SELECT a.id, a.recipient, a.purpose, a.kind, a.reason, c.id AS customer, k.attribute, k.id AS consent,
                  cardinality(a.attributes) AS wanted, v.version, v.ciphertext, d.wrapped_key,
                  least(statement_timestamp() + make_interval(secs => a.lease_seconds), min(k.until) OVER (PARTITION BY a.id)) AS use_until
             FROM asked a
             CROSS JOIN LATERAL (SELECT c.id, c.gpc_at FROM customers c WHERE c.programme_id = $1 AND c.ref = a.ref AND c.merged_into IS NULL LIMIT 1) c
             CROSS JOIN LATERAL (
               SELECT k.id, k.share_id, k.attribute, k.purpose, k.until FROM consents k
                WHERE k.programme_id = $1 AND k.customer_id = c.id AND k.purpose = a.purpose AND k.attribute = ANY (a.attributes)
                  AND k.status = 'active' AND k.until > statement_timestamp() AND a.recipient = ANY (k.recipients)
                  AND CASE WHEN a.for_others THEN c.gpc_at IS NULL OR k.given_at > c.gpc_at ELSE true END OFFSET 0) k
             CROSS JOIN LATERAL (SELECT v.version, v.ciphertext FROM vault_values v
                WHERE v.programme_id = $1 AND v.customer_id = c.id AND v.attribute = k.attribute LIMIT 1) v
             LEFT JOIN LATERAL (SELECT d.wrapped_key FROM key_store.data_keys d WHERE d.programme_id = $1 AND d.id = v.version LIMIT 1) d ON true
            WHERE NOT a.suspended AND NOT EXISTS (SELECT FROM pauses u WHERE u.programme_id = $1 AND u.customer_id = c.id
                                 AND u.ended_at IS NULL AND u.until > statement_timestamp()
                                 AND CASE WHEN u.attribute IS NULL THEN u.everything OR u.share_id = k.share_id OR u.purpose = k.purpose
                                          ELSE u.share_id = k.share_id AND u.attribute = k.attribute AND u.purpose = k.purpose END OFFSET 0)),
         -- Of a question, all or nothing: looked up in a hash, and only where there are questions.
         allowed AS (
           SELECT * FROM covered WHERE kind = 'values' OR id IN (
             SELECT id FROM covered WHERE kind = 'predicate' GROUP BY id, wanted HAVING count(DISTINCT attribute) = wanted)),
         written AS (
           INSERT INTO disclosures (programme_id, customer_id, id, recipient_id, purpose, kind, attributes, consents, reason, at, use_until)
             SELECT $1, customer, id, recipient, purpose, kind, array_agg(DISTINCT attribute::text), array_agg(consent), reason,
                    statement_timestamp(), use_until
               FROM allowed GROUP BY customer, id, recipient, purpose, kind, reason, use_until)
         SELECT id, attribute, version, ciphertext, wrapped_key, use_until, false AS suspended FROM allowed
         UNION ALL SELECT id, NULL, NULL, NULL, NULL, NULL, suspended FROM asked WHERE id NOT IN (SELECT id FROM allowed)`,
};

interface Row {
  id: string;
  /** Null: nothing is released, only that the recipient is registered. An attribute that two consents cover comes twice. */
  attribute: string | null;
  version: string;
  ciphertext: Buffer;
  /** Null: it lies in another database. */
  wrapped_key: Buffer | null;
  use_until: Date | null;
  suspended: boolean;
}

interface Found {
  values: Map<string, SealedValue>;
  useUntil: Date | undefined;
  suspended: boolean;
}

/**
 * Records the disclosures of a batch and hands out what they may see, encrypted. The caller decrypts after the commit:
 * no row, no value. A revocation holds the customer's lock exclusively, so once it has answered, the consents that this
 * statement reads, after the shared lock and therefore in a newer snapshot, are ended (`I4`). The same holds for a pause, and,
 * by the gate, for a withdrawal by staff and a suspension.
 */
export async function release(tx: Tx, commit: Commit, requests: ReleaseRequest[]): Promise<Release[]> {
  const waits = await tooManyQuestions(tx, requests);
  const open = requests.filter(({ id }) => !waits.has(id));
  const refs = open.map(({ customerRef }) => customerRef);
  // In this order, and in one round trip.
  const sent = Promise.all([
    lockGateShared(tx),
    lockCustomersShared(tx, refs),
    tx.query<Row>(RELEASE, [tx.programmeId, JSON.stringify(byTerms(open))]),
  ]);
  commit();
  const [, , rows] = await sent;
  const releases = new Map<string, Found>();
  for (const { id, attribute, version, ciphertext, wrapped_key: wrappedKey, use_until: useUntil, suspended } of rows) {
    const found: Found = releases.get(id) ?? { values: new Map(), useUntil: undefined, suspended };
    if (attribute !== null)
      found.values.set(attribute, { attribute, version, ciphertext, wrappedKey: wrappedKey ?? undefined });
    found.useUntil ??= useUntil ?? undefined;
    releases.set(id, found);
  }
  return requests.map(({ id }) => {
    const found = releases.get(id);
    return {
      id,
      registered: found !== undefined || waits.has(id),
      ...(waits.has(id) && { askAgainInSeconds: waits.get(id)! }),
      suspended: found?.suspended ?? false,
      values: [...(found?.values.values() ?? [])],
      useUntil: found?.useUntil,
    };
  });
}

interface OnTerms {
  ids: string[];
  refs: string[];
}

/** Requests that differ in nothing but the customer are one line of the statement: what is asked of each is looked up once. */
function byTerms(requests: ReleaseRequest[]): OnTerms[] {
  const lines = new Map<string, OnTerms>();
  for (const { id, customerRef, recipientId: recipient, purpose, attributes, reason, kind } of requests) {
    const terms = { recipient, purpose, attributes, reason, kind };
    const name = JSON.stringify(terms);
    const line = lines.get(name) ?? { ...terms, ids: [], refs: [] };
    line.ids.push(id);
    line.refs.push(customerRef);
    lines.set(name, line);
  }
  return [...lines.values()];
}

/** The same in a transaction of its own, and when that has committed: with those keys that lie in another database. */
export async function releaseIn(
  database: Database,
  keyRing: KeyRing,
  programmeId: string,
  requests: ReleaseRequest[],
): Promise<Release[]> {
  const releases = await database.inProgramme(programmeId, (tx, commit) => release(tx, commit, requests));
  if (!keyRing.dataKeys) return releases;
  const sealed = releases.flatMap(({ values }) => values);
  const opened = await fetchKeys(keyRing, programmeId, sealed);
  let at = 0;
  return releases.map((one) => ({ ...one, values: opened.slice(at, (at += one.values.length)) }));
}
