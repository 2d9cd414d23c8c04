import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { shareForMany } from '../../bench/many';
import { parsePublicId } from '../../src/platform/ids';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, type RunningService, startService } from '../setup/service';

jest.setTimeout(120_000);

const MANY = 9_000;
const FEW = 24;

let database: TestDatabase;
let service: RunningService;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await service.stop();
  await database.drop();
});
afterEach(rulesHold);

async function rulesHold(): Promise<void> {
  await client.query('ANALYZE');
  expect(await brokenInvariants(database.url)).toEqual({});
}

const rows = async <Row extends object>(text: string, programme: TestProgramme): Promise<Row[]> =>
  (await client.query<Row>(text, [parsePublicId('prg', programme.id)])).rows;
const admin = (programme: TestProgramme, method: string, path: string) =>
  call(service.url, method, path, { key: programme.adminKey });
const finished = (programme: TestProgramme, jobId: string) =>
  eventually(
    async () => (await admin(programme, 'GET', `/v1/jobs/${jobId}`)).body,
    ({ status }) => status !== 'queued' && status !== 'running',
    60_000,
  );

/** Everything that differs from customer to customer: what they shared, for what, who read it, and what they took back before. */
async function lead(programme: TestProgramme): Promise<void> {
  const both = await programme.publish({
    asks: [
      { attribute: 'birthday', purposes: ['greeting'], required: true },
      { attribute: 'shoeSize', purposes: ['greeting', 'advice'], required: true },
    ],
  });
  for (let n = 0; n < FEW; n++) {
    const ref = `customer-${n}`;
    const consents = [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }];
    if (n % 3 !== 1) await programme.share(ref, { consents });
    if (n % 3 !== 0) {
      await programme.share(ref, {
        offer: both,
        values: { birthday: '1991-05-02', shoeSize: 42 },
        consents: [
          { attribute: 'birthday', purposes: ['greeting'] },
          { attribute: 'shoeSize', purposes: ['greeting', 'advice'] },
        ],
      });
    }
    if (n % 2 === 0) await programme.disclose(ref, { attributes: ['birthday', 'shoeSize'] });
    if (n % 4 === 0) await programme.disclose(ref, { purpose: 'advice', recipient: 'recommender' });
    if (n % 5 === 0) await programme.revoke(ref, { purpose: 'advice' });
    else if (n % 11 === 0) await programme.revoke(ref, { everything: true });
  }
}

/** What is left of it, and what is written of it, without ids and times. */
async function left(programme: TestProgramme): Promise<Record<string, object[]>> {
  const of = (select: string) => rows(`${select} ORDER BY 1, 2, 3, 4`, programme);
  return {
    consents:
      await of(`SELECT c.ref, k.attribute, k.purpose, k.status, k.revocation_id IS NULL AS free, r.scope ->> 'purpose' AS scope
      FROM consents k JOIN customers c ON c.id = k.customer_id LEFT JOIN revocations r ON r.id = k.revocation_id WHERE k.programme_id = $1`),
    events:
      await of(`SELECT c.ref, e.event, cardinality(e.consents) AS consents, r.scope FROM consent_events e JOIN customers c ON c.id = e.customer_id
      LEFT JOIN revocations r ON r.id = e.revocation_id WHERE e.programme_id = $1`),
    revocations:
      await of(`SELECT c.ref, r.scope, r.status, r.consents_ended, r.values_erasing, r.told_at IS NULL AS untold FROM revocations r
      JOIN customers c ON c.id = r.customer_id WHERE r.programme_id = $1`),
    notices:
      await of(`SELECT c.ref, t.key, ARRAY(SELECT unnest(n.purposes) ORDER BY 1) AS purposes, ARRAY(SELECT unnest(n.attributes) ORDER BY 1) AS attributes,
        n.status, n.due_at - n.created_at AS due FROM revocation_notices n JOIN revocations r ON r.id = n.revocation_id
      JOIN customers c ON c.id = r.customer_id JOIN recipients t ON t.id = n.recipient_id WHERE n.programme_id = $1`),
    values:
      await of(`SELECT c.ref, v.attribute, k.destroyed_at IS NULL AS key, 0 FROM vault_values v JOIN customers c ON c.id = v.customer_id
      JOIN key_store.data_keys k ON k.id = v.version WHERE v.programme_id = $1`),
    journal:
      await of(`SELECT c.ref, j.attribute, r.scope, k.destroyed_at IS NOT NULL AS destroyed FROM erasure_journal j JOIN customers c ON c.id = j.customer_id
      LEFT JOIN revocations r ON r.id = j.revocation_id LEFT JOIN key_store.data_keys k ON k.id = j.version WHERE j.programme_id = $1`),
  };
}

// Fails when the statement for many does, or leaves out, anything that the one for a single customer does not.
it('for many a purpose ends as it does when each of them takes it back', async () => {
  const [together, singly] = [await createProgramme(service), await createProgramme(service)];
  await Promise.all([lead(together), lead(singly)]);
  const nothingOwed = () =>
    eventually(
      async () => (await client.query<{ owed: number }>('SELECT count(*)::int AS owed FROM outbox')).rows[0]?.owed,
      (owed) => owed === 0,
      60_000,
    );
  await nothingOwed();
  const { body } = await admin(together, 'POST', '/v1/purposes/greeting/withdrawal');
  expect(await finished(together, body['jobId'] as string)).toMatchObject({ status: 'done', failed: 0 });
  for (let n = 0; n < FEW; n++) await singly.revoke(`customer-${n}`, { purpose: 'greeting' });
  await nothingOwed();
  const of = await left(together);
  expect(of).toEqual(await left(singly));
  expect(of['notices']!.length).toBeGreaterThan(5);
  expect(of['values']!.length).toBeGreaterThan(5);
  expect(of['journal']!.length).toBeGreaterThan(5);
});

const command = (name: 'job' | 'withdraw', args: string[], { adminKey: key }: TestProgramme) =>
  new Promise<{ code: number | null; lines: string[] }>((resolve) => {
    const child = spawn(process.execPath, [join(__dirname, `../../dist/src/${name}.js`), ...args], {
      env: { ...process.env, GEGENWERT_URL: service.url, GEGENWERT_KEY: key },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
    child.on('close', (code) => resolve({ code, lines: output.trim().split('\n') }));
  });

it.each([
  [['no-such-job'], 2, /^404/],
  [[], 2, /^Usage/],
])('%j is told what is wrong', async (args, code, said) => {
  expect(await command('job', args, await createProgramme(service))).toEqual({
    code,
    lines: [expect.stringMatching(said)],
  });
});

describe('a job for thousands', () => {
  let programme: TestProgramme;
  beforeAll(async () => {
    programme = await createProgramme(service);
  });
  beforeEach(async () => {
    // As if it had never been withdrawn: one that was is not withdrawn again.
    await client.query('UPDATE purposes SET withdrawn_at = NULL');
    await client.query(`UPDATE jobs SET status = 'cancelled' WHERE status = 'done'`);
    const [row] = await rows<{ shares: number }>(
      'SELECT count(*)::int AS shares FROM shares WHERE programme_id = $1',
      programme,
    );
    await shareForMany(client, {
      programmeId: parsePublicId('prg', programme.id)!,
      prefix: `many-${row!.shares}-`,
      customers: MANY,
      purposes: ['greeting', 'advice'],
      readEvery: 3,
    });
  });

  it('tells of every customer, writes each one’s revocation, and leaves what something else covers', async () => {
    const before = await left(programme);
    const { code, lines } = await command('withdraw', ['purpose', 'greeting'], programme);
    expect([code, lines[0], lines.at(-1)]).toEqual([
      0,
      expect.stringMatching(/^Blocked from now on\. Its consents are ended by job_/),
      'purpose-withdrawal:  100 %  9,000 of 9,000 customers  done',
    ]);
    const after = await left(programme);
    expect([after['revocations']!.length, after['notices']!.length, after['journal']!.length]).toEqual([
      MANY,
      MANY / 3,
      0,
    ]);
    expect(after['values']).toEqual(before['values']);
    const advice = await command('withdraw', ['recipient', 'recommender'], programme);
    expect(advice.code).toBe(0);
    const end = await left(programme);
    expect([end['revocations']!.length, end['journal']!.length, end['values']!.length]).toEqual([2 * MANY, MANY, 0]);
  });

  it('is cancelled between two batches, which the command says, and is taken up again', async () => {
    await service.worker?.stop();
    const { body } = await admin(programme, 'POST', '/v1/purposes/greeting/withdrawal');
    const jobId = body['jobId'] as string;
    const watched = command('job', [jobId], programme);
    // Each batch waits a little, so that there is time between the first one and the last.
    await client.query(`CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
      CREATE TRIGGER take_time BEFORE UPDATE ON job_parts FOR EACH STATEMENT EXECUTE FUNCTION take_time()`);
    const starting = service.startWorker();
    await eventually(
      async () => (await admin(programme, 'GET', `/v1/jobs/${jobId}`)).body,
      ({ done }) => done > 0,
      60_000,
    );
    const cancelled = await admin(programme, 'POST', `/v1/jobs/${jobId}/cancel`);
    await starting;
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', total: MANY } });
    const { done } = cancelled.body as { done: number };
    expect(done).toBeLessThan(MANY);
    expect(await watched).toMatchObject({
      code: 1,
      lines: expect.arrayContaining([expect.stringMatching(/cancelled$/)]) as string[],
    });
    await client.query('DROP TRIGGER take_time ON job_parts; DROP FUNCTION take_time');
    expect((await admin(programme, 'GET', `/v1/jobs/${jobId}`)).body['done']).toBe(done);
    const again = await admin(programme, 'POST', '/v1/purposes/greeting/withdrawal');
    expect(again.body['jobId']).not.toBe(jobId);
    expect(await finished(programme, again.body['jobId'] as string)).toMatchObject({
      status: 'done',
      total: MANY - done,
      done: MANY - done,
    });
  });

  it('of one who cannot be seen to sees to all others, and says so', async () => {
    await client.query(`ALTER TABLE revocations ADD CONSTRAINT not_that_one CHECK (customer_id % 4001 <> 0) NOT VALID`);
    const { body } = await admin(programme, 'POST', '/v1/purposes/greeting/withdrawal');
    const job = await finished(programme, body['jobId'] as string);
    await client.query('ALTER TABLE revocations DROP CONSTRAINT not_that_one');
    expect([job['status'], job['done'] + job['failed']]).toEqual(['done', MANY]);
    expect([2, 3]).toContain(job['failed']);
  });

  it('does not keep points from being booked', async () => {
    await client.query(`CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$;
      CREATE TRIGGER take_time BEFORE UPDATE ON job_parts FOR EACH STATEMENT EXECUTE FUNCTION take_time()`);
    const { body } = await admin(programme, 'POST', '/v1/purposes/advice/withdrawal');
    const award = { customerRef: 'earns', points: 10, reason: 'Order', reference: 'order-1' };
    await call(service.url, 'POST', '/v1/awards', { key: programme.storefrontKey, body: award });
    await eventually(
      () => programme.balance('earns'),
      ({ available }) => available === 10,
      30_000,
    );
    const job = await admin(programme, 'GET', `/v1/jobs/${body['jobId']}`);
    await client.query('DROP TRIGGER take_time ON job_parts; DROP FUNCTION take_time');
    expect(['queued', 'running']).toContain(job.body['status']);
    await finished(programme, body['jobId'] as string);
  });
});
