import { setTimeout as delay } from 'node:timers/promises';
import { runMigrations } from 'bullmq';
import { Client, DatabaseError } from 'pg';
import { queueName, queueRole, queueSchema } from './queue-setting';

/**
 * Creates or brings up to date BullMQ's tables in the schema `queue`, as the user of `databaseUrl`, and the role that the services
 * use them with: it owns nothing, logs in nowhere and reaches no other schema. Safe to run at once in many processes and databases.
 */
export async function migrateQueue(databaseUrl: string): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('gegenwert:migrate-queue'))`);
    await ensureRole(client);
    await dropUnlessMigratable(client);
    await runMigrations(client, queueSchema);
    await grant(client);
  } finally {
    await client.end();
  }
}

/** Roles belong to the cluster, and the lock above to one database: another database's migration may do the same at this moment. */
async function ensureRole(client: Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(ensureRoleSql);
      return;
    } catch (error) {
      if (attempt === 20 || !isRace(error)) throw error;
      await delay(10 + Math.random() * 40);
    }
  }
}

/** From PostgreSQL 16 on who creates a role is its member without the right to SET it, so that is what is asked for there. */
const ensureRoleSql = `DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${queueRole}') THEN
    CREATE ROLE ${queueRole} NOLOGIN NOINHERIT;
  END IF;
  IF NOT pg_has_role(current_user, '${queueRole}',
    CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
  THEN
    GRANT ${queueRole} TO CURRENT_USER;
  END IF;
END $$`;

function isRace(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  const duplicate = error.code === '42710' || error.code === '23505';
  // "tuple concurrently updated" has no SQLSTATE of its own.
  return duplicate || (error.code === 'XX000' && error.message.includes('concurrently'));
}

/** A queue that was emptied whole, its list of migrations with it, is made anew: nothing in it is worth keeping (I12). */
async function dropUnlessMigratable(client: Client): Promise<void> {
  const { rows } = await client.query<{ ledger: string | null; job: string | null }>(
    `SELECT to_regclass('${queueSchema}.migration') AS ledger, to_regclass('${queueSchema}.job') AS job`,
  );
  if (!rows[0]?.job) return;
  const { rowCount } = await client.query(`SELECT FROM ${queueSchema}.migration LIMIT 1`);
  if (rowCount === 0) await client.query(`DROP SCHEMA ${queueSchema} CASCADE`);
}

async function grant(client: Client): Promise<void> {
  await client.query(`
    BEGIN;
    GRANT USAGE ON SCHEMA ${queueSchema} TO ${queueRole};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${queueSchema} TO ${queueRole};
    REVOKE INSERT, UPDATE, DELETE ON ${queueSchema}.migration FROM ${queueRole};
    -- BullMQ makes a queue's sequence of ids with its first job. Made here, the services need no right to create anything.
    SELECT ${queueSchema}.next_job_id('${queueName}');
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${queueSchema} TO ${queueRole};
    COMMIT;
  `);
}
