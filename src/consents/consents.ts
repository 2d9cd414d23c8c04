import type { Statement, Tx } from '../platform/database';

/** What a customer gives with one share: one consent an attribute and purpose. */
export interface GivenConsent {
  /** uuid */
  id: string;
  attribute: string;
  purpose: string;
  /** Ids of those who may be given the value: the ones the notice named. */
  recipients: string[];
  retentionDays: number;
}

export interface ConsentsOfShare {
  customerId: string;
  shareId: string;
  consents: GivenConsent[];
}

/** What a customer takes back. */
export type RevocationScope = { share: string } | { purpose: string } | { attribute: string } | { everything: true };

/**
 * What ends consents: the customer, staff that withdraw a recipient (by key; a purpose as above), their time, a merge of two
 * customers that has become final (of these consents; uuids), a materially new notice of an offer (uuid; consents of shares of a
 * version before), the programme's end, or the journal of what had ended before a backup was restored.
 */
export type EndingScope =
  | RevocationScope
  | { recipient: string }
  | { expired: true }
  | { merge: string; consents: string[] }
  | { offer: string; before: number }
  | { programme: true }
  | { replayed: true; consents: string[] };

/** As which a consent ends. */
export type EndedAs = 'withdrawn' | 'expired' | 'superseded';

export interface ActiveConsent {
  customerId: string;
  id: string;
  shareId: string;
  attribute: string;
  purpose: string;
}

const GIVE: Statement = {
  name: 'give_consents',
  text: `INSERT INTO consents (programme_id, customer_id, share_id, attribute, purpose, id, recipients, given_at, until)
           SELECT $1, r.customer, r.share, r.attribute, r.purpose, r.id, r.recipients::uuid[], $3::timestamptz, $3::timestamptz + make_interval(days => r.days)
             FROM json_to_recordset($2) AS r(customer bigint, share uuid, attribute text, purpose text, id uuid, recipients text, days int)`,
};
const TELL_GIVEN: Statement = {
  name: 'tell_given',
  text: `INSERT INTO consent_events (programme_id, customer_id, event, share_id, consents, at)
           SELECT $1, r.customer, 'given', r.share, r.consents::uuid[], $3
             FROM json_to_recordset($2) AS r(customer bigint, share uuid, consents text)`,
};
/**
 * Condition on active consents that are within a scope, whose values (`scopeValues`) are $3 to $10, of the programme $1. That nothing
 * has ended says the same as the status, and leaves the planner no index over all that is active.
 */
export const WITHIN_SCOPE = `programme_id = $1 AND ended_at IS NULL
            AND ($3::uuid IS NULL OR share_id = $3) AND ($4::text IS NULL OR purpose = $4) AND ($5::text IS NULL OR attribute = $5)
            AND ($6::text IS NULL OR (SELECT id FROM recipients WHERE programme_id = $1 AND key = $6) = ANY (recipients))
            AND (NOT $7 OR until <= statement_timestamp()) AND ($8::uuid[] IS NULL OR id = ANY ($8))
            AND ($9::uuid IS NULL OR EXISTS (SELECT FROM shares s WHERE s.programme_id = $1 AND s.customer_id = consents.customer_id
                  AND s.id = consents.share_id AND s.offer_id = $9 AND s.offer_version < $10))`;
const ACTIVE: Statement = {
  name: 'active_consents',
  text: `SELECT customer_id AS "customerId", id, share_id AS "shareId", attribute, purpose FROM consents
          WHERE customer_id = ANY ($2) AND ${WITHIN_SCOPE}`,
};
const EXTENT: Statement = {
  name: 'extent_of_scope',
  text: `SELECT count(DISTINCT customer_id)::int AS customers, coalesce(min(customer_id), 0) AS first, coalesce(max(customer_id), 0) AS last
           FROM consents WHERE customer_id > $2 AND ${WITHIN_SCOPE}`,
};
const NEXT: Statement = {
  name: 'next_customers_within_scope',
  // In the order of the table's key: all batches together read it once.
  text: `SELECT DISTINCT customer_id AS id FROM consents WHERE customer_id > $2 AND customer_id <= $11 AND ${WITHIN_SCOPE}
          ORDER BY customer_id LIMIT $12`,
};
const END: Statement = {
  name: 'end_consents',
  text: `WITH ended AS (
           UPDATE consents k SET status = $3, ended_at = $4, revocation_id = r.revocation
             FROM json_to_recordset($2) AS r(customer bigint, share uuid, attribute text, purpose text, revocation uuid)
            WHERE k.programme_id = $1 AND k.customer_id = r.customer AND k.share_id = r.share AND k.attribute = r.attribute
              AND k.purpose = r.purpose AND k.status = 'active' RETURNING k.customer_id, k.id, k.revocation_id)
         INSERT INTO consent_events (programme_id, customer_id, event, revocation_id, consents, at)
           SELECT $1, customer_id, $3, revocation_id, array_agg(id), $4 FROM ended GROUP BY customer_id, revocation_id`,
};

const HIGHEST_ID = '9223372036854775807';
const array = (ids: string[]): string => `{${ids.join(',')}}`;

/** Gives consents, with their events, at one time (the database's); the caller holds the customers' locks. */
export async function give(tx: Tx, shares: ConsentsOfShare[], at: Date): Promise<void> {
  const given = shares.filter(({ consents }) => consents.length > 0);
  if (given.length === 0) return;
  const rows = given.flatMap(({ customerId, shareId, consents }) =>
    consents.map(({ id, attribute, purpose, recipients, retentionDays }) => ({
      customer: customerId,
      share: shareId,
      attribute,
      purpose,
      id,
      recipients: array(recipients),
      days: retentionDays,
    })),
  );
  const events = given.map(({ customerId, shareId, consents }) => ({
    customer: customerId,
    share: shareId,
    consents: array(consents.map(({ id }) => id)),
  }));
  await Promise.all([
    tx.query(GIVE, [tx.programmeId, JSON.stringify(rows), at]),
    tx.query(TELL_GIVEN, [tx.programmeId, JSON.stringify(events), at]),
  ]);
}

/** Active consents of these customers within a scope. */
export async function activeConsents(tx: Tx, customerIds: string[], scope: EndingScope): Promise<ActiveConsent[]> {
  return tx.query<ActiveConsent>(ACTIVE, [tx.programmeId, customerIds, ...scopeValues(scope)]);
}

/** How many customers have active consents within a scope, and between which ids. */
export async function extentOf(
  tx: Tx,
  scope: EndingScope,
): Promise<{ customers: number; first: string; last: string }> {
  const [row] = await tx.query<{ customers: number; first: string; last: string }>(EXTENT, [
    tx.programmeId,
    '0',
    ...scopeValues(scope),
  ]);
  return row ?? { customers: 0, first: '0', last: '0' };
}

/** Up to limit of them in the order of their ids, after one and up to the last (null: any). */
export async function nextWithin(
  tx: Tx,
  scope: EndingScope,
  { after, last, limit }: { after: string; last: string | null; limit: number },
): Promise<string[]> {
  const values = [tx.programmeId, after, ...scopeValues(scope), last ?? HIGHEST_ID, limit];
  return (await tx.query<{ id: string }>(NEXT, values)).map(({ id }) => id);
}

/** Of WITHIN_SCOPE. */
export function scopeValues(scope: EndingScope): unknown[] {
  const share = 'share' in scope ? scope.share : null;
  const purpose = 'purpose' in scope ? scope.purpose : null;
  const attribute = 'attribute' in scope ? scope.attribute : null;
  const recipient = 'recipient' in scope ? scope.recipient : null;
  const consents = 'consents' in scope ? scope.consents : null;
  const { offer, before } = 'offer' in scope ? scope : { offer: null, before: null };
  return [share, purpose, attribute, recipient, 'expired' in scope, consents, offer, before];
}

/** Ends active consents, with one event a customer; the caller holds the customers' locks exclusively. */
export async function end(
  tx: Tx,
  consents: (ActiveConsent & { revocationId: string })[],
  how: { status: EndedAs; at: Date },
): Promise<void> {
  const rows = consents.map(({ customerId, shareId, attribute, purpose, revocationId }) => ({
    customer: customerId,
    share: shareId,
    attribute,
    purpose,
    revocation: revocationId,
  }));
  await tx.query(END, [tx.programmeId, JSON.stringify(rows), how.status, how.at]);
}
