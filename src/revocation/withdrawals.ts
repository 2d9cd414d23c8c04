import { lockGate } from '../catalogue/core';
import type { EndingScope } from '../consents/core';
import { createJobOnce, type Job } from '../jobs/core';
import { pauseOffersNaming } from '../offers/core';
import type { Statement, Tx } from '../platform/database';
import { notFound } from '../platform/problem';

const SHUT = {
  purpose: {
    name: 'withdraw_purpose',
    text: `UPDATE purposes SET withdrawn_at = coalesce(withdrawn_at, clock_timestamp()) WHERE programme_id = $1 AND key = $2 RETURNING key`,
  },
  recipient: {
    name: 'withdraw_recipient',
    text: `UPDATE recipients SET withdrawn_at = coalesce(withdrawn_at, clock_timestamp()) WHERE programme_id = $1 AND key = $2 RETURNING key`,
  },
} satisfies Record<string, Statement>;

/**
 * Staff withdraws a purpose or a recipient for everyone. One row blocks every release from the commit on: releases hold
 * the gate that this holds alone. Offers that name it are paused. The consents are ended by a job, whose uuid is the
 * answer; asked again, it is the same job, and one that was cancelled is taken up again. @throws 404, and nothing that the
 * transaction did may stay then.
 */
export async function withdraw(tx: Tx, what: 'purpose' | 'recipient', key: string): Promise<string> {
  // In this order, and in one round trip: others wait at the gate.
  const [, [shut], , job] = await Promise.all([
    lockGate(tx),
    tx.query(SHUT[what], [tx.programmeId, key]),
    pauseOffersNaming(tx, what, key),
    createJobOnce(tx, { kind: `${what}-withdrawal`, target: key }),
  ]);
  if (!shut) throw notFound(what);
  return job;
}

/** What a job of a withdrawal ends. */
export function withdrawn({ kind, target }: Job): EndingScope {
  if (target === null) throw new Error('A withdrawal is of something');
  return kind === 'purpose-withdrawal' ? { purpose: target } : { recipient: target };
}
