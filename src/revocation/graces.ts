import { lockCustomersById, type EndingScope } from '../consents/core';
import { createJob, type Job, type JobSteps } from '../jobs/core';
import type { Database, Statement, Tx } from '../platform/database';
import { endConsents } from './revoke';

const PROGRAMMES: Statement = {
  name: 'programmes_with_due_graces',
  text: 'SELECT programme_id AS "programmeId" FROM programmes_with_due_graces()',
};
const DUE: Statement = {
  name: 'due_graces',
  text: `SELECT g.offer_id AS "offerId", g.version, o.key FROM notice_graces g JOIN offers o ON o.programme_id = $1 AND o.id = g.offer_id
          WHERE g.programme_id = $1 AND g.job_id IS NULL AND g.until <= now() ORDER BY g.until FOR UPDATE OF g SKIP LOCKED`,
};
const BEGIN: Statement = {
  name: 'begin_end_of_grace',
  text: 'UPDATE notice_graces SET job_id = $4 WHERE programme_id = $1 AND offer_id = $2 AND version = $3',
};
const OF_JOB: Statement = {
  name: 'grace_of_job',
  text: 'SELECT offer_id AS offer, version AS before FROM notice_graces WHERE programme_id = $1 AND job_id = $2',
};
const CONCERNED = `FROM consents k JOIN shares s ON s.programme_id = $1 AND s.customer_id = k.customer_id AND s.id = k.share_id
  WHERE k.programme_id = $1 AND k.status = 'active' AND k.customer_id > $2 AND s.offer_id = $3 AND s.offer_version < $4`;
const COUNT: Statement = {
  name: 'count_customers_of_grace',
  text: `SELECT count(DISTINCT k.customer_id)::int AS customers ${CONCERNED}`,
};
const NEXT: Statement = {
  name: 'next_customers_of_grace',
  text: `SELECT DISTINCT k.customer_id AS id ${CONCERNED} ORDER BY k.customer_id LIMIT $5`,
};

/** The programmes in which the grace of a materially new notice is over, and nothing was begun for it. */
export function withDueGraces(database: Database): Promise<{ programmeId: string }[]> {
  return database.query(PROGRAMMES);
}

/** Owes, as a job each, the end of what was not confirmed in one programme's graces that are over. */
export async function beginEndsOfGraces(database: Database, programmeId: string): Promise<void> {
  await database.inProgramme(programmeId, async (tx) => {
    const due = await tx.query<{ offerId: string; version: number; key: string }>(DUE, [programmeId]);
    for (const { offerId, version, key } of due) {
      const job = await createJob(tx, { kind: 'notice-grace', target: key });
      await tx.query(BEGIN, [programmeId, offerId, version, job]);
    }
  });
}

/** Ends what was consented to under the notices before, customer by customer, as their own revocation would. */
export const graceEnd: JobSteps = {
  count: async (tx, job) => {
    const [row] = await tx.query<{ customers: number }>(COUNT, await concerned(tx, job));
    return row?.customers ?? 0;
  },
  next: async (tx, job, limit) => {
    const rows = await tx.query<{ id: string }>(NEXT, [...(await concerned(tx, job)), limit]);
    return rows.map(({ id }) => id);
  },
  see: async (tx, job, customerIds) => {
    await lockCustomersById(tx, customerIds);
    await endConsents(tx, customerIds, await scopeOf(tx, job), 'superseded');
    return 'seen';
  },
};

async function concerned(tx: Tx, job: Job): Promise<unknown[]> {
  const { offer, before } = await scopeOf(tx, job);
  return [tx.programmeId, job.reached, offer, before];
}

type GraceScope = Extract<EndingScope, { offer: string }>;

async function scopeOf(tx: Tx, { id }: Job): Promise<GraceScope> {
  const [scope] = await tx.query<GraceScope>(OF_JOB, [tx.programmeId, id]);
  if (!scope) throw new Error('The end of a grace is of a grace');
  return scope;
}
