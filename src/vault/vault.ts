import { KEY_BYTES, open, randomFromPool, seal } from '../platform/crypto';
import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import type { ProgrammeKeys } from '../platform/key-ring';

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
  /** The value's own data key, wrapped by the programme's. */
  wrappedKey: Buffer;
}

const STORE: Statement = {
  name: 'store_values',
  text: `INSERT INTO vault_values AS v (programme_id, customer_id, attribute, version, ciphertext, wrapped_key, stored_at)
           SELECT $1, r.customer, r.attribute, r.version, decode(r.ciphertext, 'base64'), decode(r.wrapped_key, 'base64'), $3
             FROM json_to_recordset($2) AS r(customer bigint, attribute text, version uuid, ciphertext text, wrapped_key text)
         ON CONFLICT ON CONSTRAINT vault_values_pk DO UPDATE SET version = excluded.version, ciphertext = excluded.ciphertext,
           wrapped_key = excluded.wrapped_key, stored_at = excluded.stored_at`,
};
const ERASE: Statement = {
  name: 'erase_uncovered_values',
  text: `WITH gone AS (
           DELETE FROM vault_values v WHERE v.programme_id = $1 AND v.customer_id = $2 AND v.attribute = ANY ($3)
              AND NOT EXISTS (SELECT FROM consents c WHERE c.programme_id = $1 AND c.customer_id = $2
                                 AND c.attribute = v.attribute AND c.status = 'active')
           RETURNING v.attribute, v.version)
         INSERT INTO erasure_journal (programme_id, customer_id, attribute, version, revocation_id)
           SELECT $1, $2, gone.attribute, gone.version, $4 FROM gone RETURNING attribute`,
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
  const dataKey = open(keys.values, sealed.wrappedKey, bound);
  return JSON.parse(open(dataKey, sealed.ciphertext, bound).toString()) as unknown;
}

/** Stores values as the current ones; the former version and its key are destroyed by it. */
export async function storeValues(tx: Tx, values: (SealedValue & { customerId: string })[], at: Date): Promise<void> {
  if (values.length === 0) return;
  const rows = values.map(({ customerId, attribute, version, ciphertext, wrappedKey }) => ({
    customer: customerId,
    attribute,
    version,
    ciphertext: ciphertext.toString('base64'),
    wrapped_key: wrappedKey.toString('base64'),
  }));
  await tx.query(STORE, [tx.programmeId, JSON.stringify(rows), at]);
}

/**
 * Destroys those of the attributes' values that no active consent covers any more: ciphertext and data key, with an entry
 * in the journal. The caller holds the customer's lock exclusively. Answers how many were destroyed.
 */
export async function eraseUncovered(
  tx: Tx,
  customerId: string,
  attributes: string[],
  revocationId: string | null,
): Promise<number> {
  return (await tx.query(ERASE, [tx.programmeId, customerId, attributes, revocationId])).length;
}

/** How many values that these consents cover nothing would cover if they ended. */
export async function countUncoveredWithout(tx: Tx, customerId: string, consentIds: string[]): Promise<number> {
  const [row] = await tx.query<{ uncovered: number }>(COUNT_UNCOVERED, [tx.programmeId, customerId, consentIds]);
  return row?.uncovered ?? 0;
}
