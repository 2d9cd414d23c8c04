import { spawnSync } from 'node:child_process';
import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase } from '../setup/database';
import { startRedis, type TestRedis } from '../setup/redis';
import { eventually, startService, type RunningService, type ServiceSettings } from '../setup/service';

export type Backend = 'PostgreSQL' | 'Redis';

/** A service with a programme, on a database of its own, and the superuser's view of it. */
export interface FaultBench {
  databaseUrl: string;
  redis: TestRedis | undefined;
  service: RunningService;
  programme: TestProgramme;
  /** As the superuser. */
  owner: Client;
  sql<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

export interface BenchOptions extends Partial<ServiceSettings> {
  backend: Backend;
  /** As for createProgramme. */
  offer?: Record<string, unknown>;
}

/** Without databaseUrl: on an empty database of the test run's cluster. */
export async function startBench({ backend, offer, ...settings }: BenchOptions): Promise<FaultBench> {
  const database =
    settings.databaseUrl === undefined
      ? await createTestDatabase()
      : { url: settings.databaseUrl, drop: () => Promise.resolve() };
  const redis = backend === 'Redis' ? await startRedis() : undefined;
  if (backend === 'Redis' && redis === undefined)
    throw new Error('There is no redis-server: see describeOnEachBackend');
  const service = await startService({ worker: false, ...settings, databaseUrl: database.url, redisUrl: redis?.url });
  const programme = await createProgramme(service, offer);
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined); // Its server is killed in some tests.
  await client.connect();
  return {
    databaseUrl: database.url,
    redis,
    service,
    programme,
    owner: client,
    sql: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    stop: async () => {
      await client.end().catch(() => undefined);
      await service.stop();
      await redis?.stop();
      await database.drop();
    },
  };
}

/** The service's worker as it dies on a machine: no goodbye to anyone. Resolves when the process is gone. */
export async function killWorker(service: RunningService): Promise<void> {
  if (service.worker === undefined) throw new Error('There is no worker to kill');
  process.kill(service.worker.pid, 'SIGKILL');
  await service.worker.ended;
}

/** What a transaction comes to: a statement that writes a table, or (COMMIT) the end of one that wrote it. */
export interface Step {
  on: 'INSERT' | 'UPDATE' | 'DELETE' | 'COMMIT';
  table: string;
}

/** Whoever comes to a step stands still there, inside the database, until they are let go. */
export interface Barrier {
  /** Resolves with the backends that stand there, when there is one. */
  someone(): Promise<number[]>;
  letGo(): Promise<void>;
}

const BARRIER = 4711;

/**
 * Installs a trigger that waits for an advisory lock, which a connection of ours holds. The service's code knows nothing of
 * it; a statement-level trigger fires whether or not there are rows, a deferred one at the commit.
 */
export async function stopAt(databaseUrl: string, { on, table }: Step): Promise<Barrier> {
  const holder = new Client({ connectionString: databaseUrl });
  await holder.connect();
  await holder.query(`SELECT pg_advisory_lock($1)`, [BARRIER]);
  await holder.query(`
    CREATE OR REPLACE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock_shared(${BARRIER});
      RETURN NULL;
    END $$;
    ${
      on === 'COMMIT'
        ? `CREATE CONSTRAINT TRIGGER stand_still AFTER INSERT OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION stand_still()`
        : `CREATE TRIGGER stand_still BEFORE ${on} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION stand_still()`
    }`);
  return {
    someone: () =>
      eventually(
        async () => {
          const { rows } = await holder.query<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))`,
          );
          return rows.map(({ pid }) => pid);
        },
        (pids) => pids.length > 0,
        30_000,
      ),
    letGo: async () => {
      await holder.query('SELECT pg_advisory_unlock($1)', [BARRIER]);
      await holder.query(`DROP TRIGGER stand_still ON ${table}`);
      await holder.end();
    },
  };
}

/** A suite on each of the queue's two homes; a machine with nothing but Node has no Redis, and says so. */
export function describeOnEachBackend(name: string, suite: (backend: Backend) => void): void {
  describe(`${name}, the queue on PostgreSQL`, () => suite('PostgreSQL'));
  if (HAS_REDIS) describe(`${name}, the queue on Redis`, () => suite('Redis'));
  else describe.skip(`${name}, the queue on Redis (there is no redis-server)`, () => suite('Redis'));
}

export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;
