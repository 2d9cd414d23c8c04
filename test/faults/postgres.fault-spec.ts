import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { freePort } from '../../src/platform/free-port';
import { isAlive } from '../../src/platform/process-info';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { brokenInvariants } from '../setup/invariants';
import { processTree, untilGone } from '../setup/processes';
import { call, eventually, startService, type Answer, type RunningService } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { startBench, type FaultBench } from './fault-bench';

/** PostgreSQL is killed, or has no room: what was acknowledged is there, and what was not can be asked for again. */

jest.setTimeout(180_000);

const CALLERS = 16;
const RECOVERY_MS = 60_000;

describe('a PostgreSQL that is killed under load', () => {
  const folder = temporaryFolder();
  let port: string;
  let postgres: EmbeddedPostgres;
  let service: RunningService;
  let programme: TestProgramme;

  const start = async (): Promise<void> => {
    postgres = await startEmbeddedPostgres({ dataDir: folder, settings: { port } });
  };

  beforeAll(async () => {
    port = String(await freePort());
    await start();
    service = await startService({ databaseUrl: postgres.url });
    programme = await createProgramme(service);
  });
  afterAll(async () => {
    await service.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ready = async () => (await call(service.url, 'GET', '/health/ready')).status;

  /** What callers do until they are told to stop: one share after another, each with its key until it is accepted. */
  function load(round: string) {
    const ending = new AbortController();
    const accepted: { ref: string; idempotencyKey: string; id: string }[] = [];
    const refusals: Answer[] = [];
    const caller = async (name: string): Promise<void> => {
      for (let n = 0; !ending.signal.aborted; n += 1) {
        const ref = `${round}-${name}-${n}`;
        const idempotencyKey = randomUUID();
        for (;;) {
          const answer = await programme.share(ref, { idempotencyKey });
          if (answer.status === 201) {
            accepted.push({ ref, idempotencyKey, id: answer.body['id'] as string });
            break;
          }
          refusals.push(answer);
          await sleep(100);
        }
      }
    };
    const callers = Promise.all(Array.from({ length: CALLERS }, (_, n) => caller(String(n))));
    return {
      accepted,
      refusals,
      stop: async (): Promise<void> => {
        ending.abort();
        await callers;
      },
    };
  }

  const kinds = (refusals: Answer[]): string[] => [
    ...new Set(refusals.map(({ status, headers, body }) => `${status} ${headers.get('retry-after')} ${body['type']}`)),
  ];

  // Fails when an answer is waited for as long as a connection stands: whoever asks would hear nothing for a quarter of an hour.
  it('is not ready while it stands still', async () => {
    expect(await ready()).toBe(200);
    const all = processTree(postgres.pid);
    for (const pid of all) process.kill(pid, 'SIGSTOP');
    try {
      expect(await ready()).toBe(503);
    } finally {
      for (const pid of all) process.kill(pid, 'SIGCONT');
    }
    await eventually(ready, (status) => status === 200, RECOVERY_MS);
  }, 30_000);

  // SIGQUIT is what pg_ctl's "immediate" sends: no checkpoint, no goodbye. Fails with fsync or synchronous_commit off (for the
  // machine's crash), when a broken connection stays in a pool, or when an answer leaves before its COMMIT.
  it.each(['SIGQUIT', 'SIGKILL'] as const)(
    '%s: nothing acknowledged is lost, nothing is done twice',
    async (signal) => {
      const { accepted, refusals, stop } = load(signal);
      await eventually(
        () => Promise.resolve(accepted.length),
        (length) => length >= 50,
        RECOVERY_MS,
      );
      process.kill(postgres.pid, signal);
      await untilGone([postgres.pid], 30_000);
      const acknowledged = accepted.length;
      expect(await ready()).toBe(503);
      // Long enough for every caller to be refused.
      await eventually(
        () => Promise.resolve(refusals.length),
        (length) => length >= CALLERS,
        RECOVERY_MS,
      );
      await start();
      await eventually(
        () => Promise.resolve(accepted.length),
        (length) => length >= acknowledged + 50,
        RECOVERY_MS,
      );
      await stop();

      expect(kinds(refusals)).toEqual(['503 1 urn:gegenwert:problem:unavailable']);
      const refs = accepted.map(({ ref }) => ref);
      const found = await sharesOf(`${signal}-%`);
      expect(new Map(found.map(({ ref, times }) => [ref, times]))).toEqual(new Map(refs.map((ref) => [ref, 1])));
      for (const { ref, idempotencyKey, id } of accepted.slice(acknowledged - 20, acknowledged + 20)) {
        const again = await programme.share(ref, { idempotencyKey });
        expect([again.status, again.body['id']]).toEqual([201, id]);
      }
      // The worker was never told.
      await eventually(
        () => booked(`${signal}-%`),
        (transfers) => transfers === accepted.length,
        RECOVERY_MS,
      );
      expect(await brokenInvariants(postgres.url)).toEqual({});
      expect(await ready()).toBe(200);
      expect(isAlive(service.api.pid) && isAlive(service.worker!.pid)).toBe(true);
    },
  );

  async function sql<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  const sharesOf = (refs: string) =>
    sql<{ ref: string; times: number }>(
      `SELECT c.ref, count(s.*)::int AS times FROM customers c JOIN shares s ON s.customer_id = c.id WHERE c.ref LIKE $1 GROUP BY 1`,
      [refs],
    );
  const booked = async (refs: string) =>
    (
      await sql<{ transfers: number }>(
        `SELECT count(*)::int AS transfers FROM transfers t JOIN shares s ON s.id = t.id JOIN customers c ON c.id = s.customer_id
          WHERE c.ref LIKE $1`,
        [refs],
      )
    )[0]?.transfers;
});

describe('a PostgreSQL that has no room', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await startBench({ backend: 'PostgreSQL' });
  });
  afterAll(() => bench.stop());

  // Fails when a revocation, or who its caller is, is asked on connections that others can use up.
  it('answers a revocation while readers have every other connection, and the others soon', async () => {
    const { programme, service, databaseUrl } = bench;
    const shared = await programme.share('reader');
    await programme.share('leaver');
    const blocker = new Client({ connectionString: databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE notices IN ACCESS EXCLUSIVE MODE'); // A share is read with it; a revocation needs none.
    const read = () =>
      call(service.url, 'GET', `/v1/shares/${shared.body['id'] as string}`, { key: programme.storefrontKey });
    const readers = Array.from({ length: 10 }, read);
    await eventually(
      () => bench.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`),
      ({ length }) => length === 10,
      20_000,
    );
    try {
      const before = performance.now();
      const revoked = await programme.revoke('leaver', { everything: true });
      expect([revoked.status, revoked.body['status']]).toEqual([201, 'blocked']);
      expect(performance.now() - before).toBeLessThan(2000);
      const other = await read();
      expect([other.status, other.headers.get('retry-after')]).toEqual([503, '1']);
      expect(performance.now() - before).toBeLessThan(8000);
    } finally {
      await blocker.query('ROLLBACK');
      await blocker.end();
    }
    expect((await Promise.all(readers)).map(({ status }) => status)).toEqual(readers.map(() => 200));
    expect((await programme.disclose('leaver')).status).toBe(403);
    expect((await read()).status).toBe(200);
  });

  // Fails without the retry. The share holds its customer's lock and waits for the offer; we hold the offer and ask for the
  // customer: PostgreSQL ends the one who waits for a second, which is the share, since we would wait for a minute.
  it('ends a deadlock at the cost of a share, which is tried again and has one effect', async () => {
    const other = new Client({ connectionString: bench.databaseUrl });
    await other.connect();
    await other.query(`SET deadlock_timeout = '1min'`);
    await other.query('BEGIN');
    await other.query('SELECT FROM offers FOR UPDATE');
    const sharing = bench.programme.share('deadlocked');
    await eventually(
      () => bench.sql(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM offers%'`),
      ({ length }) => length > 0,
    );
    await other.query(`SELECT pg_advisory_xact_lock(customer_lock(id, 'deadlocked')) FROM programmes`);
    await other.query('COMMIT');
    await other.end();
    expect((await sharing).status).toBe(201);
    expect(await bench.sql(`SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`)).toEqual([
      { deadlocks: 1 },
    ]);
    expect(
      await bench.sql(
        `SELECT count(*)::int AS shares FROM shares JOIN customers c ON c.id = customer_id WHERE ref = 'deadlocked'`,
      ),
    ).toEqual([{ shares: 1 }]);
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });

  // Fails when what is told of a batch that failed is not what its first statement to fail said, or when none is tried alone.
  it('throws out one row of a batch, and spoils no other share of it', async () => {
    const offer = await bench.programme.publish({
      asks: [
        { attribute: 'birthday', purposes: ['greeting'], required: true },
        { attribute: 'shoeSize', purposes: ['advice'], required: false },
      ],
    });
    await bench.sql(`ALTER TABLE vault_values ADD CONSTRAINT refuses_size CHECK (attribute <> 'shoeSize')`);
    const greeting = { attribute: 'birthday', purposes: ['greeting'] };
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        n === 15
          ? bench.programme.share('odd', {
              offer,
              values: { birthday: '1', shoeSize: 40 },
              consents: [greeting, { attribute: 'shoeSize', purposes: ['advice'] }],
            })
          : bench.programme.share(`even-${n}`, { offer, values: { birthday: '1' }, consents: [greeting] }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, n) => (n === 15 ? 500 : 201)));
    expect(bench.service.lines.filter((line) => line.includes('refuses_size'))).toHaveLength(1);
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});
