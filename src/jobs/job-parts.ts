import type { Statement, Tx } from '../platform/database';

/** Customers of a job by their ids, that are seen to one batch after the other; several parts at the same time. */
export interface Part {
  number: number;
  /** The last customer that was seen to. */
  reached: string;
  /** Null: there is no end to it. */
  last: string | null;
}

/** Customers of a job: how many, and between which ids. */
export interface Extent {
  customers: number;
  first: string;
  last: string;
}

/** As many as keep the lanes busy to the end, and none smaller than a batch. */
const MOST_PARTS = 16;
const SMALLEST = 2_000;

const DIVIDE: Statement = {
  name: 'divide_job',
  // Of ids, not of customers, whom it would take a sort to divide: where one is small, a lane goes on to the next.
  text: `INSERT INTO job_parts (programme_id, job_id, number, reached, last)
           SELECT $1, $2, n, $3::bigint - 1 + (n - 1) * w.width, CASE WHEN n < $5 THEN $3::bigint - 1 + n * w.width END
             FROM generate_series(1, $5::int) n, (SELECT ($4::bigint - $3::bigint) / $5 + 1 AS width) w`,
};
const TAKE: Statement = {
  name: 'take_part_of_job',
  text: `SELECT number, reached, last FROM job_parts WHERE programme_id = $1 AND job_id = $2 AND finished_at IS NULL
            AND ($3::int IS NULL OR number = $3) ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED`,
};
const HOLD: Statement = {
  name: 'hold_parts_of_job',
  text: `SELECT number FROM job_parts WHERE programme_id = $1 AND job_id = $2 ORDER BY number FOR UPDATE`,
};
const MOVE_ON: Statement = {
  name: 'move_part_of_job_on',
  text: `UPDATE job_parts SET done = done + $4, failed = failed + $5, reached = $6 WHERE programme_id = $1 AND job_id = $2 AND number = $3
         RETURNING transaction_number() AS number`,
};
const FINISH: Statement = {
  name: 'finish_part_of_job',
  text: 'UPDATE job_parts SET finished_at = clock_timestamp() WHERE programme_id = $1 AND job_id = $2 AND number = $3',
};

export async function divide(tx: Tx, id: string, { customers, first, last }: Extent): Promise<void> {
  const parts = Math.max(1, Math.min(MOST_PARTS, Math.floor(customers / SMALLEST)));
  await tx.query(DIVIDE, [tx.programmeId, id, first, last, parts]);
}

/** A part that is not done, until the transaction ends; undefined when all of them are, or others have them. */
export async function takePart(tx: Tx, id: string, number?: number): Promise<Part | undefined> {
  return (await tx.query<Part & { number: number }>(TAKE, [tx.programmeId, id, number ?? null]))[0];
}

/** Waits for the batches at hand, and lets no other begin. */
export async function holdParts(tx: Tx, id: string): Promise<void> {
  await tx.query(HOLD, [tx.programmeId, id]);
}

/** Answers the number of the transaction. */
export async function moveOn(
  tx: Tx,
  id: string,
  part: Part,
  { done, failed, reached }: { done: number; failed: number; reached: string },
): Promise<number> {
  const values = [tx.programmeId, id, part.number, done, failed, reached];
  const [row] = await tx.query<{ number: string }>(MOVE_ON, values);
  return Number(row?.number);
}

export async function finishPart(tx: Tx, id: string, part: Part): Promise<void> {
  await tx.query(FINISH, [tx.programmeId, id, part.number]);
}
