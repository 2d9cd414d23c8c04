import type { Client } from 'pg';

export interface Many {
  /** uuid */
  programmeId: string;
  /** References are this and a number from 0. */
  prefix: string;
  customers: number;
  /** Of the programme's purposes. */
  purposes: string[];
  /** Every so many of them a recipient has read, under the first purpose. */
  readEvery: number;
}

/**
 * Customers who have shared a birthday each, as their shares leave them, written by SQL with the triggers off, which only refuse
 * changes. They earned nothing with it, nobody can open their values, and they are of before the chain begins, which leaves them out.
 */
export async function shareForMany(client: Client, many: Many): Promise<void> {
  await client.query('SET session_replication_role = replica; SET synchronous_commit = off');
  await client.query(
    `CREATE TEMP TABLE many AS
       WITH c AS (INSERT INTO customers (programme_id, ref) SELECT $1::uuid, $2::text || n FROM generate_series(0, $3::int - 1) n RETURNING id)
       SELECT id AS customer, row_number() OVER (ORDER BY id) - 1 AS n, now() AS at,
              ${idOf('share')} AS share, ${idOf('version')} AS version, decode(repeat(md5(id::text), 4), 'hex') AS ciphertext FROM c`,
    [many.programmeId, many.prefix, many.customers],
  );
  for (const [text, values] of inserts(many)) await client.query(text, [many.programmeId, ...values]);
  await client.query('DROP TABLE many; RESET session_replication_role; RESET synchronous_commit');
}

const idOf = (what: string): string =>
  `(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + id), 12, '0') || '7' || substr(md5('${what}' || id), 1, 3) || '8' || substr(md5('${what}' || id), 4, 15))::uuid`;
const CONSENT = `(substr(share::text, 1, 24) || substr(md5(share || purpose), 1, 12))::uuid`;

const inserts = ({ purposes, readEvery }: Many): [text: string, values: unknown[]][] => [
  [
    `INSERT INTO shares (programme_id, customer_id, id, offer_id, offer_version, notice_id, channel, refused, receipt_kid, accepted_at, ciphertexts, written_in)
       SELECT $1, customer, share, t.offer_id, t.offer_version, t.id, 'many', '{}', 'none', at, uuid_send(version) || sha256(ciphertext), -1
         FROM many, (SELECT * FROM notices WHERE programme_id = $1 ORDER BY id LIMIT 1) t`,
    [],
  ],
  [
    `INSERT INTO awards (programme_id, id, customer_id, share_id, kind, why, promised_at)
       SELECT $1, share, customer, share, 'none', 'cool-off', at FROM many`,
    [],
  ],
  [
    `INSERT INTO consents (programme_id, customer_id, share_id, attribute, purpose, id, recipients, given_at, until)
       SELECT $1, customer, share, 'birthday', purpose, ${CONSENT},
              ARRAY(SELECT recipient_id FROM recipient_purposes r WHERE r.programme_id = $1 AND r.purpose = p.purpose), at, at + interval '365 days'
         FROM many, unnest($2::text[]) AS p(purpose)`,
    [purposes],
  ],
  [
    `INSERT INTO consent_events (programme_id, customer_id, event, share_id, consents, at, written_in)
       SELECT $1, customer, 'given', share, ARRAY(SELECT ${CONSENT} FROM unnest($2::text[]) AS p(purpose)), at, -1 FROM many`,
    [purposes],
  ],
  [
    `INSERT INTO vault_values (programme_id, customer_id, attribute, version, ciphertext, stored_at)
       SELECT $1, customer, 'birthday', version, ciphertext, at FROM many`,
    [],
  ],
  [`INSERT INTO key_store.data_keys (programme_id, id, wrapped_key) SELECT $1, version, ciphertext FROM many`, []],
  [
    `INSERT INTO disclosures (programme_id, customer_id, id, recipient_id, purpose, kind, attributes, consents, reason, at, use_until, written_in)
       SELECT $1, customer, (substr(share::text, 1, 24) || 'd15c1050e000')::uuid, r.recipient_id, r.purpose, 'values', '{birthday}',
              ARRAY[${CONSENT}], 'many', at, at + interval '1 hour', -1
         FROM many JOIN recipient_purposes r ON r.programme_id = $1 AND r.purpose = $2 WHERE n % $3::int = 0`,
    [purposes[0], readEvery],
  ],
];
