import type { Database, Statement } from './database';

const IN_RECOVERY: Statement = { name: 'is_standby', text: 'SELECT pg_is_in_recovery() AS standby' };

/**
 * A standby answers as of some time ago, when a consent that has ended may still have been active, and writes nothing down:
 * nothing may be decided by it. One that cannot be asked is for others to say. @throws Error that says what to do.
 */
export async function requirePrimary(database: Database): Promise<void> {
  const [row] = await database.query<{ standby: boolean }>(IN_RECOVERY).catch(() => []);
  if (row?.standby !== true) return;
  throw new Error('DATABASE_URL leads to a standby, which lags behind and writes nothing down. Name the primary.');
}
