import { append, settle } from '../outbox';
import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import { divide, type Extent, holdParts } from './job-parts';

/** Kinds whose customers are found by what they have consented to. */
type KindOfMany = 'purpose-withdrawal' | 'recipient-withdrawal' | 'notice-grace' | 'programme-end';
export type JobKind = 'customer-erasure' | KindOfMany;
export type JobStatus = 'queued' | 'running' | 'done' | 'cancelled' | 'failed';

/** What is to be done: of a customer, or to all who consented to something. */
export type NewJob =
  | { kind: 'customer-erasure'; customerId: string; customerMark: Buffer; balance: 'keep' | 'forfeit' }
  | { kind: KindOfMany; target: string };

export interface Job {
  /** uuid */
  id: string;
  kind: JobKind;
  customerId: string | null;
  customerMark: Buffer | null;
  balance: 'keep' | 'forfeit' | null;
  /** Key of a purpose, a recipient or an offer; of a programme, its slug. */
  target: string | null;
  status: JobStatus;
  /** Customers to see to, seen to, and those for whom it failed. */
  total: number;
  done: number;
  failed: number;
  /** Parts in which there may be customers left to see to. */
  partsLeft: number;
  startedAt: Date | null;
  now: Date;
}

const SELECT = `SELECT id, kind, customer_id AS "customerId", customer_mark AS "customerMark", balance, target, status,
    greatest(total, p.done + p.failed) AS total, p.done, p.failed, p."left" AS "partsLeft", started_at AS "startedAt", clock_timestamp() AS now
  FROM jobs CROSS JOIN LATERAL (
    SELECT coalesce(sum(done), 0)::int AS done, coalesce(sum(failed), 0)::int AS failed, (count(*) - count(finished_at))::int AS "left"
      FROM job_parts WHERE programme_id = $1 AND job_id = jobs.id) p WHERE programme_id = $1`;
const CREATE: Statement = {
  name: 'create_job',
  text: `INSERT INTO jobs (programme_id, id, kind, customer_id, customer_mark, balance, target) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
};
const OWE: Statement = {
  name: 'owe_job',
  text: `WITH before AS (
           SELECT id, status FROM jobs WHERE programme_id = $1 AND kind = $3 AND target = $4 ORDER BY id DESC LIMIT 1),
         created AS (
           INSERT INTO jobs (programme_id, id, kind, target) SELECT $1, $2, $3, $4
            WHERE NOT EXISTS (SELECT FROM before WHERE status <> 'cancelled') RETURNING id),
         owed AS (INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'job', id FROM created)
         SELECT coalesce((SELECT id FROM created), (SELECT id FROM before)) AS id`,
};
const FIND: Statement = { name: 'find_job', text: `${SELECT} AND id = $2` };
const FIND_LATEST: Statement = {
  name: 'find_latest_job',
  text: `${SELECT} AND kind = $2 AND (customer_id = $3 OR target = $4) ORDER BY id DESC LIMIT 1`,
};
const LOCK: Statement = {
  name: 'lock_job',
  text: 'SELECT id FROM jobs WHERE programme_id = $1 AND id = $2 FOR UPDATE',
};
const START: Statement = {
  name: 'start_job',
  text: `UPDATE jobs SET status = 'running', total = $3, started_at = clock_timestamp() WHERE programme_id = $1 AND id = $2`,
};
const FINISH: Statement = {
  name: 'finish_job',
  text: `UPDATE jobs SET status = $3, finished_at = clock_timestamp() WHERE programme_id = $1 AND id = $2`,
};

/** Writes a job down as owed, in the transaction that decides it. Answers its uuid. */
export async function createJob(tx: Tx, job: NewJob): Promise<string> {
  const id = newId();
  const { customerId, customerMark, balance, target } = {
    customerId: null,
    customerMark: null,
    balance: null,
    target: null,
    ...job,
  };
  await tx.query(CREATE, [tx.programmeId, id, job.kind, customerId, customerMark, balance, target]);
  await append(tx, [{ topic: 'job', id }]);
  return id;
}

/**
 * The same, unless there is one of this kind for this key already: then it is that one, save where it was cancelled. The caller
 * sees to it that nobody else does so at the same time.
 */
export async function createJobOnce(tx: Tx, { kind, target }: { kind: KindOfMany; target: string }): Promise<string> {
  const [row] = await tx.query<{ id: string }>(OWE, [tx.programmeId, newId(), kind, target]);
  return row!.id;
}

export async function findJob(tx: Tx, id: string): Promise<Job | undefined> {
  return (await tx.query<Job>(FIND, [tx.programmeId, id]))[0];
}

/** The newest job of a kind for a customer (id) or a key. */
export async function latestJob(
  tx: Tx,
  kind: JobKind,
  of: { customerId?: string; target?: string },
): Promise<Job | undefined> {
  const values = [tx.programmeId, kind, of.customerId ?? null, of.target ?? null];
  return (await tx.query<Job>(FIND_LATEST, values))[0];
}

/** The job, which nobody else begins, cancels or finishes until the transaction ends. */
export async function lockJob(tx: Tx, id: string): Promise<Job | undefined> {
  // What it has come to is read after the lock, in a newer snapshot.
  const [, job] = await Promise.all([tx.query(LOCK, [tx.programmeId, id]), findJob(tx, id)]);
  return job;
}

/** From now on it runs, in parts: as many customers as this, with ids from the first to the last. */
export async function beginJob(tx: Tx, id: string, extent: Extent): Promise<void> {
  await tx.query(START, [tx.programmeId, id, extent.customers]);
  await divide(tx, id, extent);
}

/** Ends a job as it is; the batches at hand are waited for, and none follows. */
export async function cancelJob(tx: Tx, id: string): Promise<Job | undefined> {
  await holdParts(tx, id);
  await finishJob(tx, id, 'cancelled');
  return findJob(tx, id);
}

export const isFinished = ({ status }: Job): boolean => status !== 'queued' && status !== 'running';

/** Ends a job; nothing more is owed for it. */
export async function finishJob(tx: Tx, id: string, status: 'done' | 'cancelled' | 'failed'): Promise<void> {
  await tx.query(FINISH, [tx.programmeId, id, status]);
  await settle(tx, 'job', id);
}
