import type { Statement, Tx } from '../platform/database';
import { customerMerged } from '../platform/problem';

const LOCK: Statement = {
  name: 'lock_customers',
  text: `SELECT pg_advisory_xact_lock(k) FROM (
           SELECT DISTINCT customer_lock($1, ref) AS k FROM unnest($2::text[]) AS ref ORDER BY k) AS sorted`,
};
const LOCK_SHARED: Statement = {
  name: 'lock_customers_shared',
  text: `SELECT pg_advisory_xact_lock_shared(k) FROM (
           SELECT DISTINCT customer_lock($1, ref) AS k FROM unnest($2::text[]) AS ref ORDER BY k) AS sorted`,
};
const LOCK_BY_ID: Statement = {
  name: 'lock_customers_by_id',
  text: `SELECT count(pg_advisory_xact_lock(k)) FROM (
           SELECT DISTINCT customer_lock($1, ref) AS k FROM customers
            WHERE programme_id = $1 AND id = ANY ($2) AND ref IS NOT NULL ORDER BY k) AS sorted`,
};
const FIND: Statement = {
  name: 'find_customer',
  text: 'SELECT id FROM customers WHERE programme_id = $1 AND ref = $2',
};
const FIND_WITH_MERGE: Statement = {
  name: 'find_customer_with_merge',
  text: `SELECT id, CASE WHEN merged_into IS NOT NULL THEN merged_ref($1, id) END AS "mergedInto" FROM customers
          WHERE programme_id = $1 AND ref = $2`,
};
const IDENTIFY: Statement = {
  name: 'identify_customers',
  // LATERAL with a LIMIT: one look into the index a reference. A plain join may be planned to read all of the programme's
  // customers, which is so before the first ANALYZE, and in a plan that was made then and kept.
  text: `SELECT r.ref, coalesce(c.id, nextval('customers_id_seq')) AS id, c.id IS NOT NULL AS known,
                CASE WHEN c.merged_into IS NOT NULL THEN merged_ref($1, c.id) END AS "mergedInto"
           FROM unnest($2::text[]) AS r(ref)
           LEFT JOIN LATERAL (SELECT id, merged_into FROM customers WHERE programme_id = $1 AND ref = r.ref LIMIT 1) c ON true`,
};
const ADD: Statement = {
  name: 'add_customers',
  text: 'INSERT INTO customers (programme_id, id, ref) SELECT $1, * FROM unnest($2::bigint[], $3::text[])',
};

/** A customer, or who would be one: then the id is theirs to come. */
export interface IdentifiedCustomer {
  ref: string;
  /** bigint, as text */
  id: string;
  known: boolean;
  /** The reference of who they are now, where they have been merged into another; otherwise null. */
  mergedInto: string | null;
}

/**
 * Holds these customers until the transaction ends: nobody else gives, withdraws, corrects, erases or releases for them.
 * In sorted order, so that two batches never wait for each other. What is decided under the lock must be read in a
 * statement of its own *after* it: a statement's snapshot is older than the lock it waited for.
 */
export async function lockCustomers(tx: Tx, refs: string[]): Promise<void> {
  await tx.query(LOCK, [tx.programmeId, refs]);
}

/** The same by id; whoever has no reference any more cannot be asked for, and needs no lock. */
export async function lockCustomersById(tx: Tx, ids: string[]): Promise<void> {
  await tx.query(LOCK_BY_ID, [tx.programmeId, ids]);
}

/** The same, shared among releases: they exclude a revocation, not each other. */
export async function lockCustomersShared(tx: Tx, refs: string[]): Promise<void> {
  await tx.query(LOCK_SHARED, [tx.programmeId, refs]);
}

/** A customer's id (bigint, as text); undefined for one never seen. */
export async function findCustomer(tx: Tx, ref: string): Promise<string | undefined> {
  return (await tx.query<{ id: string }>(FIND, [tx.programmeId, ref]))[0]?.id;
}

/** The same for what only who they are now can be told. @throws 409 `customer-merged` for one merged into another */
export async function findUnmerged(tx: Tx, ref: string): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string; mergedInto: string | null }>(FIND_WITH_MERGE, [tx.programmeId, ref]);
  if (typeof row?.mergedInto === 'string') throw customerMerged(row.mergedInto);
  return row?.id;
}

/** Customers by reference, those never seen with the id they will have if they are added; the caller holds their locks. */
export async function identifyCustomers(tx: Tx, refs: string[]): Promise<Map<string, IdentifiedCustomer>> {
  const rows = await tx.query<IdentifiedCustomer>(IDENTIFY, [tx.programmeId, refs]);
  return new Map(rows.map((row) => [row.ref, row]));
}

/** Adds customers that are not known yet; the caller holds their locks. */
export async function addCustomers(tx: Tx, customers: IdentifiedCustomer[]): Promise<void> {
  const added = customers.filter(({ known }) => !known);
  if (added.length === 0) return;
  await tx.query(ADD, [tx.programmeId, added.map(({ id }) => id), added.map(({ ref }) => ref)]);
}
