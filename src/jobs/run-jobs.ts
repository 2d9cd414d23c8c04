import { setTimeout as sleep } from 'node:timers/promises';
import { peek } from '../outbox';
import { type Commit, type Database, isOnesFault, type Tx } from '../platform/database';
import { type Extent, finishPart, moveOn, type Part, takePart } from './job-parts';
import { beginJob, finishJob, findJob, isFinished, type Job, type JobKind, lockJob } from './jobs';
import { Pace } from './pace';

/** Parts that are done at the same time: more than two only wait for each other's locks and the disk. */
const LANES = 2;
/** Of a batch that fails by one of its customers, this part of it is tried. */
const SMALLER = 8;

/** How a kind of job is done: customer by customer, in the order of their ids. */
export interface JobSteps {
  count(tx: Tx, job: Job): Promise<Extent>;
  /** Ids of the next customers of a part, those after reached and up to the last; none: it is done. */
  next(tx: Tx, job: Job, part: Part, limit: number): Promise<string[]>;
  /** Sees to them. later: something else must be done first; it is tried again. */
  see(tx: Tx, job: Job, customerIds: string[]): Promise<'seen' | 'later'>;
}
export type StepsByKind = Record<JobKind, JobSteps>;

interface Course {
  database: Database;
  programmeId: string;
  kinds: StepsByKind;
  stopping: () => boolean;
  pace: Pace;
}

/**
 * Does one programme's jobs, batch by batch; one that was interrupted goes on after its last committed batch. All have their turn,
 * however many wait for something else.
 */
export async function runJobs(
  database: Database,
  programmeId: string,
  kinds: StepsByKind,
  stopping: () => boolean,
): Promise<void> {
  let owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'job'));
  while (owed.length > 0) {
    for (const id of owed) {
      if (stopping()) return;
      await runJob({ database, programmeId, kinds, stopping, pace: new Pace() }, id);
    }
    const last = owed.at(-1);
    owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'job', last));
  }
}

async function runJob(course: Course, id: string): Promise<void> {
  const { database, programmeId, kinds } = course;
  await database.inProgramme(programmeId, (tx) => begin(tx, id, kinds));
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, () => lane(course, id)));
  for (const one of lanes) if (one.status === 'rejected') throw one.reason;
  await database.inProgramme(programmeId, (tx) => finish(tx, id));
}

async function begin(tx: Tx, id: string, kinds: StepsByKind): Promise<void> {
  const job = await lockJob(tx, id);
  if (job?.status === 'queued') await beginJob(tx, id, await kinds[job.kind].count(tx, job));
}

/** Where no part is left. */
async function finish(tx: Tx, id: string): Promise<void> {
  const job = await lockJob(tx, id);
  if (!job || isFinished(job) || job.partsLeft > 0) return;
  await finishJob(tx, id, job.failed > 0 && job.done === 0 ? 'failed' : 'done');
}

async function lane(course: Course, id: string): Promise<void> {
  for (;;) {
    const started = performance.now();
    if (!(await step(course, id)) || course.stopping()) return;
    await sleep(course.pace.pauseAfter(performance.now() - started));
  }
}

/** Answers whether there may be more to do now. */
async function step(course: Course, id: string): Promise<boolean> {
  const { database, programmeId, pace } = course;
  let part: Part | undefined;
  for (let limit = pace.batch; ; limit = Math.ceil(limit / SMALLER)) {
    try {
      return await database.inProgramme(programmeId, async (tx, commit) => {
        const taken = await take(tx, id, part?.number);
        part = taken?.part;
        return taken === undefined ? false : batch(tx, commit, course, taken, limit);
      });
    } catch (error) {
      if (!isOnesFault(error) || !part) throw error;
      // One of them is thrown out: fewer, until it is alone and spoils no other.
      if (limit === 1) return database.inProgramme(programmeId, (tx) => skipOne(tx, course, id, part!));
    }
  }
}

interface Taken {
  job: Job;
  part: Part;
}

/** The part is held before the job is read: one that was cancelled meanwhile is seen to be. */
async function take(tx: Tx, id: string, number?: number): Promise<Taken | undefined> {
  const [part, job] = await Promise.all([takePart(tx, id, number), findJob(tx, id)]);
  return part && job && !isFinished(job) ? { job, part } : undefined;
}

/** One transaction of a job. */
async function batch(
  tx: Tx,
  commit: Commit,
  { kinds, pace, database }: Course,
  { job, part }: Taken,
  limit: number,
): Promise<boolean> {
  const steps = kinds[job.kind];
  const customers = await steps.next(tx, job, part, limit);
  const reached = customers.at(-1);
  if (reached === undefined) {
    await finishPart(tx, job.id, part);
    return true;
  }
  if ((await steps.see(tx, job, customers)) === 'later') return false;
  const moved = moveOn(tx, job.id, part, { done: customers.length, failed: 0, reached });
  commit();
  pace.saw(await moved, database.transactions);
  return true;
}

/** The next customer of the part, where it is still as far as it was. */
async function skipOne(tx: Tx, { kinds }: Course, id: string, { number, reached }: Part): Promise<boolean> {
  const taken = await take(tx, id, number);
  if (taken?.part.reached !== reached) return true;
  const { job, part } = taken;
  const [next] = await kinds[job.kind].next(tx, job, part, 1);
  if (next !== undefined) await moveOn(tx, id, part, { done: 0, failed: 1, reached: next });
  return true;
}
