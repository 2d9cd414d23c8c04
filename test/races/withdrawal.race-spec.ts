import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { shareForMany } from '../../bench/many';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, eventually } from '../setup/service';
import { startTwoApis, WITHOUT_CUSTOMER_LOCK, type TwoApis } from './two-apis';

/**
 * A consent ends once, whoever ends it: two revocations at once through two API processes, or a revocation and the withdrawal
 * of a purpose for everyone. The customer's lock is taken out at the end, and the same races then end some twice.
 */

jest.setTimeout(180_000);

const CUSTOMERS = 24;
const ROUNDS = 10;

let apis: TwoApis;
let client: Client;
let round = 0;
let refs: string[];
beforeAll(async () => {
  apis = await startTwoApis({ worker: true });
  client = new Client({ connectionString: apis.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await apis.stop();
});

/** Customers with two consents each, for greeting and for advice. */
async function share(): Promise<void> {
  await apis.sql('UPDATE purposes SET withdrawn_at = NULL');
  await apis.sql(`UPDATE jobs SET status = 'cancelled' WHERE status = 'done'`);
  const prefix = `round-${(round += 1)}-`;
  const programmeId = parsePublicId('prg', apis.programme.id)!;
  await shareForMany(client, {
    programmeId,
    prefix,
    customers: CUSTOMERS,
    purposes: ['greeting', 'advice'],
    readEvery: 2,
  });
  refs = Array.from({ length: CUSTOMERS }, (_, n) => `${prefix}${n}`);
}

const ended = (answers: Answer[]): number =>
  answers.reduce((sum, { body }) => sum + (body['consentsEnded'] as number), 0);
const ENDED_TWICE = `
  SELECT count(*)::int AS count FROM (
    SELECT id FROM consent_events e CROSS JOIN LATERAL unnest(e.consents) AS k(id) WHERE e.event <> 'given' GROUP BY id HAVING count(*) > 1) twice`;
const PROMISED_MORE = `
  SELECT count(*)::int AS count FROM revocations r WHERE r.consents_ended <>
    (SELECT count(*) FROM consents k WHERE k.programme_id = r.programme_id AND k.customer_id = r.customer_id AND k.revocation_id = r.id)`;
const count = async (query: string): Promise<number | undefined> =>
  (await apis.sql<{ count: number }>(query))[0]?.count;

/** Both processes are asked to end all of each customer's. Answers how many consents each customer was told have ended. */
async function twoRevocations(): Promise<number[]> {
  await share();
  const scopes = [{ everything: true }, { purpose: 'greeting' }];
  return Promise.all(
    refs.map(async (ref, n) =>
      ended(await Promise.all([0, 1].map((api) => apis.revoke(api, ref, api === 0 ? scopes[0]! : scopes[n % 2]!)))),
    ),
  );
}

it('two revocations at once: one of them ends it, and the other says that there was nothing left', async () => {
  for (let n = 0; n < ROUNDS; n++) expect(await twoRevocations()).toEqual(refs.map(() => 2));
  expect([await count(ENDED_TWICE), await count(PROMISED_MORE)]).toEqual([0, 0]);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

/** The purpose is withdrawn for everyone; half of the customers revoke at the same moment, the others once it is acknowledged. Answers how many were told that it was they who ended it. */
async function withdrawalAndRevocations(n: number): Promise<number> {
  await share();
  const revoke = (isEarly: boolean) =>
    Promise.all(
      refs.flatMap((ref, m) => ((m % 2 === 0) === isEarly ? [apis.revoke(m >> 1, ref, { purpose: 'greeting' })] : [])),
    );
  const early = revoke(true);
  const { body } = await apis.post(n, '/v1/purposes/greeting/withdrawal', {}, { key: apis.programme.adminKey });
  const answers = [...(await revoke(false)), ...(await early)];
  expect(answers.every(({ status }) => status === 201 || status === 200)).toBe(true);
  const job = parsePublicId('job', body['jobId'] as string);
  await eventually(
    async () => (await apis.sql<{ status: string }>('SELECT status FROM jobs WHERE id = $1', [job]))[0],
    (row) => row?.status === 'done',
    60_000,
  );
  return ended(answers);
}

it('a revocation and a withdrawal for everyone at once: one of them ends it', async () => {
  let byCustomers = 0;
  let byJobs = 0;
  // Until both of them have come first.
  for (let n = 0; n < ROUNDS || (n < 6 * ROUNDS && (byCustomers === 0 || byJobs === 0)); n++) {
    const byThese = await withdrawalAndRevocations(n);
    byCustomers += byThese;
    byJobs += CUSTOMERS - byThese;
    const [left] = await apis.sql(
      `SELECT count(*)::int AS ended, count(DISTINCT k.revocation_id)::int AS revocations FROM consents k JOIN customers c ON c.id = k.customer_id
        WHERE c.ref = ANY ($1) AND k.purpose = 'greeting' AND k.status = 'withdrawn'`,
      [refs],
    );
    expect(left).toEqual({ ended: CUSTOMERS, revocations: CUSTOMERS });
  }
  expect(byCustomers).toBeGreaterThan(0);
  expect(byJobs).toBeGreaterThan(0);
  expect([await count(ENDED_TWICE), await count(PROMISED_MORE)]).toEqual([0, 0]);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('asked again with the same key it is the first answer, and a job that was cancelled is not taken up again', async () => {
  await share();
  const options = { key: apis.programme.adminKey, idempotencyKey: `withdrawal ${round}` };
  const [first, ...others] = await Promise.all(
    [0, 1, 0, 1].map((api) => apis.post(api, '/v1/purposes/greeting/withdrawal', {}, options)),
  );
  // Those that came while the first ran may have been told so; nobody is told of another job.
  const jobs = [first!, ...others].flatMap(({ status, body }) => (status === 202 ? [body['jobId'] as string] : []));
  expect(new Set(jobs).size).toBe(1);
  await apis.sql(`UPDATE jobs SET status = 'cancelled', finished_at = now() WHERE id = $1`, [
    parsePublicId('job', jobs[0]!),
  ]);
  const before = await count('SELECT count(*)::int FROM jobs');
  const again = await apis.post(1, '/v1/purposes/greeting/withdrawal', {}, options);
  expect([again.status, again.body['jobId'], again.headers.get('idempotency-replayed')]).toEqual([
    202,
    jobs[0],
    'true',
  ]);
  expect(await count('SELECT count(*)::int FROM jobs')).toBe(before);
});

it('what is asked for while a purpose is being withdrawn waits in the process, and is refused then', async () => {
  await share();
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock_shared(gate_lock($1))', [parsePublicId('prg', apis.programme.id)]);
  const waiting = (mode: string) =>
    count(`SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND mode = '${mode}' AND NOT granted`);
  const withdrawn = apis.post(0, '/v1/purposes/greeting/withdrawal', {}, { key: apis.programme.adminKey });
  await eventually(
    () => waiting('ExclusiveLock'),
    (number) => number === 1,
  );
  const asked = Promise.all(refs.map((ref) => apis.disclose(0, ref)));
  await sleep(300);
  const waitingForLock = await waiting('ShareLock');
  await client.query('COMMIT');
  expect((await withdrawn).status).toBe(202);
  expect((await asked).map(({ status }) => status)).toEqual(refs.map(() => 403));
  expect(waitingForLock).toBe(0);
});

it('without the customer’s lock two revocations both say that they ended it, and are found out', async () => {
  await apis.sql(WITHOUT_CUSTOMER_LOCK);
  for (let n = 0; n < ROUNDS; n++) await twoRevocations();
  expect(await count(PROMISED_MORE)).toBeGreaterThan(0);
});
