import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationInterface } from 'typeorm';
import type { Database, Statement } from './database';

/** Any number would do, as long as every migration of a database takes the same one. */
const MIGRATION_LOCK = 7_312_026;
const FOLDER = join(__dirname, '../../migrations');

/** One migration a file. */
const files = readdirSync(FOLDER)
  .filter((file) => /^\d{13}-[a-z-]+\.(ts|js)$/.test(file))
  .sort();

const APPLIED: Statement = { name: 'applied_migrations', text: 'SELECT applied_migrations() AS applied' };
const CONTINUE: Statement = { name: 'continue_history', text: 'SELECT continue_history() AS continued' };

/** Whether the database has seen every migration of this version. Rejects when it is away, or has seen none at all. */
export async function hasNewestSchema(database: Database): Promise<boolean> {
  const [row] = await database.query<{ applied: number }>(APPLIED);
  return row !== undefined && row.applied >= files.length;
}

/**
 * Sees to it that what is written from now on comes after what was written before (ADR 10), also in a cluster whose
 * transactions count from lower because the database was restored into it. Answers whether it did not by itself.
 */
export async function continueHistory(database: Database): Promise<boolean> {
  const [row] = await database.query<{ continued: boolean }>(CONTINUE);
  return row?.continued ?? false;
}

/**
 * Brings the database at url to the newest schema; one at a time, the others wait and find nothing to do.
 * The login must own the database and be able to create roles.
 */
export async function migrate(url: string): Promise<void> {
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
