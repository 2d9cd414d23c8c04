import { readConfig } from './platform/config';
import { migrate, migrateKeys } from './platform/migrate';
import { migrateQueue } from './platform/queue';
import { runTask } from './run-task';

/** Brings the database at DATABASE_URL to the newest schema and ends: for a deployment that migrates before it starts. */
runTask('migration', async () => {
  const { databaseUrl, keysDatabaseUrl } = readConfig(process.env, { kek: 'unused' });
  if (!databaseUrl) throw new Error('Set DATABASE_URL. The embedded database is migrated whenever it is started.');
  await migrate(databaseUrl);
  await migrateQueue(databaseUrl);
  if (keysDatabaseUrl) await migrateKeys(keysDatabaseUrl);
  console.log('The database has the newest schema.');
  return true;
});
