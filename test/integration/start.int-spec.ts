import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrateQueue } from '../../src/platform/queue';
import { createProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { eventually, startService, type RunningService } from '../setup/service';

/** A login that owns nothing, and may do no more than act as the roles of the services. */
const LOGIN = `login_${randomBytes(6).toString('hex')}`;

let database: TestDatabase;
let owner: Client;
let url: string;
let service: RunningService | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  await migrateQueue(database.url);
  await owner.query(`CREATE ROLE ${LOGIN} LOGIN PASSWORD '${LOGIN}'`);
  await owner.query(`GRANT gegenwert_app, gegenwert_queue TO ${LOGIN}`);
  const asLogin = new URL(database.url);
  asLogin.username = LOGIN;
  asLogin.password = LOGIN;
  url = asLogin.href;
});

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

afterAll(async () => {
  await owner.query(`DROP OWNED BY ${LOGIN}`);
  await owner.query(`DROP ROLE ${LOGIN}`);
  await owner.end();
  await database.drop();
});

describe('a login that owns nothing', () => {
  // Fails when a start migrates whatever the schema is: the login may neither create nor lock what migrating does.
  it('is enough where the schema is the newest: for API and worker, and the bell', async () => {
    service = await startService({ databaseUrl: url });
    const programme = await createProgramme(service);
    expect((await programme.share('anna')).status).toBe(201);
    await eventually(
      () => programme.balance('anna'),
      ({ available }) => available === 120,
    );
    const { rows } = await owner.query(`SELECT FROM pg_stat_activity WHERE usename = $1`, [LOGIN]);
    expect(rows.length).toBeGreaterThan(1);
  });

  it('is not where it is not, and leaves it as it is', async () => {
    const before = await owner.query('SELECT * FROM migrations ORDER BY id');
    await owner.query(`DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)`);
    const left = await owner.query('SELECT * FROM migrations ORDER BY id');
    await expect(startService({ databaseUrl: url, worker: false })).rejects.toThrow('code 1');
    expect((await owner.query('SELECT * FROM migrations ORDER BY id')).rows).toEqual(left.rows);
    const { id, timestamp, name } = before.rows.at(-1) as Record<string, unknown>;
    await owner.query('INSERT INTO migrations (id, timestamp, name) VALUES ($1, $2, $3)', [id, timestamp, name]);
  });
});

describe('the queue’s schema', () => {
  // Fails when only its version is looked at.
  it('is granted anew when it was migrated and not granted', async () => {
    await owner.query('REVOKE INSERT ON queue.job FROM gegenwert_queue');
    await migrateQueue(database.url);
    const { rows } = await owner.query(
      `SELECT has_table_privilege('gegenwert_queue', 'queue.job', 'INSERT') AS granted`,
    );
    expect(rows).toEqual([{ granted: true }]);
  });
});
