import { Client } from 'pg';
import { shareForMany } from '../../bench/many';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually } from '../setup/service';
import { killWorker, startBench, stopAt, type FaultBench, type Step } from './fault-bench';

/**
 * A purpose is withdrawn for thousands, and the worker is killed at each write of a batch: the next one goes on after the last
 * batch that was committed, and nothing is done twice.
 */

jest.setTimeout(180_000);

const CUSTOMERS = 3_000;
const WORK_MS = 120_000;

const BATCH: Step[] = [
  { on: 'UPDATE', table: 'consents' },
  { on: 'DELETE', table: 'vault_values' },
  { on: 'UPDATE', table: 'key_store.data_keys' },
  { on: 'INSERT', table: 'revocations' },
  { on: 'UPDATE', table: 'job_parts' },
  { on: 'COMMIT', table: 'revocations' },
];

let bench: FaultBench;
let client: Client;
let round = 0;
beforeAll(async () => {
  bench = await startBench({ backend: 'PostgreSQL' });
  client = new Client({ connectionString: bench.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await bench.stop();
});
beforeEach(async () => {
  // As if it had never been withdrawn: one that was is not withdrawn again.
  await bench.sql('UPDATE purposes SET withdrawn_at = NULL');
  await bench.sql(`UPDATE jobs SET status = 'cancelled' WHERE status = 'done'`);
  await shareForMany(client, {
    programmeId: parsePublicId('prg', bench.programme.id)!,
    prefix: `round-${(round += 1)}-`,
    customers: CUSTOMERS,
    purposes: ['greeting'],
    readEvery: 4,
  });
});
afterEach(rulesHold);

async function rulesHold(): Promise<void> {
  await bench.sql('ANALYZE');
  expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
}

const admin = (method: string, path: string) =>
  call(bench.service.url, method, path, { key: bench.programme.adminKey });
const job = async (id: string) => (await admin('GET', `/v1/jobs/${id}`)).body;
async function withdraw(): Promise<string> {
  const { status, body } = await admin('POST', '/v1/purposes/greeting/withdrawal');
  expect(status).toBe(202);
  return body['jobId'] as string;
}

/** What one round has come to. */
async function written(): Promise<object> {
  const [counts] = await bench.sql(
    `WITH these AS (SELECT programme_id, id FROM customers WHERE ref LIKE $1)
     SELECT (SELECT count(*)::int FROM these JOIN consents k ON k.customer_id = these.id AND k.status = 'withdrawn') AS ended,
            (SELECT count(*)::int FROM these JOIN consent_events e ON e.customer_id = these.id AND e.event = 'withdrawn') AS events,
            (SELECT count(*)::int FROM these JOIN revocations r ON r.customer_id = these.id) AS revocations,
            (SELECT count(*)::int FROM these JOIN revocations r ON r.customer_id = these.id
               JOIN revocation_notices n ON n.revocation_id = r.id) AS notices,
            (SELECT count(*)::int FROM these JOIN erasure_journal j ON j.customer_id = these.id) AS erased,
            (SELECT count(*)::int FROM these JOIN vault_values v ON v.customer_id = these.id) AS "left"`,
    [`round-${round}-%`],
  );
  return counts!;
}
const OF_ALL = {
  ended: CUSTOMERS,
  events: CUSTOMERS,
  revocations: CUSTOMERS,
  notices: CUSTOMERS / 4,
  erased: CUSTOMERS,
  left: 0,
};

async function done(id: string): Promise<void> {
  const end = await eventually(
    () => job(id),
    ({ status }) => status !== 'queued' && status !== 'running',
    WORK_MS,
  );
  expect(end).toMatchObject({ status: 'done', total: CUSTOMERS, done: CUSTOMERS, failed: 0 });
  expect(await written()).toEqual(OF_ALL);
}

// Fails when a batch, and how far it has come, are not one transaction.
it.each(BATCH.map((step): [string, Step] => [`${step.on} ${step.table}`, step]))(
  'at %s of a batch',
  async (_, step) => {
    const id = await withdraw();
    const barrier = await stopAt(bench.databaseUrl, step);
    const starting = bench.service.startWorker();
    await barrier.someone();
    await starting;
    await killWorker(bench.service);
    // Another batch of its may be on its way to where this one stands.
    await bench.sql(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'worker'`);
    await barrier.letGo();
    expect(await job(id)).toMatchObject({ status: 'running', done: 0 });
    await bench.service.startWorker();
    await done(id);
    await killWorker(bench.service);
  },
);

it('after some batches: those are not done again', async () => {
  const id = await withdraw();
  await bench.sql(
    `CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$`,
  );
  await bench.sql(
    `CREATE TRIGGER take_time BEFORE UPDATE ON job_parts FOR EACH STATEMENT EXECUTE FUNCTION take_time()`,
  );
  const starting = bench.service.startWorker();
  await eventually(
    () => job(id),
    (view) => view['done'] > 0,
    WORK_MS,
  );
  await starting;
  await killWorker(bench.service);
  await bench.sql('DROP TRIGGER take_time ON job_parts');
  await bench.sql('DROP FUNCTION take_time');
  await bench.service.startWorker();
  await done(id);
  await killWorker(bench.service);
});

// Fails without the sweep.
it('the queue is wiped: the job is found', async () => {
  const id = await withdraw();
  const tables = await bench.sql<{ name: string }>(
    `SELECT format('queue.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'queue' AND tablename <> 'migration'`,
  );
  if (tables.length > 0) await bench.sql(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
  await bench.service.startWorker();
  await done(id);
  await killWorker(bench.service);
});

// Fails when two workers see to the same part.
it('two workers share it, and one of them is killed', async () => {
  const id = await withdraw();
  const barrier = await stopAt(bench.databaseUrl, { on: 'INSERT', table: 'revocations' });
  const first = await bench.service.startWorker();
  await barrier.someone();
  const second = await bench.service.startWorker();
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  await barrier.letGo();
  await done(id);
  await second.stop();
});
