import type { Database, Statement } from '../platform/database';

const BACKLOG: Statement = {
  name: 'webhook_backlog',
  text: `SELECT pending::int, greatest(0, extract(epoch FROM now() - oldest))::float8 AS seconds, disabled::int FROM webhook_backlog()`,
};

/** Over all programmes: how many are pending, for how long the oldest has been due, how many endpoints are disabled. */
export async function webhookBacklog(
  database: Database,
): Promise<{ pending: number; seconds: number; disabled: number }> {
  const [backlog] = await database.query<{ pending: number; seconds: number | null; disabled: number }>(BACKLOG);
  return { pending: backlog?.pending ?? 0, seconds: backlog?.seconds ?? 0, disabled: backlog?.disabled ?? 0 };
}
