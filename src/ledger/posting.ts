import type { Statement, Tx } from '../platform/database';

const POST: Statement = { name: 'post_awards', text: 'SELECT post_awards($1, $2) AS posted' };

/**
 * Books up to limit owed awards of points of one programme: one statement, one commit, whatever their number (the SQL is
 * `post_awards` in the migrations), in a transaction of its own or in the one at hand. Answers how many; fewer than limit
 * means that nothing more is owed.
 */
export async function postAwards(on: Pick<Tx, 'query'>, programmeId: string, limit: number): Promise<number> {
  const [row] = await on.query<{ posted: number }>(POST, [programmeId, limit]);
  return row?.posted ?? 0;
}
