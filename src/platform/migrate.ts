import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { MigrationInterface } from 'typeorm';
import { asApplication } from './connections';

/** Any number would do, as long as every migration of a database takes the same one. */
const MIGRATION_LOCK = 7_312_026;
const FOLDER = join(__dirname, '../../migrations');

/** One migration a file. */
const files = readdirSync(FOLDER)
  .filter((file) => /^\d{13}-[a-z-]+\.(ts|js)$/.test(file))
  .sort();

/** How many migrations this version has: a database that has seen as many is ready to serve. */
export const knownMigrations = files.length;

/**
 * Brings the database at url to the newest schema; one at a time, the others wait and find nothing to do. When there is
 * something to do, the login must own the database and be able to create roles.
 */
export async function migrate(url: string): Promise<void> {
  if (await isCurrent(url)) return;
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url,
    synchronize: false,
    migrations: files.flatMap((file) =>
      Object.values(require(join(FOLDER, file)) as Record<string, new () => MigrationInterface>),
    ),
    migrationsTransactionMode: 'each',
  });
  await source.initialize();
  const guard = source.createQueryRunner();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await source.runMigrations();
  } finally {
    await guard.release();
    await source.destroy();
  }
}

/** Asked as the services ask: every start does, and most find that it is. */
async function isCurrent(url: string): Promise<boolean> {
  const client = new Client({ connectionString: asApplication(url) });
  try {
    await client.connect();
    const { rows } = await client.query<{ applied: number }>('SELECT applied_migrations() AS applied');
    return rows[0] !== undefined && rows[0].applied >= knownMigrations;
  } catch {
    // An empty database has neither the function nor the role. What else may be wrong, migrating will say.
    return false;
  } finally {
    await client.end();
  }
}
