import { CUSTOMER_REF } from '../access';
import {
  activeConsents,
  addCustomers,
  identifyCustomers,
  keepSignal,
  lockCustomers,
  type IdentifiedCustomer,
} from '../consents/core';
import { isFinished, latestJob } from '../jobs/core';
import { balanceOf } from '../ledger';
import { carryMarks } from '../offers/core';
import { append } from '../outbox';
import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import type { ProgrammeKeys } from '../platform/key-ring';
import { conflict, customerMerged, invalidField, notFound, type Problem } from '../platform/problem';
import { block, refusedByOne } from './blocks';
import { type Merge, requireMerge } from './merge-rows';
import { movePoints } from './points';

/** So long a merge can be undone. */
const UNDO_DAYS = 30;

const POINT: Statement = {
  name: 'point_customer_to_merged',
  text: 'UPDATE customers SET merged_into = $3 WHERE programme_id = $1 AND id = $2',
};
const SIGNALLED: Statement = {
  name: 'has_gpc',
  text: 'SELECT FROM customers WHERE programme_id = $1 AND id = $2 AND gpc_at IS NOT NULL',
};
const WRITE: Statement = {
  name: 'write_merge',
  text: `INSERT INTO merges (programme_id, id, from_id, into_id, points, held_points, pending_points, consents_paused, consents_blocked, merged_at, undo_until)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, s.now, s.now + make_interval(days => $10) FROM (SELECT clock_timestamp() AS now) s`,
};

export const wrongState = (detail: string): Problem => conflict('merge-state', 'The merge is not possible now', detail);

/**
 * THE merge transaction. It holds both customers' locks exclusively, as a revocation holds one: when it has committed, nothing
 * more is released, given, awarded or spent under the reference that is merged away. What can be spent moves in it; what is
 * pending or held is owed (see points.ts).
 *
 * @throws 404 for one never seen, 422 for one and the same, 409 `customer-merged` where either has been merged away,
 * `merge-state` where either is leaving.
 */
export async function merge(tx: Tx, keys: ProgrammeKeys, references: { from: string; into: string }): Promise<Merge> {
  const { from, into } = references;
  if (!CUSTOMER_REF.test(from)) throw notFound('customer');
  if (from === into) throw invalidField('/into', 'into must be another customer');
  await lockCustomers(tx, [from, into]);
  const customers = await identifyCustomers(tx, [from, into]);
  const one = customers.get(from)!;
  const other = customers.get(into)!;
  if (!one.known) throw notFound('customer');
  for (const customer of [one, other]) await refuseGone(tx, customer);
  await addCustomers(tx, [other]);

  const id = newId();
  const between = { id, fromId: one.id, intoId: other.id };
  const paused = await activeConsents(tx, [one.id], { everything: true });
  const refused = await refusedByOne(tx, between);
  await tx.query(POINT, [tx.programmeId, one.id, other.id]);
  // What the browser of the one has said is said of the other from now on.
  const isSignalled = (await tx.query(SIGNALLED, [tx.programmeId, one.id])).length > 0;
  if (isSignalled) await keepSignal(tx, [other.id]);
  const points = await movePoints(tx, between);
  const { held, pending } = await balanceOf(tx, one.id);
  const counts = [points, held, pending, paused.length, refused.length];
  await tx.query(WRITE, [tx.programmeId, id, one.id, other.id, ...counts, UNDO_DAYS]);
  await block(tx, between, refused);
  await carryMarks(tx, keys, references);
  // Also where nothing seems to be pending: what is booked at this moment is not seen yet.
  await append(tx, [{ topic: 'merge', id }]);
  return requireMerge(tx, id);
}

async function refuseGone(tx: Tx, { id, known, mergedInto }: IdentifiedCustomer): Promise<void> {
  if (!known) return;
  if (mergedInto !== null) throw customerMerged(mergedInto);
  const leaving = await latestJob(tx, 'customer-erasure', { customerId: id });
  if (leaving && !isFinished(leaving)) throw wrongState('One of the customers is leaving.');
}
