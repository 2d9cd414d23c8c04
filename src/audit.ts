import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { readConfig, type Config } from './platform/config';
import { startEmbeddedPostgres } from './platform/embedded-postgres';

/** What is found is named up to here; more of the same tells nobody more. */
export const ROWS_SHOWN = 10;
/** How long something may take before it says how far it is. */
export const PATIENCE_MILLISECONDS = 5_000;

/** Runs task on the database in use, the embedded one as well. @throws where there is none yet. */
export async function withAuditor<T>(task: (client: Client) => Promise<T>): Promise<T> {
  const { url, stop } = await findDatabase(readConfig(process.env, { kek: 'unused' }));
  try {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return await task(client);
    } finally {
      await client.end();
    }
  } finally {
    await stop();
  }
}

async function findDatabase({ databaseUrl, dataDir }: Config): Promise<{ url: string; stop: () => Promise<void> }> {
  if (databaseUrl) return { url: databaseUrl, stop: () => Promise.resolve() };
  if (!existsSync(join(dataDir, 'postgres'))) {
    throw new Error(`There is no database in ${dataDir} yet. Start the service first, or set DATABASE_URL.`);
  }
  return startEmbeddedPostgres({ dataDir });
}

/** As the role that may read everything and write nothing, on one snapshot, however long it takes. */
export async function find<Row extends object>(client: Client, select: string): Promise<Row[]> {
  await client.query('BEGIN READ ONLY; SET LOCAL ROLE gegenwert_audit; SET LOCAL statement_timeout = 0');
  try {
    return (await client.query<Row>(select)).rows;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Says every few seconds that the task goes on. */
export async function patiently<T>(name: string, task: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const still = () => console.log(`… ${name}, ${Math.round((Date.now() - startedAt) / 1000)} s so far`);
  const timer = setInterval(still, PATIENCE_MILLISECONDS);
  try {
    return await task();
  } finally {
    clearInterval(timer);
  }
}

/** One line for a rule, and one for each of its faults. */
export function tell(rule: string, faults: string[], shown = ROWS_SHOWN): void {
  console.log(`${faults.length === 0 ? '✓' : '✗'} ${rule}`);
  for (const fault of faults) console.log(`    ${fault}`);
  if (faults.length === shown) console.log(`    and perhaps more: these are the first ${shown}`);
}
