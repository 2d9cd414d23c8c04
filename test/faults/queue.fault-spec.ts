import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openQueue, type OpenQueue } from '../../src/platform/queue/open-queue';
import { spawnService } from '../../src/platform/supervisor';
import { brokenInvariants } from '../setup/invariants';
import { startRedis } from '../setup/redis';
import { call, eventually, type RunningService } from '../setup/service';
import { describeOnEachBackend, HAS_REDIS, startBench, type FaultBench } from './fault-bench';

/**
 * The queue is a bell and no more (I12): whatever it forgets, repeats or makes up, what is owed is done once.
 */

jest.setTimeout(120_000);

const WORK_MS = 60_000;

async function wipe({ redis, sql }: FaultBench): Promise<void> {
  if (redis === undefined) {
    const tables = await sql<{ name: string }>(
      `SELECT format('queue.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'queue' AND tablename <> 'migration'`,
    );
    await sql(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
    return;
  }
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}

const share = async ({ programme }: FaultBench, refs: string[]): Promise<void> => {
  const answers = await Promise.all(refs.map((ref) => programme.share(ref)));
  expect(answers.map(({ status }) => status)).toEqual(refs.map(() => 201));
};

/** Each of them has 120 points, from one transfer each, and nothing is owed to anyone. */
async function eachBookedOnce({ sql, programme, databaseUrl }: FaultBench, refs: string[]): Promise<void> {
  await eventually(
    async () => (await sql<{ owed: number }>('SELECT count(*)::int AS owed FROM outbox'))[0]?.owed,
    (owed) => owed === 0,
    WORK_MS,
  );
  const balances = await Promise.all(refs.map((ref) => programme.balance(ref)));
  expect(balances).toEqual(refs.map(() => expect.objectContaining({ available: 120, pending: 0, held: 0 }) as object));
  expect(await brokenInvariants(databaseUrl)).toEqual({});
}

const named = (what: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${what}-${n}`);

describeOnEachBackend('a queue that cannot be relied on', (backend) => {
  let bench: FaultBench;
  let queue: OpenQueue;
  beforeAll(async () => {
    bench = await startBench({ backend, worker: true });
    queue = openQueue({ databaseUrl: bench.databaseUrl, redisUrl: bench.redis?.url }, () => undefined);
    await queue.waitUntilReady();
  });
  afterAll(async () => {
    await queue.close();
    await bench.stop();
  });

  const stopped = async (worker: RunningService['worker'], act: () => Promise<void>): Promise<void> => {
    process.kill(worker!.pid, 'SIGSTOP');
    try {
      await act();
    } finally {
      process.kill(worker!.pid, 'SIGCONT');
    }
  };

  // Fails without the sweep.
  it('is emptied with awards and an erasure owed', async () => {
    const refs = named('wiped', 20);
    await stopped(bench.service.worker, async () => {
      await share(bench, refs);
      expect((await bench.programme.revoke(refs[0]!, { everything: true })).status).toBe(201);
      await sleep(200); // The bell has rung.
      await wipe(bench);
    });
    await eachBookedOnce(bench, refs);
    const [left] = await bench.sql(
      `SELECT count(*)::int AS values FROM vault_values v JOIN customers c ON c.id = v.customer_id WHERE c.ref = $1`,
      [refs[0]],
    );
    expect(left).toEqual({ values: 0 });
  });

  // Fails without the sweep: with this key taken BullMQ drops every ring without a word.
  it('has a ring planted that swallows all others', async () => {
    const { id } = await programmeRow(bench);
    await queue.add('ring', { programmeId: id }, { deduplication: { id }, delay: 3_600_000 });
    const refs = named('swallowed', 20);
    await share(bench, refs);
    await eachBookedOnce(bench, refs);
    await wipe(bench);
  });

  // Fails when a booking does not take away what was owed in its own commit, or two workers take the same.
  it('rings for one programme hundreds of times at once, late, in any order and under used ids, for two workers', async () => {
    const first = bench.service.worker!;
    const second = await bench.service.startWorker();
    bench.service.worker = first;
    try {
      const { id: programmeId } = await programmeRow(bench);
      const refs = named('twice', 100);
      const ring = (n: number) => {
        const often = { jobId: `again-${n % 40}`, delay: randomInt(400), priority: randomInt(1, 100) };
        return queue.add('ring', { programmeId }, { ...often, removeOnComplete: n % 3 === 0 });
      };
      for (let at = 0; at < refs.length; at += 10) {
        const rings = Array.from({ length: 20 }, (_, n) => ring(2 * at + n));
        await Promise.all([...rings, share(bench, refs.slice(at, at + 10))]);
      }
      await eachBookedOnce(bench, refs);
      expect(bench.service.lines.filter((line) => line.includes('could not be done'))).toEqual([]);
    } finally {
      await second.stop();
    }
  });

  it('rings for a programme that is not there, and says nothing of use', async () => {
    const refs = named('beside', 5);
    await queue.add('ring', { programmeId: '00000000-0000-7000-8000-000000000000' }, {});
    await queue.add('ring', { programmeId: 'no-id' }, {});
    await share(bench, refs);
    await eachBookedOnce(bench, refs);
  });
});

const programmeRow = async ({ sql }: FaultBench): Promise<{ id: string }> => {
  const [row] = await sql<{ id: string }>('SELECT id FROM programmes');
  return row!;
};

(HAS_REDIS ? describe : describe.skip)('a Redis that hangs or evicts (skipped where there is no redis-server)', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await startBench({ backend: 'Redis', worker: true });
  });
  afterAll(() => bench.stop());

  const ready = async () => (await call(bench.service.url, 'GET', '/health/ready')).body;

  // Fails when a share waits for its ring, or without the sweep.
  it('hangs: shares are accepted and booked all the same, and health says so', async () => {
    expect(await ready()).toMatchObject({ status: 'ready', queue: 'up' });
    const refs = named('hanging', 20);
    process.kill(bench.redis!.pid!, 'SIGSTOP');
    try {
      const before = performance.now();
      await share(bench, refs);
      // Far below the three seconds after which a call to the queue is given up.
      expect(performance.now() - before).toBeLessThan(2500);
      await eachBookedOnce(bench, refs);
      expect(await ready()).toMatchObject({ status: 'degraded', database: 'up', queue: 'down' });
    } finally {
      process.kill(bench.redis!.pid!, 'SIGCONT');
    }
    await eventually(ready, ({ status }) => status === 'ready', 20_000);
  });

  // Fails when a ring that comes again, for what is done, does it again; or without the sweep, for what the dump does not know.
  it('is restored from an old dump: what it rings for is done already, and what it does not know is found', async () => {
    const { worker } = bench.service;
    const client = new Redis(bench.redis!.url);
    const before = named('dumped', 20);
    process.kill(worker!.pid, 'SIGSTOP');
    let dump: [key: string, value: Buffer][] = [];
    try {
      await share(bench, before);
      await sleep(200); // The bell has rung.
      const keys = await client.keys('*');
      dump = await Promise.all(
        keys.map(async (key): Promise<[string, Buffer]> => [key, (await client.dumpBuffer(key))!]),
      );
      expect(dump.length).toBeGreaterThan(0);
    } finally {
      process.kill(worker!.pid, 'SIGCONT');
    }
    await eachBookedOnce(bench, before);
    const after = named('unknown', 20);
    process.kill(worker!.pid, 'SIGSTOP');
    try {
      await share(bench, after);
      expect((await bench.programme.revoke(before[0]!, { everything: true })).status).toBe(201);
      await client.flushall();
      for (const [key, value] of dump) await client.restore(key, 0, value, 'REPLACE');
    } finally {
      process.kill(worker!.pid, 'SIGCONT');
      client.disconnect();
    }
    await eachBookedOnce(bench, [...before, ...after]);
  });

  it.each(['api', 'worker'])('evicts: the %s does not start, and names the setting', async (name) => {
    const evicting = await startRedis(['--maxmemory-policy', 'allkeys-lru']);
    const lines: string[] = [];
    try {
      const starting = spawnService(join(__dirname, '../../dist/src', name === 'api' ? 'main.js' : 'worker.js'), {
        name,
        env: { ...bench.service.env, REDIS_URL: evicting!.url },
        restart: false,
        onLine: (line) => void lines.push(line),
      });
      await expect(starting).rejects.toThrow('ended with code 1');
      await eventually(
        () => Promise.resolve(lines.join('\n')),
        (said) => said.includes('maxmemory-policy noeviction'),
      );
    } finally {
      await evicting!.stop();
    }
  });
});
