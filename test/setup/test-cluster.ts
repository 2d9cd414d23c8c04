import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { migrate } from '../../src/platform/migrate';
import { temporaryFolder } from './temporary-folder';

/** The migrated database that every test's own is a copy of. */
export const TEMPLATE = 'template_gegenwert';
/** Where the test processes find the URL of the cluster's maintenance database. */
export const ADMIN_URL_VARIABLE = 'GEGENWERT_TEST_POSTGRES_URL';
/** Where they find whose end is theirs. */
export const JEST_PID_VARIABLE = 'GEGENWERT_TEST_JEST_PID';

/** Nothing here has to survive a crash; room for two suites with a pool or two each. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };

/** Starts the test run's throw-away cluster, and tells the test processes to come where it is. */
export async function startTestCluster(): Promise<EmbeddedPostgres> {
  const dataDir = temporaryFolder();
  const postgres = await startEmbeddedPostgres({ dataDir, throwAway: true, settings: SETTINGS });
  try {
    const adminUrl = databaseUrl(postgres.url, 'postgres');
    const admin = new Client({ connectionString: adminUrl });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${TEMPLATE}`);
    await admin.end();
    await migrate(databaseUrl(postgres.url, TEMPLATE));
    process.env[ADMIN_URL_VARIABLE] = adminUrl;
    process.env[JEST_PID_VARIABLE] = String(process.pid);
    return postgres;
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** The URL of another database of the same cluster. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}
