import { lockGate } from '../catalogue/core';
import type { EndingScope } from '../consents/core';
import { createJob, type Job, latestJob } from '../jobs/core';
import { pauseOffersNaming } from '../offers/core';
import type { Statement, Tx } from '../platform/database';
import { notFound } from '../platform/problem';

const SHUT_PURPOSE: Statement = {
  name: 'withdraw_purpose',
  text: `UPDATE purposes SET withdrawn_at = coalesce(withdrawn_at, clock_timestamp()) WHERE programme_id = $1 AND key = $2 RETURNING key`,
};
const SHUT_RECIPIENT: Statement = {
  name: 'withdraw_recipient',
  text: `UPDATE recipients SET withdrawn_at = coalesce(withdrawn_at, clock_timestamp()) WHERE programme_id = $1 AND key = $2 RETURNING id`,
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

/** What a job of a withdrawal ends. */
export function withdrawn({ kind, target }: Job): EndingScope {
  if (target === null) throw new Error('A withdrawal is of something');
  return kind === 'purpose-withdrawal' ? { purpose: target } : { recipient: target };
}
