import type { Statement, Tx } from '../platform/database';

/**
 * What can be owed: booking of awarded points, making of a discount code, erasure after a revocation, a job, points that a
 * merged customer still gets, destruction of a data key that lies in another database, telling of a share that earned
 * nothing.
 */
export type Topic = 'points' | 'discount' | 'erasure' | 'job' | 'merge' | 'key' | 'share';

const APPEND: Statement = {
  name: 'append_outbox',
  text: 'INSERT INTO outbox (programme_id, topic, id) SELECT $1, r.topic, r.id FROM unnest($2::text[], $3::uuid[]) AS r(topic, id)',
};
// An array, and no join: a join may look for the first rows anew for each row of the other side, and find others each time.
const TAKE: Statement = {
  name: 'take_outbox',
  text: `DELETE FROM outbox WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM outbox WHERE programme_id = $1 AND topic = $2 AND (not_before IS NULL OR not_before <= now())
            ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)) RETURNING id`,
};
const HOLD: Statement = {
  name: 'hold_outbox',
  text: `SELECT id FROM outbox WHERE programme_id = $1 AND topic = $2 AND (not_before IS NULL OR not_before <= now())
          ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
};
const SET_ASIDE: Statement = {
  name: 'set_outbox_aside',
  text: `UPDATE outbox SET tries = coalesce(tries, 0) + 1,
                not_before = now() + least(interval '1 minute' * 2 ^ least(coalesce(tries, 0), 20), interval '1 day')
          WHERE programme_id = $1 AND topic = $2 AND id = $3 AND (not_before IS NULL OR not_before <= now())`,
};
const PEEK: Statement = {
  name: 'peek_outbox',
  text: 'SELECT id FROM outbox WHERE programme_id = $1 AND topic = $2 AND id > $3 ORDER BY id LIMIT $4',
};
const SETTLE: Statement = {
  name: 'settle_outbox',
  text: 'DELETE FROM outbox WHERE programme_id = $1 AND topic = $2 AND id = ANY ($3) RETURNING id',
};

const FIRST = '00000000-0000-0000-0000-000000000000';

/** Writes down that work is owed, in the transaction that makes it owed. id is that of the award, revocation, job or merge. */
export async function append(tx: Tx, owed: { topic: Topic; id: string }[]): Promise<void> {
  if (owed.length === 0) return;
  await tx.query(APPEND, [tx.programmeId, owed.map(({ topic }) => topic), owed.map(({ id }) => id)]);
}

/** Takes up to limit owed things away, in the transaction that does them; another worker skips what this one holds. */
export async function take(tx: Tx, topic: Topic, limit: number): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(TAKE, [tx.programmeId, topic, limit]);
  return rows.map((row) => row.id);
}

/** Locks what `take` would take first, without taking it, and answers its id; undefined when nothing is there. */
export async function hold(tx: Tx, topic: Topic): Promise<string | undefined> {
  return (await tx.query<{ id: string }>(HOLD, [tx.programmeId, topic]))[0]?.id;
}

/** Puts off what could not be done, unless somebody else did, or did it: by a minute, twice that each time, a day at most. */
export async function setAside(tx: Tx, topic: Topic, id: string): Promise<void> {
  await tx.query(SET_ASIDE, [tx.programmeId, topic, id]);
}

/** What is owed next after an id, without taking it: for work in several transactions. */
export async function peek(tx: Tx, topic: Topic, after = FIRST, limit = 100): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(PEEK, [tx.programmeId, topic, after, limit]);
  return rows.map((row) => row.id);
}

/** Strikes out what is done; false when somebody else did before. */
export async function settle(tx: Tx, topic: Topic, id: string): Promise<boolean> {
  return (await settleAll(tx, topic, [id])).length > 0;
}

/** The same of many; answers those that nobody else had struck out. */
export async function settleAll(tx: Tx, topic: Topic, ids: string[]): Promise<string[]> {
  return (await tx.query<{ id: string }>(SETTLE, [tx.programmeId, topic, ids])).map(({ id }) => id);
}
