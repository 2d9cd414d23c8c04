import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { DataKeys } from './data-keys';
import type { Database, Statement } from './database';
import { onDatabaseOf } from './usable';

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

/** The same of the database that holds the keys, where they lie apart. @throws Error that says what to do, for one that cannot. */
export function migrateKeys(url: string): Promise<void> {
  return onDatabaseOf('GEGENWERT_KEYS_DATABASE_URL', () => run(url, KEYS_FOLDER, requireNoValues));
}

const HOLDS_VALUES = `SELECT to_regclass('public.vault_values') IS NOT NULL AS values`;

/** One database has many URLs: two that differ may lead to the same. */
async function requireNoValues(guard: QueryRunner): Promise<void> {
  const [found] = (await guard.query(HOLDS_VALUES)) as { values: boolean }[];
  if (found?.values)
    throw new Error(
      'GEGENWERT_KEYS_DATABASE_URL names a database that holds values. Name another one, best in a cluster of its own.',
    );
}

async function run(url: string, folder: string, check?: (guard: QueryRunner) => Promise<void>): Promise<void> {
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
    await check?.(guard);
    await source.runMigrations();
  } finally {
    await guard.release();
    await source.destroy();
  }
}
