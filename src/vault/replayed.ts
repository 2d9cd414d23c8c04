import { lockCustomersById } from '../consents/core';
import type { DataKeys } from '../platform/data-keys';
import type { Database, Statement, Tx } from '../platform/database';
import { WITH_GONE_VALUES } from './vault';

const PAGE = 2_000;

const DESTROY: Statement = {
  name: 'destroy_replayed_values',
  // The version that was destroyed, and whichever was there before it; what the journal has already is not looked at again,
  // since another value may have been stored after it.
  text: `WITH r AS MATERIALIZED (
           SELECT DISTINCT ON (version) *
             FROM json_to_recordset($2) AS r(customer bigint, attribute text, version uuid, revocation uuid, at timestamptz)
            WHERE NOT EXISTS (SELECT FROM key_store.data_keys k WHERE k.programme_id = $1 AND k.id = r.version AND k.destroyed_at IS NOT NULL)
              AND NOT EXISTS (SELECT FROM erasure_journal j WHERE j.programme_id = $1 AND j.revocation_id = r.revocation AND j.version = r.version)),
         known AS (
           INSERT INTO key_store.data_keys AS k (programme_id, id, destroyed_at) SELECT $1, version, clock_timestamp() FROM r
              WHERE NOT EXISTS (SELECT FROM vault_values v WHERE v.programme_id = $1 AND v.customer_id = r.customer
                                          AND v.attribute = r.attribute AND v.version = r.version)
           ON CONFLICT ON CONSTRAINT data_keys_pk DO UPDATE SET wrapped_key = NULL, destroyed_at = excluded.destroyed_at
             WHERE k.destroyed_at IS NULL),
         before AS (
           INSERT INTO erasure_journal (programme_id, customer_id, attribute, version, revocation_id)
             SELECT $1, r.customer, r.attribute, r.version, c.id FROM r
               LEFT JOIN revocations c ON c.programme_id = $1 AND c.id = r.revocation AND c.customer_id = r.customer
              WHERE NOT EXISTS (SELECT FROM vault_values v WHERE v.programme_id = $1 AND v.customer_id = r.customer
                                   AND v.attribute = r.attribute AND v.version = r.version)),
         gone AS (
           DELETE FROM vault_values v USING r
            WHERE v.programme_id = $1 AND v.customer_id = r.customer AND v.attribute = r.attribute
              AND CASE WHEN r.revocation IS NULL THEN v.version = r.version ELSE v.stored_at <= r.at END
           RETURNING v.customer_id, v.attribute, v.version,
             (SELECT id FROM revocations c WHERE c.programme_id = $1 AND c.id = r.revocation AND c.customer_id = v.customer_id) AS revocation),
         ${WITH_GONE_VALUES}
         SELECT count(*)::int AS destroyed FROM gone`,
};
const AFTER: Statement = {
  name: 'values_after',
  text: `SELECT customer_id AS "customerId", attribute, version FROM vault_values WHERE programme_id = $1
            AND (customer_id, attribute::text) > ($2::bigint, $3::text) ORDER BY customer_id, attribute::text LIMIT $4`,
};
const DESTROY_VERSIONS: Statement = {
  name: 'destroy_versions',
  text: `WITH gone AS (
           DELETE FROM vault_values v USING unnest($2::bigint[], $3::text[], $4::uuid[]) AS r(customer, attribute, version)
            WHERE v.programme_id = $1 AND v.customer_id = r.customer AND v.attribute = r.attribute AND v.version = r.version
           RETURNING v.customer_id, v.attribute, v.version, NULL::uuid AS revocation),
         ${WITH_GONE_VALUES} SELECT count(*) FROM gone`,
};
const WITH_KEYS_HERE: Statement = {
  name: 'versions_with_keys_here',
  text: `SELECT id FROM key_store.data_keys WHERE programme_id = $1 AND id = ANY ($2) AND destroyed_at IS NULL`,
};

/** A value that a journal says was destroyed. */
export interface ReplayedErasure {
  customer: string;
  attribute: string;
  version: string;
  revocation: string | null;
  at: string;
}

/**
 * Destroys again what a backup brought back, with keys and an entry in the journal. The caller holds the customers' locks.
 * Answers how many values there were.
 */
export async function destroyReplayed(tx: Tx, erased: ReplayedErasure[]): Promise<number> {
  if (erased.length === 0) return 0;
  const [row] = await tx.query<{ destroyed: number }>(DESTROY, [tx.programmeId, JSON.stringify(erased)]);
  return row?.destroyed ?? 0;
}

/** A value whose key is nowhere. */
export interface Keyless {
  customerId: string;
  attribute: string;
  version: string;
}

/** Destroys values whose keys are not in the key store any more; before, in the same transaction, ends what covers them. */
export async function destroyWithoutKeys(
  database: Database,
  dataKeys: DataKeys,
  programmeId: string,
  end: (tx: Tx, values: Keyless[]) => Promise<void>,
): Promise<void> {
  for (let after: Keyless = { customerId: '0', attribute: '', version: '' }, isMore = true; isMore;) {
    const { values, here } = await database.inProgramme(programmeId, async (tx) => {
      const page = await tx.query<Keyless>(AFTER, [programmeId, after.customerId, after.attribute, PAGE]);
      const versions = page.map(({ version }) => version);
      return { values: page, here: await tx.query<{ id: string }>(WITH_KEYS_HERE, [programmeId, versions]) };
    });
    const isHere = new Set(here.map(({ id }) => id));
    const apart = values.filter(({ version }) => !isHere.has(version));
    const found = await dataKeys.find(
      programmeId,
      apart.map(({ version }) => version),
    );
    const keyless = apart.filter(({ version }) => !found.has(version));
    if (keyless.length > 0)
      await database.inProgramme(programmeId, async (tx) => {
        await lockCustomersById(tx, [...new Set(keyless.map(({ customerId }) => customerId))]);
        await end(tx, keyless);
        const columns = (['customerId', 'attribute', 'version'] as const).map((of) => keyless.map((one) => one[of]));
        await tx.query(DESTROY_VERSIONS, [programmeId, ...columns]);
      });
    isMore = values.length === PAGE;
    after = values.at(-1) ?? after;
  }
}
