import type { Database, Statement } from '../platform/database';

const POST: Statement = { name: 'post_awards', text: 'SELECT post_awards($1, $2) AS posted' };

/**
 * Books up to limit owed awards of points of one programme: one statement, one commit, whatever their number (the SQL is
 * `post_awards` in the migrations). Answers how many; fewer than limit means that nothing more is owed.
 */
export async function postAwards(database: Database, programmeId: string, limit: number): Promise<number> {
  const [row] = await database.query<{ posted: number }>(POST, [programmeId, limit]);
  return row?.posted ?? 0;
}
