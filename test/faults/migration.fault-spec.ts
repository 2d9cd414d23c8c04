import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createBareDatabase, createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, startService, type RunningService } from '../setup/service';

/**
 * A migration is killed, and begun again; and a later version migrates while this one goes on serving. What a later version
 * does to a table that this one knows is to add to it, so every table gets a column here.
 */

jest.setTimeout(120_000);

const FILES = readdirSync(join(__dirname, '../../migrations')).filter((file) => /^\d{13}-/.test(file)).length;
/** Killed once so many migrations have been committed: the next stands still before its end. */
const KILLED_AT = [0, 1, 4, 10, 16, FILES - 1];
/** The advisory lock that it waits for. */
const BARRIER = 4_711_001;

/** Everything that the schema consists of, one line each. */
const SCHEMA = `
  SELECT line FROM (
    SELECT format('%s %s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) AS line,
           c.relnamespace AS namespace
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)), connamespace FROM pg_constraint
    UNION ALL SELECT pg_get_indexdef(i.indexrelid), c.relnamespace FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    UNION ALL SELECT pg_get_triggerdef(t.oid), c.relnamespace FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL SELECT format('%s %s', p.proacl, pg_get_functiondef(p.oid)), p.pronamespace FROM pg_proc p WHERE p.prokind IN ('f', 'p')
    UNION ALL SELECT format('%s %s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)), c.relnamespace
                FROM pg_policy JOIN pg_class c ON c.oid = polrelid
    UNION ALL SELECT format('%s %s %s %s', oid::regclass, relkind, relacl, relforcerowsecurity), relnamespace FROM pg_class
    UNION ALL SELECT format('%s %s', c.oid::regclass, pg_get_viewdef(c.oid)), c.relnamespace FROM pg_class c WHERE c.relkind = 'v') lines
   WHERE namespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY line`;

async function within<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const schemaOf = (url: string): Promise<string[]> =>
  within(url, async (client) => (await client.query<{ line: string }>(SCHEMA)).rows.map(({ line }) => line));

const migrating = (url: string): ChildProcess =>
  spawn(process.execPath, [join(__dirname, '../../dist/src/migrate.js')], {
    env: { ...process.env, DATABASE_URL: url, PGAPPNAME: 'migrate' },
    stdio: 'ignore',
  });

describe('a migration that is killed', () => {
  let database: TestDatabase;
  beforeAll(async () => (database = await createBareDatabase()));
  afterAll(() => database.drop());

  const appliedOf = async (client: Client): Promise<number> =>
    (await client.query<{ applied: number }>('SELECT count(*)::int AS applied FROM migrations')).rows[0]!.applied;
  const backends = async (client: Client, which: string): Promise<number> =>
    (await client.query(`SELECT FROM pg_stat_activity WHERE application_name = 'migrate' AND ${which}`)).rows.length;

  /** Has the first migration that is under way after so many wait before it is written down as done, however small it is. */
  async function standStill(client: Client, applied: number): Promise<void> {
    await client.query(`SELECT pg_advisory_lock(${BARRIER})`);
    await client.query(`
      CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (SELECT count(*) FROM migrations) >= ${applied} THEN PERFORM pg_advisory_xact_lock_shared(${BARRIER}); END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER stand_still BEFORE INSERT ON migrations FOR EACH ROW EXECUTE FUNCTION stand_still()`);
  }

  it('leaves what was committed, and goes on from there to the same schema', async () => {
    await within(database.url, async (client) => {
      // As TypeORM makes it, so that the first one can be made to stand still as well.
      await client.query(
        'CREATE TABLE migrations (id serial CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)',
      );
      for (const applied of KILLED_AT) {
        await standStill(client, applied);
        const child = migrating(database.url);
        const ended = once(child, 'exit');
        await eventually(
          () => backends(client, 'pg_backend_pid() = ANY (pg_blocking_pids(pid))'),
          (waiting) => waiting === 1,
          30_000,
        );
        child.kill('SIGKILL');
        expect((await ended)[1]).toBe('SIGKILL');
        // The database finds out that nobody is there when it has something to say.
        await client.query(`SELECT pg_advisory_unlock(${BARRIER})`);
        await eventually(
          () => backends(client, 'true'),
          (left) => left === 0,
        );
        await client.query('DROP FUNCTION stand_still() CASCADE');
        expect(await appliedOf(client)).toBe(applied);
      }
    });
    const [code] = await once(migrating(database.url), 'exit');
    expect(code).toBe(0);
    const whole = await createTestDatabase();
    await once(migrating(whole.url), 'exit');
    expect(await schemaOf(database.url)).toEqual(await schemaOf(whole.url));
    await whole.drop();
  });
});

describe('this version, while a later one migrates', () => {
  let database: TestDatabase;
  let service: RunningService;
  let programme: TestProgramme;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({ databaseUrl: database.url });
    programme = await createProgramme(service);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  /** One customer's way through all that is written often; the answers' statuses. */
  async function live(customerRef: string): Promise<number[]> {
    const { url } = service;
    const key = programme.storefrontKey;
    const award = { customerRef, points: 100, reason: 'Order', reference: `order-${customerRef}` };
    const answers = [
      await programme.share(customerRef),
      await programme.disclose(customerRef),
      await call(url, 'POST', '/v1/awards', { key, body: award }),
    ];
    await eventually(
      () => programme.balance(customerRef),
      ({ available }) => available === 220,
      30_000,
    );
    const redemption = { customerRef, points: 50, orderRef: `cart-${customerRef}`, capture: true };
    answers.push(await call(url, 'POST', '/v1/redemptions', { key, body: redemption }));
    answers.push(await programme.revoke(customerRef, { everything: true }));
    return answers.map(({ status }) => status);
  }

  it('goes on serving, and after a restart as well', async () => {
    let isMigrating = true;
    const statuses: number[] = [];
    const customers = [0, 1, 2, 3].map(async (row) => {
      for (let n = 0; isMigrating || n < 2; n++) statuses.push(...(await live(`${row}-${n}`)));
    });
    await live('warm');
    await within(database.url, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY oid`,
      );
      expect(rows.length).toBeGreaterThan(40);
      for (const { name } of rows) {
        await client.query(`ALTER TABLE ${name} ADD COLUMN of_a_later_version int NOT NULL DEFAULT 0`);
        await sleep(20);
      }
      await client.query(
        `INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'OfALaterVersion9999999999999')`,
      );
    });
    isMigrating = false;
    await Promise.all(customers);
    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status !== 200 && status !== 201)).toEqual([]);
    await service.stop();
    service = await startService({
      databaseUrl: database.url,
      env: { ...service.env, PORT: new URL(service.url).port },
    });
    expect(await live('after-restart')).toEqual([201, 200, 201, 201, 201]);
    expect(await brokenInvariants(database.url)).toEqual({});
  });
});
