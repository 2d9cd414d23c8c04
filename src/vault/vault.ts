import { KEY_BYTES, open, randomFromPool, seal } from '../platform/crypto';
import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import type { ProgrammeKeys } from '../platform/key-ring';
import { unavailable } from '../platform/problem';

/** Where a value belongs. Authenticated with the ciphertext: moved to any other place it does not open. */
export interface Place {
  programmeId: string;
  customerRef: string;
  attribute: string;
  /** uuid of this version of the value. */
  version: string;
}

/** A value as it is stored: nothing in it can be read without the programme's key. */
export interface SealedValue {
  attribute: string;
  version: string;
  ciphertext: Buffer;
  /** The value's own data key, wrapped by the programme's; undefined where it lies in another database. */
  wrappedKey: Buffer | undefined;
}

// One look into an index for each row, whatever the planner knew of the tables when it made the plan: LATERAL with a LIMIT, and
// keys by an array.
const STORE: Statement = {
  name: 'store_values',
  text: `WITH r AS MATERIALIZED (
           SELECT * FROM json_to_recordset($2) AS r(customer bigint, attribute text, version uuid, ciphertext text, wrapped_key text)),
         former AS MATERIALIZED (
           SELECT r.customer, r.attribute, v.version FROM r CROSS JOIN LATERAL (
             SELECT version FROM vault_values WHERE programme_id = $1 AND customer_id = r.customer AND attribute = r.attribute LIMIT 1) v),
         destroyed AS (
           UPDATE key_store.data_keys SET wrapped_key = NULL, destroyed_at = $3
            WHERE programme_id = $1 AND id = ANY (ARRAY(SELECT version FROM former)) RETURNING id),
         owed AS (
           INSERT INTO outbox (programme_id, topic, id)
             SELECT $1, 'key', version FROM former WHERE version NOT IN (SELECT id FROM destroyed)),
         told AS (
           INSERT INTO erasure_journal (programme_id, customer_id, attribute, version)
             SELECT $1, customer, attribute, version FROM former),
         kept AS (
           INSERT INTO key_store.data_keys (programme_id, id, wrapped_key)
             SELECT $1, version, decode(wrapped_key, 'base64') FROM r WHERE wrapped_key IS NOT NULL)
         INSERT INTO vault_values (programme_id, customer_id, attribute, version, ciphertext, stored_at)
           SELECT $1, customer, attribute, version, decode(ciphertext, 'base64'), $3 FROM r
         ON CONFLICT ON CONSTRAINT vault_values_pk DO UPDATE SET version = excluded.version, ciphertext = excluded.ciphertext,
           stored_at = excluded.stored_at`,
};
/**
 * What belongs to every erasure, as CTEs of a statement that deletes values in one named
 * `gone (customer_id, attribute, version, revocation)`, of the programme $1: their keys are destroyed, or that is owed where they
 * lie in another database, and the journal is written.
 */
export const WITH_GONE_VALUES = `destroyed AS (
           UPDATE key_store.data_keys SET wrapped_key = NULL, destroyed_at = statement_timestamp()
            WHERE programme_id = $1 AND id = ANY (ARRAY(SELECT version FROM gone)) RETURNING id),
         owed AS (
           INSERT INTO outbox (programme_id, topic, id)
             SELECT $1, 'key', version FROM gone WHERE version NOT IN (SELECT id FROM destroyed)),
         told AS (
           INSERT INTO erasure_journal (programme_id, customer_id, attribute, version, revocation_id)
             SELECT $1, customer_id, attribute, version, revocation FROM gone)`;
const ERASE: Statement = {
  name: 'erase_uncovered_values',
  // ended_at says the same as the status, and leaves the planner no index over all that is active.
  text: `WITH uncovered AS MATERIALIZED (
           SELECT v.customer_id, v.attribute, v.version, r.revocation
             FROM unnest($2::bigint[], $3::text[], $4::uuid[]) AS r(customer, attribute, revocation)
             CROSS JOIN LATERAL (SELECT customer_id, attribute, version FROM vault_values
                                  WHERE programme_id = $1 AND customer_id = r.customer AND attribute = r.attribute LIMIT 1) v
            WHERE (SELECT true FROM consents c WHERE c.programme_id = $1 AND c.customer_id = r.customer
                      AND c.attribute = r.attribute AND c.ended_at IS NULL LIMIT 1) IS NULL),
         gone AS (
           DELETE FROM vault_values v USING uncovered u
            WHERE v.programme_id = $1 AND v.customer_id = u.customer_id AND v.attribute = u.attribute
           RETURNING v.customer_id, v.attribute, v.version, u.revocation),
         ${WITH_GONE_VALUES}
         SELECT count(*)::int AS erased FROM gone`,
};
const COUNT_UNCOVERED: Statement = {
  name: 'count_values_uncovered_without',
  text: `SELECT count(*)::int AS uncovered FROM vault_values v
          WHERE v.programme_id = $1 AND v.customer_id = $2
            AND EXISTS (SELECT FROM consents c WHERE c.programme_id = $1 AND c.customer_id = $2 AND c.attribute = v.attribute AND c.id = ANY ($3))
            AND NOT EXISTS (SELECT FROM consents c WHERE c.programme_id = $1 AND c.customer_id = $2 AND c.attribute = v.attribute
                               AND c.status = 'active' AND c.id <> ALL ($3))`,
};

const about = ({ programmeId, customerRef, attribute, version }: Place): string =>
  [programmeId, customerRef, attribute, version].join('\n');

/** Encrypts a value (any JSON) under a data key of its own. Done before the transaction: nothing is held meanwhile. */
export function sealValue(keys: ProgrammeKeys, place: Omit<Place, 'version'>, value: unknown): SealedValue {
  const version = newId();
  const dataKey = randomFromPool(KEY_BYTES);
  const bound = about({ ...place, version });
  const ciphertext = seal(dataKey, Buffer.from(JSON.stringify(value)), bound);
  const wrappedKey = seal(keys.values, dataKey, bound);
  dataKey.fill(0);
  return { attribute: place.attribute, version, ciphertext, wrappedKey };
}

/** Decrypts. Only for a release whose disclosure row is committed. @throws when anything was tampered with or moved. */
export function openValue(
  keys: ProgrammeKeys,
  place: Omit<Place, 'attribute' | 'version'>,
  sealed: SealedValue,
): unknown {
  const bound = about({ ...place, attribute: sealed.attribute, version: sealed.version });
  if (sealed.wrappedKey === undefined) throw unavailable('The key of a value is not there.');
  const dataKey = open(keys.values, sealed.wrappedKey, bound);
  return JSON.parse(open(dataKey, sealed.ciphertext, bound).toString()) as unknown;
}

/** Stores values as the current ones, with their keys; a former version and its key are destroyed by it. */
export async function storeValues(tx: Tx, values: (SealedValue & { customerId: string })[], at: Date): Promise<void> {
  if (values.length === 0) return;
  const rows = values.map(({ customerId, attribute, version, ciphertext, wrappedKey }) => ({
    customer: customerId,
    attribute,
    version,
    ciphertext: ciphertext.toString('base64'),
    wrapped_key: wrappedKey?.toString('base64'),
  }));
  await tx.query(STORE, [tx.programmeId, JSON.stringify(rows), at]);
}

/** Values that a revocation may have left uncovered. */
export interface Uncovered {
  customerId: string;
  attributes: string[];
  revocationId: string;
}

/**
 * Destroys those of the values that no active consent covers any more: ciphertext and data key, with an entry in the journal.
 * One statement, however many customers. The caller holds their locks exclusively, taken in an earlier statement. Answers how
 * many values were destroyed.
 */
export async function eraseUncovered(tx: Tx, uncovered: Uncovered[]): Promise<number> {
  const values = uncovered.flatMap(({ customerId, attributes, revocationId }) =>
    attributes.map((attribute) => [customerId, attribute, revocationId] as const),
  );
  if (values.length === 0) return 0;
  const columns = [0, 1, 2].map((column) => values.map((value) => value[column]));
  const [row] = await tx.query<{ erased: number }>(ERASE, [tx.programmeId, ...columns]);
  return row?.erased ?? 0;
}

/** How many values that these consents cover nothing would cover if they ended. */
export async function countUncoveredWithout(tx: Tx, customerId: string, consentIds: string[]): Promise<number> {
  const [row] = await tx.query<{ uncovered: number }>(COUNT_UNCOVERED, [tx.programmeId, customerId, consentIds]);
  return row?.uncovered ?? 0;
}
