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
/** Killed once so many migrations have been committed: it is in the middle of the next. */
const KILLED_AT = [0, 1, 4, 10, 16, FILES - 1];

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

  /** Of the migrations how many are committed, and whether one is under way. */
  const state = (client: Client) =>
    client
      .query<{ table: string | null }>(`SELECT to_regclass('migrations')::text AS table`)
      .then(({ rows }) =>
        client.query<{ applied: number; busy: boolean }>(
          `SELECT ${rows[0]?.table ? '(SELECT count(*) FROM migrations)' : '0'}::int AS applied,
                  EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'migrate' AND xact_start IS NOT NULL) AS busy`,
        ),
      )
      .then(({ rows }) => rows[0]!);

  it('leaves what was committed, and goes on from there to the same schema', async () => {
    await within(database.url, async (client) => {
      for (const applied of KILLED_AT) {
        const child = migrating(database.url);
        const ended = once(child, 'exit');
        await eventually(
          () => state(client),
          (now) => now.busy && now.applied >= applied,
          30_000,
        );
        child.kill('SIGKILL');
        expect((await ended)[1]).toBe('SIGKILL');
        await eventually(
          async () =>
            (await client.query(`SELECT FROM pg_stat_activity WHERE application_name = 'migrate'`)).rows.length,
          (left) => left === 0,
        );
      }
      expect((await state(client)).applied).toBeLessThan(FILES);
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
