import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationInterface } from 'typeorm';
import type { DataKeys } from './data-keys';
import type { Database, Statement } from './database';

/** Any number would do, as long as every migration of a database takes the same one. */
const MIGRATION_LOCK = 7_312_026;
const FOLDER = join(__dirname, '../../migrations');
/** Of the database that holds the keys, where they lie apart. */
const KEYS_FOLDER = join(FOLDER, 'keys');

/** One migration a file. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => /^\d{13}-[a-z-]+\.(ts|js)$/.test(file))
    .sort();
const files = filesIn(FOLDER);

const APPLIED: Statement = { name: 'applied_migrations', text: 'SELECT applied_migrations() AS applied' };
/** Whether the database has seen every migration of this version. Rejects when it is away, or has seen none at all. */
export async function hasNewestSchema(database: Database): Promise<boolean> {
  const [row] = await database.query<{ applied: number }>(APPLIED);
  return row !== undefined && row.applied >= files.length;
}

/** The same of the database that holds the keys. */
export async function hasNewestKeySchema(dataKeys: DataKeys): Promise<boolean> {
  return (await dataKeys.appliedMigrations()) >= filesIn(KEYS_FOLDER).length;
}

/**
 * Brings the database at url to the newest schema; one at a time, the others wait and find nothing to do.
 * The login must own the database and be able to create roles.
 */
export function migrate(url: string): Promise<void> {
  return run(url, FOLDER);
}

/** The same of the database that holds the keys, where they lie apart. */
export function migrateKeys(url: string): Promise<void> {
  return run(url, KEYS_FOLDER);
}

async function run(url: string, folder: string): Promise<void> {
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url,
    synchronize: false,
    migrations: filesIn(folder).flatMap((file) =>
      Object.values(require(join(folder, file)) as Record<string, new () => MigrationInterface>),
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
