import { findCustomer, lockCustomers } from '../consents/core';
import {
  cancelJob,
  createJob,
  customerMark,
  isFinished,
  type Job,
  type JobSteps,
  latestJob,
  lockJob,
} from '../jobs/core';
import { balanceOf } from '../ledger';
import type { Statement, Tx } from '../platform/database';
import type { KeyRing } from '../platform/key-ring';
import { notFound } from '../platform/problem';
import { erase } from './erasure';
import { endConsents } from './revoke';

const PERSON: Statement = {
  name: 'customer_with_merged',
  // The customer, and whoever has been merged into them: they are one person.
  text: `WITH RECURSIVE person AS (
           SELECT c.id, c.ref FROM customers c WHERE c.programme_id = $1 AND c.id = $2
           UNION SELECT c.id, c.ref FROM person p JOIN customers c ON c.programme_id = $1 AND c.merged_into = p.id)
         SELECT id, ref FROM person`,
};
const OWED: Statement = {
  name: 'erasures_owed_to_customer',
  text: `SELECT r.id FROM revocations r JOIN outbox o ON o.programme_id = $1 AND o.topic = 'erasure' AND o.id = r.id
          WHERE r.programme_id = $1 AND r.customer_id = ANY ($2) ORDER BY r.id`,
};
const NAME_ON_NOTICES: Statement = {
  name: 'name_on_notices',
  text: `UPDATE revocation_notices n SET customer_ref = $3 FROM revocations r
          WHERE n.programme_id = $1 AND r.programme_id = $1 AND r.id = n.revocation_id AND r.customer_id = $2
            AND n.status = 'owed' AND n.created_at > now() - interval '30 days'`,
};
const DROP_REF: Statement = {
  name: 'drop_customer_ref',
  text: 'UPDATE customers SET ref = NULL WHERE programme_id = $1 AND id = $2',
};
const FORGET: Statement = {
  name: 'forget_refs_on_notices',
  text: `UPDATE revocation_notices SET customer_ref = NULL
          WHERE programme_id = $1 AND customer_ref IS NOT NULL AND created_at <= now() - interval '30 days'`,
};

/**
 * A customer leaves: everything is revoked in this transaction, the rest is owed as a job. Asked again before that is
 * done, the job is the same. Answers its uuid. @throws 404 for a customer who is not known.
 */
export async function leave(
  tx: Tx,
  keyRing: KeyRing,
  customerRef: string,
  balance: 'keep' | 'forfeit',
): Promise<string> {
  await lockCustomers(tx, [customerRef]);
  const customerId = await findCustomer(tx, customerRef);
  if (customerId === undefined) throw notFound('customer');
  const person = await lockPerson(tx, customerId);
  await endConsents(
    tx,
    person.map(({ id }) => id),
    { everything: true },
    'withdrawn',
  );
  const before = await latestJob(tx, 'customer-erasure', { customerId });
  if (before && !isFinished(before)) return before.id;
  return createJob(tx, {
    kind: 'customer-erasure',
    customerId,
    customerMark: customerMark(keyRing, tx.programmeId, customerRef),
    balance,
  });
}

/** A job (uuid) is cancelled, where it is known and not finished: who left stays after all. What has ended stays so. */
export async function stay(tx: Tx, jobId: string): Promise<void> {
  const job = await lockJob(tx, jobId);
  if (job && !isFinished(job)) await cancelJob(tx, job.id);
}

/**
 * The rest of it, in one transaction: values and keys destroyed, points given up if that was chosen, the reference dropped. Points
 * that are still to come then, or held for an order, are given up in another, when they have come in, come back or were spent: nothing
 * else waits for that, and an award that cannot be booked keeps nobody's name. What is refunded later makes another job
 * (`owe_given_up_points` in the migrations).
 * It stays only on notices that are still owed, so that recipients know whose use to stop: until each is acknowledged, or
 * for 30 days. The marks of what was earned stay, as keyed hashes, so that coming back does not pay twice.
 */
export function customerErasure(forfeit: (tx: Tx, customerId: string, jobId: string) => Promise<number>): JobSteps {
  return {
    count: async (_, { customerId }) => ({ customers: 1, first: customerId ?? '0', last: customerId ?? '0' }),
    next: async (_, { customerId }, { reached }) => (customerId !== null && reached !== customerId ? [customerId] : []),
    see: async (tx, job) => erasePerson(tx, job, forfeit),
  };
}

async function erasePerson(
  tx: Tx,
  { id, customerId, balance }: Job,
  forfeit: (tx: Tx, customerId: string, jobId: string) => Promise<number>,
): Promise<'seen' | 'later'> {
  if (customerId === null) throw new Error('An erasure is of a customer');
  const person = await lockPerson(tx, customerId);
  const ids = person.map(({ id: one }) => one);
  // Also what was shared after the customer left and before this.
  await endConsents(tx, ids, { everything: true }, 'withdrawn');
  const owed = await tx.query<{ id: string }>(OWED, [tx.programmeId, ids]);
  await erase(
    tx,
    owed.map((revocation) => revocation.id),
  );
  for (const { id: one, ref } of person) {
    if (ref !== null) await tx.query(NAME_ON_NOTICES, [tx.programmeId, one, ref]);
    await tx.query(DROP_REF, [tx.programmeId, one]);
  }
  if (balance !== 'forfeit') return 'seen';
  if (await isOwedPoints(tx, customerId, ids)) return 'later';
  for (const one of ids) if ((await balanceOf(tx, one)).held > 0) return 'later';
  await forfeit(tx, customerId, id);
  return 'seen';
}

/** Whether points are still to come: promised to whoever the customer is, or with one of those who have been merged into them. */
async function isOwedPoints(tx: Tx, customerId: string, person: string[]): Promise<boolean> {
  for (const id of person) {
    const { available, pending } = await balanceOf(tx, id);
    if (pending > 0 || (id !== customerId && available > 0)) return true;
  }
  return false;
}

/** Everyone that this customer is, by reference while there is one, locked until the transaction ends. */
async function lockPerson(tx: Tx, customerId: string): Promise<{ id: string; ref: string | null }[]> {
  const find = () => tx.query<{ id: string; ref: string | null }>(PERSON, [tx.programmeId, customerId]);
  const refs = (await find()).flatMap(({ ref }) => ref ?? []);
  await lockCustomers(tx, refs);
  return find();
}

/** References that notices have kept for their 30 days are dropped. */
export async function forgetRefsOnNotices(tx: Tx): Promise<void> {
  await tx.query(FORGET, [tx.programmeId]);
}
