import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, MigrationInterface } from 'typeorm';

/** Any number would do, as long as every migration of a database takes the same one. */
const MIGRATION_LOCK = 7_312_026;

function migrations(): (new () => MigrationInterface)[] {
  const folder = join(__dirname, '../../migrations');
  return readdirSync(folder)
    .filter((file) => /^\d{13}-[a-z-]+\.(ts|js)$/.test(file))
    .sort()
    .flatMap((file) => Object.values(require(join(folder, file)) as Record<string, new () => MigrationInterface>));
}

/**
 * Brings the database at url to the newest schema; one at a time, the others wait and find nothing to do.
 * The login must own the database and be able to create roles.
 */
export async function migrate(url: string): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url,
    synchronize: false,
    migrations: migrations(),
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

/** How many migrations the database at hand lacks: 0 when it is ready to serve. */
export function knownMigrations(): number {
  return migrations().length;
}
