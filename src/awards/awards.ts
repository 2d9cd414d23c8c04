import { addCustomers, identifyCustomers, lockCustomers } from '../consents';
import { append } from '../outbox';
import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import { conflict, customerMerged, programmeEnded } from '../platform/problem';

/** Points for something else than data. */
export interface AwardRequest {
  customerRef: string;
  points: number;
  /** In words that the customer may read. */
  reason: string;
  /** The storefront's own reference of what it is for, which is awarded once. */
  reference: string;
  /** Days that the points can be spent, counted from the award; without, they do not expire. */
  validDays?: number | undefined;
}

/** An award, and what became of it. */
export interface Award {
  /** uuid */
  id: string;
  kind: 'points' | 'discount';
  status: 'pending' | 'granted';
  /** Undefined for a discount code. */
  points: number | undefined;
  /** How many of them were reversed since. */
  reversed: number;
  /** Undefined for a customer who has left. */
  customerRef: string | undefined;
  reason: string | undefined;
  reference: string | undefined;
  /** Whether it is for a share, which then has the award's uuid. */
  ofShare: boolean;
  promisedAt: Date;
  /** The last day on which the points can be spent, YYYY-MM-DD. */
  expiresOn: string | undefined;
}

const WRITE: Statement = {
  name: 'write_award',
  text: `INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, reason, reference, promised_at)
           SELECT $1, $2, $3, 'points', $4, (now() AT TIME ZONE p.time_zone)::date + $5::int, $6, $7, now() FROM programmes p WHERE p.id = $1 AND p.ended_at IS NULL
         ON CONFLICT (programme_id, reference) WHERE reference IS NOT NULL DO NOTHING RETURNING id`,
};
const FIND = `
  SELECT w.id, w.kind, w.points, w.reason, w.reference, w.share_id, w.promised_at, w.expires_on::text, c.ref,
         CASE WHEN c.merged_into IS NOT NULL THEN merged_ref($1, c.id) END AS merged_into,
         t.id IS NOT NULL OR d.code IS NOT NULL AS granted,
         (SELECT sum(r.reversed) FROM reversals r WHERE r.programme_id = $1 AND r.award_id = w.id) AS reversed
    FROM awards w JOIN customers c ON c.programme_id = $1 AND c.id = w.customer_id
    LEFT JOIN transfers t ON t.programme_id = $1 AND t.id = w.id
    LEFT JOIN discount_codes d ON d.programme_id = $1 AND d.award_id = w.id
   WHERE w.programme_id = $1`;
const FIND_BY_REFERENCE: Statement = { name: 'find_award_by_reference', text: `${FIND} AND w.reference = $2` };
const FIND_BY_ID: Statement = { name: 'find_award', text: `${FIND} AND w.id = $2 AND w.kind <> 'none'` };
const BEHIND: Statement = {
  name: 'awards_behind_entries',
  text: 'SELECT id, reason, reference FROM awards WHERE programme_id = $1 AND id = ANY ($2) AND share_id IS NULL',
};

interface Row {
  id: string;
  kind: 'points' | 'discount';
  points: string | null;
  reason: string | null;
  reference: string | null;
  share_id: string | null;
  promised_at: Date;
  expires_on: string | null;
  ref: string | null;
  /** The reference of who they are now, where they have been merged into another. */
  merged_into: string | null;
  granted: boolean;
  reversed: string | null;
}

/**
 * Promises points, which the worker books as it does those of a share; the caller rings the bell. Under the same reference
 * again: the same award, also where its customer has been merged into another since, by either's reference. @throws 409
 * `reference-used` for another customer or another number of points under it, `customer-merged`, `programme-ended`
 */
export async function award(tx: Tx, request: AwardRequest): Promise<Pick<Award, 'id' | 'status'>> {
  const { customerRef, points, reason, reference, validDays = null } = request;
  const [, customers] = await Promise.all([lockCustomers(tx, [customerRef]), identifyCustomers(tx, [customerRef])]);
  const customer = customers.get(customerRef)!;
  if (customer.mergedInto !== null) return awardedBefore(tx, request, customer.mergedInto);
  await addCustomers(tx, [customer]);
  const id = newId();
  const written = await tx.query(WRITE, [tx.programmeId, id, customer.id, points, validDays, reason, reference]);
  if (written.length === 0) return sameAward(tx, request);
  await append(tx, [{ topic: 'points', id }]);
  return { id, status: 'pending' };
}

/** In a statement after the one that met it, so that it is seen whoever wrote it, and however long ago. */
async function sameAward(tx: Tx, request: AwardRequest): Promise<Award> {
  const [row] = await tx.query<Row>(FIND_BY_REFERENCE, [tx.programmeId, request.reference]);
  if (!row) throw programmeEnded();
  if (!isWhat(row, request)) {
    const detail = 'It is for another customer, or another number of points.';
    throw conflict('reference-used', 'There is an award with this reference', detail);
  }
  return awardOf(row);
}

/** What was awarded under this reference before the merge. @throws 409 `customer-merged`, as nothing new is. */
async function awardedBefore(tx: Tx, request: AwardRequest, mergedInto: string): Promise<Award> {
  const [row] = await tx.query<Row>(FIND_BY_REFERENCE, [tx.programmeId, request.reference]);
  if (!row || !isWhat(row, request)) throw customerMerged(mergedInto);
  return awardOf(row);
}

const isWhat = ({ ref, merged_into: mergedInto, points }: Row, request: AwardRequest): boolean =>
  [ref, mergedInto].includes(request.customerRef) && Number(points) === request.points;

/** The award with this uuid, also one of a share; undefined when there is none. */
export async function findAward(tx: Tx, id: string): Promise<Award | undefined> {
  const [row] = await tx.query<Row>(FIND_BY_ID, [tx.programmeId, id]);
  return row && awardOf(row);
}

/** Why points were awarded that no share stands behind, by the award's uuid; those of shares are left out. */
export async function reasonsOf(tx: Tx, ids: string[]): Promise<Map<string, { reason: string; reference: string }>> {
  const rows = await tx.query<{ id: string; reason: string; reference: string }>(BEHIND, [tx.programmeId, ids]);
  return new Map(rows.map(({ id, reason, reference }) => [id, { reason, reference }]));
}

const awardOf = (row: Row): Award => ({
  id: row.id,
  kind: row.kind,
  status: row.granted ? 'granted' : 'pending',
  points: row.points === null ? undefined : Number(row.points),
  reversed: Number(row.reversed ?? 0),
  customerRef: row.ref ?? undefined,
  reason: row.reason ?? undefined,
  reference: row.reference ?? undefined,
  ofShare: row.share_id !== null,
  promisedAt: row.promised_at,
  expiresOn: row.expires_on ?? undefined,
});
