import { randomBytes } from 'node:crypto';
import { type EndedAs, type EndingScope, scopeValues, WITHIN_SCOPE } from '../consents/core';
import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import { WITH_GONE_VALUES } from '../vault';
import { announceNotices } from './tell';

/** The revocation of a customer in a batch: $13 is the batch's, and $14 makes the customer's number a random one. */
const revocationOf = (customer: string): string => `($13 || to_hex((${customer} # $14::bigint) | ${FIRST_BIT}))::uuid`;
const FIRST_BIT = '(-9223372036854775808)';

/**
 * All that follows for thousands of customers, in one statement, which joins no two sets: whatever the planner takes the tables
 * for, each is read by the customers' own keys. Everything that it changes it sees as it was before.
 */
const END: Statement = {
  name: 'end_consents_for_many',
  text: `WITH now AS MATERIALIZED (SELECT clock_timestamp() AS at),
    ended AS (
      UPDATE consents SET status = $11, ended_at = (SELECT at FROM now), revocation_id = ${revocationOf('customer_id')}
       WHERE customer_id = ANY ($2) AND ${WITHIN_SCOPE} RETURNING revocation_id AS revocation, customer_id, id, attribute::text, purpose::text),
    events AS (
      INSERT INTO consent_events (programme_id, customer_id, event, revocation_id, consents, at)
        SELECT $1, customer_id, $11, revocation, array_agg(id), (SELECT at FROM now) FROM ended GROUP BY customer_id, revocation),
    gone AS (
      DELETE FROM vault_values v WHERE v.programme_id = $1 AND v.customer_id = ANY ($2)
         AND CASE WHEN (v.customer_id, v.attribute::text) IN (SELECT customer_id, attribute FROM ended)
             THEN (v.customer_id, v.attribute::text) NOT IN (
               SELECT c.customer_id, c.attribute::text FROM consents c WHERE c.programme_id = $1 AND c.customer_id = ANY ($2)
                  AND c.ended_at IS NULL AND c.id NOT IN (SELECT id FROM ended)) END
      RETURNING v.customer_id, v.attribute, v.version, ${revocationOf('v.customer_id')} AS revocation),
    ${WITH_GONE_VALUES},
    disclosed AS MATERIALIZED (
      SELECT c.id, d.recipient_id AS recipient FROM disclosures d CROSS JOIN LATERAL unnest(d.consents) AS c(id)
       WHERE d.programme_id = $1 AND d.customer_id = ANY ($2)),
    used AS (
      SELECT max(customer) AS customer, max(purpose) AS purpose, max(attribute) AS attribute, array_agg(DISTINCT recipient) AS recipients
        FROM (SELECT id, customer_id AS customer, purpose, attribute, NULL::uuid AS recipient FROM ended
               WHERE CASE WHEN id IN (SELECT id FROM disclosed) THEN true END
              UNION ALL SELECT id, NULL, NULL, NULL, recipient FROM disclosed) u
       GROUP BY id),
    notices AS (
      INSERT INTO revocation_notices (programme_id, id, revocation_id, recipient_id, purposes, attributes, created_at, due_at)
        SELECT $1, new_id(), ${revocationOf('u.customer')}, r.id, array_agg(DISTINCT u.purpose), array_agg(DISTINCT u.attribute), (SELECT at FROM now),
               (SELECT at FROM now) + make_interval(hours => (SELECT due_hours FROM recipients WHERE programme_id = $1 AND id = r.id))
          FROM used u CROSS JOIN LATERAL unnest(u.recipients) AS r(id)
         WHERE u.customer IS NOT NULL AND r.id IS NOT NULL GROUP BY u.customer, r.id
      RETURNING revocation_id AS revocation),
    revoked AS (
      INSERT INTO revocations (programme_id, id, customer_id, scope, status, consents_ended, values_erasing, blocked_at, erased_at, told_at,
                               completed_at)
        SELECT $1, revocation, max(customer_id), $12, CASE count(notice) WHEN 0 THEN 'complete' ELSE 'erased' END, count(consent),
               count(version), (SELECT at FROM now), (SELECT at FROM now), CASE count(notice) WHEN 0 THEN (SELECT at FROM now) END,
               CASE count(notice) WHEN 0 THEN (SELECT at FROM now) END
          FROM (SELECT revocation, customer_id, id AS consent, NULL::uuid AS version, NULL::boolean AS notice FROM ended
                UNION ALL SELECT revocation, NULL, NULL, version, NULL FROM gone
                UNION ALL SELECT revocation, NULL, NULL, NULL, true FROM notices) e
         GROUP BY revocation)
    SELECT ARRAY(SELECT DISTINCT revocation FROM notices) AS told`,
};

/** Of plans, which are made for any number of customers, and of tables that the planner may know nothing of yet. */
const PLAN: Statement = {
  name: 'plan_for_many',
  text: `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`,
};

/**
 * Ends consents of some thousand customers as their own revocations would, whose locks the caller holds exclusively, and has
 * taken in an earlier statement: consents, history, a revocation each and the notices that are owed. The values that nothing
 * covers any more are destroyed along with it, so that no erasure is owed for any of them.
 */
export async function endForMany(tx: Tx, customerIds: string[], scope: EndingScope, status: EndedAs): Promise<void> {
  const batch = newId().replaceAll('-', '').slice(0, 16);
  const disguise = (randomBytes(8).readBigUInt64BE() >> 4n).toString();
  const values = [tx.programmeId, customerIds, ...scopeValues(scope), status, scope, batch, disguise];
  const [, [ended]] = await Promise.all([tx.query(PLAN, []), tx.query<{ told: string[] }>(END, values)]);
  if (ended && ended.told.length > 0) await announceNotices(tx, ended.told);
}
