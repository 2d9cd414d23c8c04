import { lockGate } from '../catalogue/core';
import { lockCustomersById, type EndingScope } from '../consents/core';
import { createJob, type Job, type JobSteps, latestJob } from '../jobs/core';
import { pauseOffersNaming } from '../offers/core';
import type { Statement, Tx } from '../platform/database';
import { notFound } from '../platform/problem';
import { endConsents } from './revoke';

const SHUT_PURPOSE: Statement = {
  name: 'withdraw_purpose',
  text: `UPDATE purposes SET withdrawn_at = coalesce(withdrawn_at, clock_timestamp()) WHERE programme_id = $1 AND key = $2 RETURNING key`,
};
const SHUT_RECIPIENT: Statement = {
  name: 'withdraw_recipient',
  text: `UPDATE recipients SET withdrawn_at = coalesce(withdrawn_at, clock_timestamp()) WHERE programme_id = $1 AND key = $2 RETURNING id`,
};
const CONCERNED = `FROM consents WHERE programme_id = $1 AND status = 'active' AND customer_id > $2
  AND CASE WHEN $3 THEN purpose = $4 ELSE (SELECT id FROM recipients WHERE programme_id = $1 AND key = $4) = ANY (recipients) END`;
const COUNT: Statement = {
  name: 'count_customers_of_withdrawal',
  text: `SELECT count(DISTINCT customer_id)::int AS customers ${CONCERNED}`,
};
const NEXT: Statement = {
  name: 'next_customers_of_withdrawal',
  // In the order of the table's key: all batches together read it once.
  text: `SELECT DISTINCT customer_id AS id ${CONCERNED} ORDER BY customer_id LIMIT $5`,
};

/**
 * Staff withdraws a purpose or a recipient for everyone. One row blocks every release from the commit on: releases hold
 * the gate that this holds alone. Offers that name it are paused. The consents are ended by a job, whose uuid is the
 * answer; asked again, it is the same job. @throws 404.
 */
export async function withdraw(tx: Tx, what: 'purpose' | 'recipient', key: string): Promise<string> {
  await lockGate(tx);
  if (what === 'purpose') {
    const [row] = await tx.query(SHUT_PURPOSE, [tx.programmeId, key]);
    if (!row) throw notFound('purpose');
    await pauseOffersNaming(tx, { purpose: key });
  } else {
    const [row] = await tx.query<{ id: string }>(SHUT_RECIPIENT, [tx.programmeId, key]);
    if (!row) throw notFound('recipient');
    await pauseOffersNaming(tx, { recipientId: row.id });
  }
  const kind = `${what}-withdrawal` as const;
  const before = await latestJob(tx, kind, { target: key });
  // One that was cancelled is taken up again.
  if (before && before.status !== 'cancelled') return before.id;
  return createJob(tx, { kind, target: key });
}

/** Ends the consents of a withdrawal, customer by customer, as their own revocation would. */
export const withdrawal: JobSteps = {
  count: async (tx, job) => {
    const [row] = await tx.query<{ customers: number }>(COUNT, concerned(tx, job));
    return row?.customers ?? 0;
  },
  next: async (tx, job, limit) => {
    const rows = await tx.query<{ id: string }>(NEXT, [...concerned(tx, job), limit]);
    return rows.map(({ id }) => id);
  },
  see: async (tx, job, customerIds) => {
    await lockCustomersById(tx, customerIds);
    await endConsents(tx, customerIds, scopeOf(job), 'withdrawn');
    return 'seen';
  },
};

const concerned = (tx: Tx, { kind, target, reached }: Job): unknown[] => [
  tx.programmeId,
  reached,
  kind === 'purpose-withdrawal',
  target,
];

function scopeOf({ kind, target }: Job): EndingScope {
  if (target === null) throw new Error('A withdrawal is of something');
  return kind === 'purpose-withdrawal' ? { purpose: target } : { recipient: target };
}
