import type { EndingScope } from '../consents/core';
import { createJob, type Job } from '../jobs/core';
import type { Database, Statement, Tx } from '../platform/database';

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

/** What a job of a grace that is over ends: what was consented to under the notices before. */
export async function unconfirmed(tx: Tx, { id }: Job): Promise<EndingScope> {
  const [scope] = await tx.query<{ offer: string; before: number }>(OF_JOB, [tx.programmeId, id]);
  if (!scope) throw new Error('The end of a grace is of a grace');
  return scope;
}
