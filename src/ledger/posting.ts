import type { Statement, Tx } from '../platform/database';

const POST: Statement = { name: 'post_awards', text: 'SELECT post_awards($1, $2, $3, $4, $5) AS posted' };

/** One of several transactions at a time: its customers are those whose number leaves this rest. */
export interface Lane {
  /** From 0. */
  lane: number;
  lanes: 1 | 2 | 4 | 8;
}

/**
 * Books up to limit owed awards of points of one programme: one statement, one commit, whatever their number (the SQL is
 * `post_awards` in the migrations), in a transaction of its own or in the one at hand. Answers how many; fewer than limit
 * means that nothing more is owed to the lane's customers.
 */
export async function postAwards(
  on: Pick<Tx, 'query'>,
  programmeId: string,
  limit: number,
  { lane, lanes }: Lane = { lane: 0, lanes: 1 },
): Promise<number> {
  return post(on, [programmeId, limit, lane, lanes, null]);
}

/** Books this one, whose row in the outbox the transaction has locked. */
export async function postAward(tx: Tx, id: string): Promise<void> {
  await post(tx, [tx.programmeId, 1, 0, 1, id]);
}

async function post(on: Pick<Tx, 'query'>, values: unknown[]): Promise<number> {
  const [row] = await on.query<{ posted: number }>(POST, values);
  return row?.posted ?? 0;
}
