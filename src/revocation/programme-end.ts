import { lockGate } from '../catalogue/core';
import { createJob, type Job, latestJob } from '../jobs/core';
import { endOffers } from '../offers/core';
import type { Statement, Tx } from '../platform/database';
import { invalidField, notFound } from '../platform/problem';

const FIND: Statement = {
  name: 'find_programme_to_end',
  text: 'SELECT slug, ended_at AS "endedAt" FROM programmes WHERE id = $1',
};
const SHUT_PURPOSES: Statement = {
  name: 'withdraw_every_purpose',
  text: 'UPDATE purposes SET withdrawn_at = clock_timestamp() WHERE programme_id = $1 AND withdrawn_at IS NULL',
};
const SHUT_RECIPIENTS: Statement = {
  name: 'withdraw_every_recipient',
  text: 'UPDATE recipients SET withdrawn_at = clock_timestamp() WHERE programme_id = $1 AND withdrawn_at IS NULL',
};
const END: Statement = {
  name: 'end_programme',
  text: 'UPDATE programmes SET ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL',
};
/**
 * The operator ends a programme for good. From the commit on nothing is released, since every purpose and recipient is withdrawn,
 * and nothing accepted, since every offer has ended. Every consent is ended by a job, whose uuid is the answer; asked again, it is
 * the same job. Points are not touched. @throws 404; 422 when slug is not the programme's.
 */
export async function endProgramme(tx: Tx, slug: string): Promise<string> {
  await lockGate(tx);
  const [programme] = await tx.query<{ slug: string; endedAt: Date | null }>(FIND, [tx.programmeId]);
  if (!programme) throw notFound('programme');
  if (programme.slug !== slug) throw invalidField('/slug', 'slug must be that of the programme which is to end');
  const before = programme.endedAt === null ? undefined : await latestJob(tx, 'programme-end', { target: slug });
  if (before) return before.id;
  // The shares at hand come first, so that none is later than the end.
  await endOffers(tx);
  await tx.query(SHUT_PURPOSES, [tx.programmeId]);
  await tx.query(SHUT_RECIPIENTS, [tx.programmeId]);
  await tx.query(END, [tx.programmeId]);
  return createJob(tx, { kind: 'programme-end', target: slug });
}

/** How far a programme's end has come. @throws 404, also while it has not ended. */
export async function findProgrammeEnd(tx: Tx): Promise<Job> {
  const [programme] = await tx.query<{ slug: string }>(FIND, [tx.programmeId]);
  const job = programme && (await latestJob(tx, 'programme-end', { target: programme.slug }));
  if (!job) throw notFound('end of a programme');
  return job;
}
