import { peek } from '../outbox';
import { type Database, isOnesFault, type Tx } from '../platform/database';
import { finishJob, isFinished, type Job, type JobKind, moveOn, startJob, takeJob } from './jobs';

/** So many customers a transaction: their releases wait for it. */
const BATCH = 200;

/** How a kind of job is done: customer by customer, in the order of their ids. */
export interface JobSteps {
  count(tx: Tx, job: Job): Promise<number>;
  /** Ids of the next customers after job.reached; none: it is done. */
  next(tx: Tx, job: Job, limit: number): Promise<string[]>;
  /** Sees to them. later: something else must be done first; it is tried again. */
  see(tx: Tx, job: Job, customerIds: string[]): Promise<'seen' | 'later'>;
}
export type StepsByKind = Record<JobKind, JobSteps>;

/** Does one programme's jobs, batch by batch; one that was interrupted goes on after its last committed batch. */
export async function runJobs(
  database: Database,
  programmeId: string,
  kinds: StepsByKind,
  stopping: () => boolean,
): Promise<void> {
  for (const id of await database.inProgramme(programmeId, (tx) => peek(tx, 'job'))) {
    let isMore = true;
    while (isMore && !stopping()) isMore = await step(database, programmeId, id, kinds);
  }
}

async function step(database: Database, programmeId: string, id: string, kinds: StepsByKind): Promise<boolean> {
  const attempt = (limit: number) => database.inProgramme(programmeId, (tx) => batch(tx, id, kinds, limit));
  try {
    return await attempt(BATCH);
  } catch (error) {
    if (!isOnesFault(error)) throw error;
  }
  // One of them is thrown out: each alone, so that it spoils no other.
  try {
    return await attempt(1);
  } catch (error) {
    if (!isOnesFault(error)) throw error;
    return database.inProgramme(programmeId, (tx) => skipOne(tx, id, kinds));
  }
}

/** One transaction of a job. Answers whether there may be more to do now. */
async function batch(tx: Tx, id: string, kinds: StepsByKind, limit: number): Promise<boolean> {
  const job = await takeJob(tx, id);
  if (!job || isFinished(job)) return false;
  const steps = kinds[job.kind];
  if (job.status === 'queued') {
    await startJob(tx, id, await steps.count(tx, job));
    return true;
  }
  const customers = await steps.next(tx, job, limit);
  const reached = customers.at(-1);
  if (reached === undefined) {
    await finishJob(tx, id, job.failed > 0 && job.done === 0 ? 'failed' : 'done');
    return false;
  }
  if ((await steps.see(tx, job, customers)) === 'later') return false;
  await moveOn(tx, id, { done: customers.length, failed: 0, reached });
  return true;
}

async function skipOne(tx: Tx, id: string, kinds: StepsByKind): Promise<boolean> {
  const job = await takeJob(tx, id);
  const reached = job && !isFinished(job) ? (await kinds[job.kind].next(tx, job, 1))[0] : undefined;
  if (reached === undefined) return false;
  await moveOn(tx, id, { done: 0, failed: 1, reached });
  return true;
}
