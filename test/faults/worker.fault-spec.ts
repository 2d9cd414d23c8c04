import { setTimeout as sleep } from 'node:timers/promises';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually } from '../setup/service';
import { describeOnEachBackend, killWorker, startBench, stopAt, type FaultBench, type Step } from './fault-bench';

/**
 * The worker is killed at each step of what it does, and another one takes over: nothing is lost and nothing is done twice.
 *
 * Where the dead worker's backend stands is where its statement stands: with the machine it ends there ("dies"), without it
 * the statement goes on and a booking, which is sent along with its commit, is even committed ("outlives").
 *
 * The steps lie in the database, whichever the queue, which only sees that a worker is gone: on Redis a few are enough.
 */

jest.setTimeout(120_000);

const CUSTOMERS = 8;
const WORK_MS = 60_000;

const BOOKING: Step[] = [
  { on: 'DELETE', table: 'outbox' },
  { on: 'INSERT', table: 'transfers' },
  { on: 'UPDATE', table: 'accounts' },
  { on: 'COMMIT', table: 'transfers' },
];
const CODES: Step[] = [
  { on: 'INSERT', table: 'discount_codes' },
  { on: 'COMMIT', table: 'discount_codes' },
];
const ERASURE: Step[] = [
  { on: 'DELETE', table: 'vault_values' },
  { on: 'UPDATE', table: 'revocations' },
  { on: 'COMMIT', table: 'erasure_journal' },
];
/** All of the steps, or the last two. */
const each = (steps: Step[], few: boolean) =>
  (few ? steps.slice(-1) : steps).map((step): [string, Step] => [`${step.on} ${step.table}`, step]);

describeOnEachBackend('a worker that is killed', (backend) => {
  let bench: FaultBench;
  let codes: { id: string; version: number; noticeHash: string };
  const onRedis = backend === 'Redis';
  let round = 0;
  let refs: string[];

  beforeAll(async () => {
    bench = await startBench({ backend });
    codes = await bench.programme.publish({
      reward: { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } },
    });
  });
  afterAll(() => bench.stop());
  beforeEach(async () => {
    round += 1;
    refs = Array.from({ length: CUSTOMERS }, (_, n) => `round-${round}-${n}`);
    if (bench.service.worker === undefined) await bench.service.startWorker();
  });
  afterEach(invariantsHold);

  async function invariantsHold(): Promise<void> {
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  }

  const accepted = async (offer?: typeof codes): Promise<void> => {
    const answers = await Promise.all(refs.map((ref) => bench.programme.share(ref, offer ? { offer } : {})));
    expect(answers.map(({ status }) => status)).toEqual(refs.map(() => 201));
  };

  /** Has the worker killed when it comes to the step of what act owes, and another one started. */
  async function dieAt(step: Step, statement: 'dies' | 'outlives', act: () => Promise<void>): Promise<void> {
    const barrier = await stopAt(bench.databaseUrl, step);
    await act();
    const standing = await barrier.someone();
    await killWorker(bench.service);
    if (statement === 'dies')
      await bench.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [standing]);
    await barrier.letGo();
    await bench.service.startWorker();
  }

  const nothingOwed = () =>
    eventually(
      async () => (await bench.sql<{ owed: number }>('SELECT count(*)::int AS owed FROM outbox'))[0]?.owed,
      (owed) => owed === 0,
      WORK_MS,
    );

  const owned = (table: 'transfers' | 'discount_codes', award: string) =>
    bench.sql<{ times: number }>(
      `SELECT count(t.*)::int AS times FROM customers c JOIN awards w ON w.customer_id = c.id AND w.programme_id = c.programme_id
         LEFT JOIN ${table} t ON t.${award} = w.id WHERE c.ref = ANY ($1) GROUP BY w.id`,
      [refs],
    );

  async function eachBookedOnce(): Promise<void> {
    await nothingOwed();
    const balances = await Promise.all(refs.map((ref) => bench.programme.balance(ref)));
    expect(balances).toEqual(
      refs.map(() => expect.objectContaining({ available: 120, pending: 0, held: 0 }) as object),
    );
    expect(await owned('transfers', 'id')).toEqual(refs.map(() => ({ times: 1 })));
  }

  // Fails when what is owed is struck out in a transaction of its own before the work (lost), or after it (twice).
  it.each(each(BOOKING, onRedis))('at %s of a booking: its statement dies too', async (_, step) => {
    await dieAt(step, 'dies', accepted);
    await eachBookedOnce();
  });

  it.each(each(BOOKING, true))('at %s of a booking: its statement outlives it', async (_, step) => {
    await dieAt(step, 'outlives', accepted);
    await eachBookedOnce();
  });

  it.each(each(CODES, true))('at %s of the making of discount codes', async (_, step) => {
    await dieAt(step, 'outlives', () => accepted(codes));
    await nothingOwed();
    expect(await owned('discount_codes', 'award_id')).toEqual(refs.map(() => ({ times: 1 })));
  });

  // Fails when the erasure is struck out before the values are destroyed, or when the next one stops at a half-done one.
  it.each(each(ERASURE, onRedis))('at %s of an erasure', async (_, step) => {
    await accepted();
    await nothingOwed();
    const disclosed = await bench.programme.disclose(refs[0]!);
    expect(disclosed.status).toBe(200);
    const revocations: string[] = [];
    await dieAt(step, 'dies', async () => {
      for (const ref of refs) {
        const { status, body } = await bench.programme.revoke(ref, { everything: true });
        expect([status, body['status'], body['keepsPoints']]).toEqual([201, 'blocked', 120]);
        revocations.push(body['id'] as string);
      }
    });
    await nothingOwed();
    const states = await Promise.all(
      revocations.map((id) =>
        call(bench.service.url, 'GET', `/v1/revocations/${id}`, { key: bench.programme.storefrontKey }),
      ),
    );
    expect(states.map(({ body }) => [body['status'], body['values']])).toEqual(
      // The first one's recipient has yet to fetch its notice.
      states.map((__, n) => [n === 0 ? 'erased' : 'complete', { erasing: 0, erased: 1 }]),
    );
    const [left] = await bench.sql(
      `SELECT (SELECT count(*)::int FROM vault_values v WHERE v.customer_id = ANY (c.ids)) AS values,
              (SELECT count(*)::int FROM erasure_journal j WHERE j.customer_id = ANY (c.ids)) AS erased
         FROM (SELECT array_agg(id) AS ids FROM customers WHERE ref = ANY ($1)) c`,
      [refs],
    );
    expect(left).toEqual({ values: 0, erased: CUSTOMERS });
    await eachBookedOnce();
  });

  // Fails when a worker that comes to what another one has taken waits for it, or takes it as well.
  it('one of two at work, and both', async () => {
    const first = bench.service.worker!;
    const second = await bench.service.startWorker();
    const barrier = await stopAt(bench.databaseUrl, { on: 'INSERT', table: 'transfers' });
    await accepted();
    await barrier.someone();
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    // The second one looks for work in the meantime, and finds what the first one's statement has not taken.
    await sleep(500);
    process.kill(second.pid, 'SIGKILL');
    await second.ended;
    await barrier.letGo();
    await bench.service.startWorker();
    await eachBookedOnce();
  });
});

describe('a worker that is killed after the commit, before it knows of it', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await startBench({ backend: 'PostgreSQL' });
    await bench.sql(`ALTER DATABASE ${new URL(bench.databaseUrl).pathname.slice(1)} SET synchronous_commit = on`);
  });
  afterAll(async () => {
    await bench.sql('ALTER SYSTEM RESET synchronous_standby_names').catch(() => undefined);
    await bench.sql('SELECT pg_reload_conf()').catch(() => undefined);
    await bench.stop();
  });

  // Fails when a booking is not in the same commit as the striking out of what was owed. A commit here waits for a standby that
  // there is not, only in this database: it is done, and says so to nobody.
  it('books nothing again', async () => {
    await bench.service.startWorker();
    await bench.sql(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
    await bench.sql('SELECT pg_reload_conf()');
    const { status } = await bench.programme.share('late');
    expect(status).toBe(201);
    await eventually(
      () => bench.sql(`SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query = 'COMMIT'`),
      ({ length }) => length > 0,
      30_000,
    );
    await killWorker(bench.service);
    await bench.sql('ALTER SYSTEM RESET synchronous_standby_names');
    await bench.sql('SELECT pg_reload_conf()');
    await bench.service.startWorker();
    await eventually(
      () => bench.programme.balance('late'),
      ({ available, pending }) => available === 120 && pending === 0,
      WORK_MS,
    );
    expect(await bench.sql('SELECT count(*)::int AS transfers FROM transfers')).toEqual([{ transfers: 1 }]);
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});
