import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../embedded-postgres';
import { freePort } from '../free-port';
import { createLogger } from '../logging';
import { assertRedisKeepsJobs, createBell, EvictingRedisError, listenToBell, migrateQueue } from '.';
import type { Bell, Listener, QueueSetting } from '.';
import { openWorker } from './open-queue';
import { queueConnection } from './queue-setting';

jest.setTimeout(30_000);

/** A queue's server of our own, that can be emptied and taken away. */
interface Server {
  setting: QueueSetting;
  start(): Promise<void>;
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

class RedisServer implements Server {
  process: ChildProcess | undefined;
  readonly setting: QueueSetting & { redisUrl: string };

  constructor(
    readonly port: number,
    readonly policy = 'noeviction',
  ) {
    this.setting = { redisUrl: `redis://127.0.0.1:${port}`, databaseUrl: 'postgres://nowhere.invalid/none' };
  }

  async start(): Promise<void> {
    const options = [
      '--port',
      String(this.port),
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      this.policy,
    ];
    this.process = spawn('redis-server', [...options, '--bind', '127.0.0.1'], { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const chunk of this.process.stdout!) {
      if (String(chunk).includes('Ready to accept connections')) break;
    }
    this.process.stdout!.resume();
  }

  async wipe(): Promise<void> {
    const redis = new Redis(this.setting.redisUrl);
    await redis.flushall();
    redis.disconnect();
  }

  async stop(): Promise<void> {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}

class PostgresServer implements Server {
  private postgres: EmbeddedPostgres | undefined;
  setting: QueueSetting = { databaseUrl: '' };

  constructor(
    readonly dataDir: string,
    readonly port: number,
  ) {}

  async start(): Promise<void> {
    this.postgres = await startEmbeddedPostgres({ dataDir: this.dataDir, settings: { port: String(this.port) } });
    this.setting.databaseUrl = this.postgres.url;
    await migrateQueue(this.postgres.url);
  }

  async sql(statement: string): Promise<unknown[]> {
    const client = new Client(this.setting.databaseUrl);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  async wipe(): Promise<void> {
    await this.sql(`DO $$ BEGIN EXECUTE (
      SELECT 'TRUNCATE ' || string_agg(format('queue.%I', tablename), ', ') FROM pg_tables WHERE schemaname = 'queue'
    ); END $$`);
  }

  async stop(): Promise<void> {
    await this.postgres?.stop();
  }
}

const lines: Record<string, unknown>[] = [];
const logger = createLogger('debug', 'spec', {
  write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
});
const said = (message: string): number => lines.filter((line) => String(line['msg']).startsWith(message)).length;

const outages = (): unknown[] => lines.filter((line) => /^The queue is (away|back)/.test(String(line['msg'])));

async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      const last = lines.slice(-20).map((line) => JSON.stringify(line).slice(0, 300));
      throw new Error(`not within ${withinMs} ms: ${condition.toString()}; logged last:\n${last.join('\n')}`);
    }
    await delay(5);
  }
}

/** A machine with nothing but Node has no Redis, and runs the rest. */
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
const describeOnRedis = hasRedis ? describe : describe.skip;

let folder: string;
let postgres: PostgresServer;
let redis: RedisServer;
let bells: Bell[] = [];
let listeners: Listener[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gegenwert-queue-'));
  postgres = new PostgresServer(join(folder, 'data'), await freePort());
  redis = new RedisServer(await freePort());
  await Promise.all([postgres.start(), hasRedis ? redis.start() : undefined]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await Promise.all([...listeners, ...bells].map((each) => each.close()));
  bells = [];
  listeners = [];
  lines.length = 0;
});

function bellOn(server: Server): Bell {
  const bell = createBell({ ...server.setting, logger });
  bells.push(bell);
  return bell;
}

function listenOn(server: Server, onRing: (programmeId: string) => Promise<void>, concurrency = 2): Listener {
  const listener = listenToBell({ ...server.setting, logger, onRing, concurrency });
  listeners.push(listener);
  return listener;
}

/** A handler that notes when it began, and can be held. */
function handler(): {
  began: { programmeId: string; at: number }[];
  hold(): () => void;
  onRing: (id: string) => Promise<void>;
} {
  const began: { programmeId: string; at: number }[] = [];
  let gate: Promise<void> = Promise.resolve();
  return {
    began,
    hold() {
      let release = (): void => undefined;
      gate = new Promise((resolve) => (release = resolve));
      return release;
    },
    async onRing(programmeId) {
      began.push({ programmeId, at: performance.now() });
      await gate;
    },
  };
}

const servers: [string, () => Server][] = [['PostgreSQL', () => postgres]];
if (hasRedis) servers.unshift(['Redis', () => redis]);

describe.each(servers)('the bell on %s', (_name, serverOf) => {
  it('is heard, each programme by its own ring', async () => {
    const heard = handler();
    listenOn(serverOf(), heard.onRing);
    const bell = bellOn(serverOf());
    bell.ring('programme-a');
    bell.ring('programme-b');
    await until(() => heard.began.length >= 2);
    expect(heard.began.map((call) => call.programmeId).sort()).toEqual(['programme-a', 'programme-b']);
    expect(await bell.healthy()).toBe(true);
  });

  it('turns 1,000 rings into few calls, and one that begins after the last ring', async () => {
    const calls: number[] = [];
    listenOn(serverOf(), async () => {
      calls.push(performance.now());
      await delay(20);
    });
    const bell = bellOn(serverOf());
    for (let i = 0; i < 1000; i += 1) {
      bell.ring('programme-a');
      if (i % 10 === 0) await delay(1);
    }
    const last = performance.now();
    await until(() => (calls.at(-1) ?? 0) > last);
    expect(calls.length).toBeLessThan(50);
  });

  // Fails when keepLastIfActive is taken out: a ring during the call is then dropped as a duplicate of the call's own.
  it('is heard again when rung during the call, and never twice at once for a programme', async () => {
    const heard = handler();
    const release = heard.hold();
    listenOn(serverOf(), heard.onRing);
    const [bell, other] = [bellOn(serverOf()), bellOn(serverOf())];
    bell.ring('programme-a');
    await until(() => heard.began.length >= 1);
    bell.ring('programme-a');
    other.ring('programme-a');
    await delay(200);
    expect(heard.began).toHaveLength(1);
    release();
    await until(() => heard.began.length >= 2);
  });

  it('is heard after the queue was emptied, also in the middle of a call', async () => {
    const heard = handler();
    listenOn(serverOf(), heard.onRing);
    const bell = bellOn(serverOf());
    bell.ring('programme-a');
    await until(() => heard.began.length >= 1);
    await serverOf().wipe();
    bell.ring('programme-a');
    await until(() => heard.began.length >= 2);
    const release = heard.hold();
    bell.ring('programme-a');
    await until(() => heard.began.length >= 3);
    await serverOf().wipe();
    release();
    await delay(100);
    bell.ring('programme-a');
    await until(() => heard.began.length >= 4);
    expect(said('The queue knows nothing any more')).toBeGreaterThan(0);
    expect(said('The queue is away.')).toBe(0);
  });

  // Fails with BullMQ's own lock of 30 s and look-out for lost ones every 30 s.
  it('is heard within seconds when a worker died in the middle of a call', async () => {
    const options = { ...serverOf().setting, concurrency: 1 };
    const dead = openWorker(
      options,
      () => Promise.resolve(),
      () => undefined,
    );
    const bell = bellOn(serverOf());
    bell.ring('programme-a');
    const taking = dead as unknown as { getNextJob(token: string): Promise<unknown> };
    await until(async () => (await taking.getNextJob('of-the-dead')) !== undefined);
    await dead.close();
    const heard = handler();
    listenOn(serverOf(), heard.onRing);
    bell.ring('programme-a');
    await until(() => heard.began.length >= 1, 8000);
  });

  it('goes on when a call fails, and says so without the message', async () => {
    let calls = 0;
    listenOn(serverOf(), async () => {
      calls += 1;
      if (calls === 1) throw new Error('canary');
    });
    const bell = bellOn(serverOf());
    bell.ring('programme-a');
    await until(() => calls === 1);
    bell.ring('programme-a');
    await until(() => calls === 2);
    expect(said('A ring was not answered.')).toBe(1);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  it('waits for the call under way before it closes', async () => {
    const heard = handler();
    const release = heard.hold();
    const listener = listenOn(serverOf(), heard.onRing);
    bellOn(serverOf()).ring('programme-a');
    await until(() => heard.began.length >= 1);
    let closed = false;
    const closing = listener.close().then(() => (closed = true));
    await delay(1300);
    expect(closed).toBe(false);
    release();
    await closing;
  });

  it('rings and is heard when the queue comes late, goes and comes back, and says so once an outage', async () => {
    const server = serverOf();
    await server.stop();
    const heard = handler();
    listenOn(server, heard.onRing);
    const bell = bellOn(server);
    const before = performance.now();
    for (let i = 0; i < 1000; i += 1) bell.ring('programme-a');
    expect(performance.now() - before).toBeLessThan(100);
    expect(await bell.healthy()).toBe(false);
    await delay(1200);
    await server.start();
    // A ring of the outage may be lost, as any may: what counts is that rings are heard again.
    await until(() => {
      bell.ring('programme-a');
      return heard.began.length > 0;
    }, 30_000);
    await until(() => said('The queue is back.') === 2);
    const away = { level: 'warn', msg: expect.stringMatching('^The queue is away') as string };
    const back = { level: 'info', msg: 'The queue is back.' };
    expect(outages()).toMatchObject([away, away, back, back]);

    const calls = heard.began.length;
    await server.stop();
    bell.ring('programme-b');
    await delay(1200);
    await server.start();
    await until(() => heard.began.slice(calls).some((call) => call.programmeId === 'programme-b'));
    await until(() => said('The queue is back.') === 4);
    expect(outages().slice(4)).toMatchObject([away, away, back, back]);
  });
});

describeOnRedis('the bell on a Redis that hangs', () => {
  afterEach(() => redis.process?.kill('SIGCONT'));

  it('is rung without waiting, and heard when Redis goes on', async () => {
    const heard = handler();
    listenOn(redis, heard.onRing);
    const bell = bellOn(redis);
    bell.ring('programme-a');
    await until(() => heard.began.length >= 1);
    redis.process?.kill('SIGSTOP');
    const before = performance.now();
    for (let i = 0; i < 10_000; i += 1) bell.ring(`programme-${i % 3}`);
    expect(performance.now() - before).toBeLessThan(200);
    expect(await bell.healthy()).toBe(false);
    await until(() => said('The queue is still away.') > 0);
    expect(said('The queue is away.')).toBe(1);
    redis.process?.kill('SIGCONT');
    await until(() => new Set(heard.began.slice(1).map((call) => call.programmeId)).size === 3);
    bell.ring('programme-late');
    await until(() => heard.began.some((call) => call.programmeId === 'programme-late'));
    await until(() => bell.healthy());
  });

  it('is rung and heard when Redis hung from the start', async () => {
    redis.process?.kill('SIGSTOP');
    const heard = handler();
    listenOn(redis, heard.onRing);
    const bell = bellOn(redis);
    bell.ring('programme-a');
    await until(() => said('The queue is away.') > 0);
    await delay(2000);
    redis.process?.kill('SIGCONT');
    await until(() => heard.began.length >= 1);
  });

  it('lets bell and listener close', async () => {
    const heard = handler();
    const release = heard.hold();
    const listener = listenOn(redis, heard.onRing);
    const bell = bellOn(redis);
    bell.ring('programme-a');
    await until(() => heard.began.length >= 1);
    redis.process?.kill('SIGSTOP');
    release();
    bell.ring('programme-a');
    const before = performance.now();
    await Promise.all([bell.close(), listener.close()]);
    expect(performance.now() - before).toBeLessThan(4000);
  });
});

describeOnRedis('a Redis that evicts', () => {
  it.each(['allkeys-lru', 'volatile-ttl'])('is refused on %s, with the setting named', async (policy) => {
    const evicting = new RedisServer(await freePort(), policy);
    await evicting.start();
    try {
      const refused = assertRedisKeepsJobs(evicting.setting.redisUrl, logger);
      await expect(refused).rejects.toThrow(EvictingRedisError);
      await expect(refused).rejects.toThrow(/maxmemory-policy/);
    } finally {
      await evicting.stop();
    }
  });

  it('is not mistaken: noeviction passes, and a Redis that is away is only spoken of', async () => {
    await assertRedisKeepsJobs(redis.setting.redisUrl, logger);
    expect(lines).toHaveLength(0);
    await assertRedisKeepsJobs(`redis://127.0.0.1:${await freePort()}`, logger);
    expect(said('Redis could not be asked')).toBe(1);
  });

  // Fails when a wrong password looks like a Redis that is away, which comes back by itself.
  it('is not mistaken for one that refuses who asks: the setting is named', async () => {
    const stranger = new URL(redis.setting.redisUrl!);
    [stranger.username, stranger.password] = ['nobody', 'wrong'];
    await assertRedisKeepsJobs(stranger.href, logger);
    expect(said('Redis refuses the user or the password in REDIS_URL')).toBe(1);
    expect(JSON.stringify(lines)).not.toContain('wrong');
  });
});

const waitingForRole = `SELECT FROM pg_stat_activity WHERE query LIKE '%CREATE ROLE gegenwert_queue NOLOGIN NO%' AND wait_event_type = 'Lock'
  AND pid <> pg_backend_pid()`;

describe('the queue in PostgreSQL', () => {
  it('is migrated by many at once', async () => {
    await Promise.all([1, 2, 3, 4].map(() => migrateQueue(postgres.setting.databaseUrl)));
  });

  // Fails when migrateQueue does not try again: of two transactions that create a role the second ends with a unique violation.
  it('is migrated while another database of the cluster is', async () => {
    await postgres.sql('DROP OWNED BY gegenwert_queue');
    await postgres.sql('DROP ROLE gegenwert_queue');
    await postgres.sql('CREATE DATABASE other');
    const other = new Client(Object.assign(new URL(postgres.setting.databaseUrl), { pathname: 'other' }).href);
    await other.connect();
    try {
      await other.query('BEGIN; CREATE ROLE gegenwert_queue NOLOGIN');
      const migrated = migrateQueue(postgres.setting.databaseUrl);
      await until(async () => (await postgres.sql(waitingForRole)).length > 0);
      await other.query('COMMIT');
      await migrated;
    } finally {
      await other.end();
    }
  });

  it('is made anew when its list of migrations was emptied with the rest', async () => {
    await postgres.wipe();
    await migrateQueue(postgres.setting.databaseUrl);
    const heard = handler();
    listenOn(postgres, heard.onRing);
    bellOn(postgres).ring('programme-a');
    await until(() => heard.began.length >= 1);
  });

  it('is all that its role can reach', async () => {
    await postgres.sql('CREATE TABLE IF NOT EXISTS public.secret (value text)');
    const { connectionString } = queueConnection(`${postgres.setting.databaseUrl}?options=-c%20work_mem%3D5MB`);
    const client = new Client(connectionString);
    await client.connect();
    try {
      const { rows } = await client.query(`SELECT current_user::text AS role, current_setting('work_mem') AS own`);
      expect(rows).toEqual([{ role: 'gegenwert_queue', own: '5MB' }]);
      await expect(client.query('SELECT * FROM public.secret')).rejects.toThrow('permission denied');
      await expect(client.query('CREATE TABLE queue.other ()')).rejects.toThrow('permission denied');
      await expect(client.query('DELETE FROM queue.migration')).rejects.toThrow('permission denied');
    } finally {
      await client.end();
    }
  });
});
