import { setTimeout as delay } from 'node:timers/promises';
import { LATEST_SCHEMA_VERSION, runMigrations } from 'bullmq';
import { Client, DatabaseError } from 'pg';
import { queueConnection, queueName, queueRole, queueSchema } from './queue-setting';

/**
 * Creates or brings up to date BullMQ's tables in the schema `queue`, as the user of `databaseUrl`, and the role that the services
 * use them with: it owns nothing, logs in nowhere and reaches no other schema. Safe to run at once in many processes and databases,
 * and beside running services. When there is nothing to do, a login that may act as the role is enough.
 */
export async function migrateQueue(databaseUrl: string): Promise<void> {
  if (await isCurrent(databaseUrl)) return;
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('gegenwert:migrate-queue'))`);
    for (let attempt = 1; !(await migrated(client, attempt)); attempt += 1) await delay(10 + Math.random() * 90);
  } finally {
    await client.end();
  }
}

/** Asked as the services' role, for which a schema that was migrated and not yet granted is none. */
async function isCurrent(databaseUrl: string): Promise<boolean> {
  const client = new Client(queueConnection(databaseUrl).connectionString);
  try {
    await client.connect();
    const { rows } = await client.query<{ current: boolean }>(
      `SELECT max(version) >= $1 AND NOT EXISTS (
         SELECT FROM pg_class WHERE relnamespace = $2::regnamespace AND CASE relkind
           WHEN 'r' THEN relname <> 'migration' AND NOT has_table_privilege(oid, 'INSERT')
           WHEN 'S' THEN NOT has_sequence_privilege(oid, 'USAGE') END) AS current
       FROM migration`,
      [LATEST_SCHEMA_VERSION, queueSchema],
    );
    return rows[0]?.current === true;
  } catch {
    // Neither the role nor the schema need be there yet. What else may be wrong, migrating will say.
    return false;
  } finally {
    await client.end();
  }
}

const mostAttempts = 20;

/** False when something else was faster or in the way: roles belong to the cluster, and the lock above to one database. */
async function migrated(client: Client, attempt: number): Promise<boolean> {
  try {
    await client.query(ensureRole);
    await dropUnlessMigratable(client);
    await runMigrations(client, queueSchema);
    await client.query(grant);
    return true;
  } catch (error) {
    if (attempt < mostAttempts && isRace(error)) return false;
    throw error;
  }
}

function isRace(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  // Role or membership made meanwhile, and a deadlock with a service at work.
  if (['42710', '23505', '40P01'].includes(error.code ?? '')) return true;
  // "tuple concurrently updated" has no SQLSTATE of its own.
  return error.code === 'XX000' && error.message.includes('concurrently');
}

/** From PostgreSQL 16 on who creates a role is its member without the right to SET it, so that is what is asked for there. */
const ensureRole = `DO $$
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

/** A queue that was emptied whole, its list of migrations with it, is made anew: nothing in it is worth keeping (I12). */
async function dropUnlessMigratable(client: Client): Promise<void> {
  const { rows } = await client.query<{ job: string | null }>(`SELECT to_regclass('${queueSchema}.job') AS job`);
  if (!rows[0]?.job) return;
  const { rowCount } = await client.query(`SELECT FROM ${queueSchema}.migration LIMIT 1`);
  if (rowCount === 0) await client.query(`DROP SCHEMA ${queueSchema} CASCADE`);
}

/**
 * One transaction. BullMQ makes a queue's sequence of ids with its first job; made here, the services need no right to create
 * anything.
 */
const grant = `
  GRANT USAGE ON SCHEMA ${queueSchema} TO ${queueRole};
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${queueSchema} TO ${queueRole};
  REVOKE INSERT, UPDATE, DELETE ON ${queueSchema}.migration FROM ${queueRole};
  SELECT ${queueSchema}.next_job_id('${queueName}');
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${queueSchema} TO ${queueRole};
`;
