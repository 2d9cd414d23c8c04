import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { compile, nodePath } from '../../test/setup/compile';
import { processTree, startAndRead, untilGone } from '../../test/setup/processes';
import { temporaryFolder } from '../../test/setup/temporary-folder';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';
import { accountFor } from './postgres-binaries';
import { freePort } from './free-port';
import { isAlive } from './process-info';

/** Starts PostgreSQL, says so, and stays until it is killed. */
const OWNER_SCRIPT = `
  const { startEmbeddedPostgres } = require('./embedded-postgres');
  const [dataDir, throwAway] = process.argv.slice(2);
  startEmbeddedPostgres({ dataDir, throwAway: throwAway === 'yes' }).then(
    ({ url, pid }) => { console.log(JSON.stringify({ url, pid })); setInterval(() => {}, 1000); },
    (error) => { console.error(error); process.exit(1); },
  );
`;

let folder: string;
let compiled: string;
const opened: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(() => {
  const modules = ['embedded-postgres', 'free-port', 'kept-process', 'postgres-binaries', 'process-info'];
  compiled = compile(modules, { 'owner.js': OWNER_SCRIPT });
});

afterAll(() => rmSync(join(compiled, '..'), { recursive: true, force: true }));

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.pid === undefined || !isAlive(child.pid)) continue;
    const tree = processTree(child.pid);
    child.kill('SIGKILL');
    await untilGone(tree);
  }
  await Promise.all(opened.splice(0).map((postgres) => postgres.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  options: { throwAway?: boolean; settings?: Record<string, string> } = {},
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir: folder, ...options });
  opened.push(postgres);
  return postgres;
}

async function startElsewhere(dataDir: string, options: { throwAway?: string; uid?: number; gid?: number } = {}) {
  const { throwAway = 'no', ...account } = options;
  const spawning = { cwd: '/', env: { ...process.env, ...nodePath }, ...account };
  const script = [join(compiled, 'owner.js'), dataDir, throwAway];
  const { child, said } = await startAndRead<{ url: string; pid: number }>(process.execPath, script, spawning);
  children.push(child);
  const tree = processTree(child.pid ?? 0);
  return { child, tree, ...said };
}

async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

test('keeps its data and its address across starts, on the loopback address and behind a password', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS number');
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);

  const second = await start();
  expect(second.url).toBe(first.url);
  await expect(query(second.url, 'SELECT number FROM kept')).resolves.toEqual([{ number: 7 }]);
  const [shown] = await query(
    second.url,
    `SELECT current_database() AS database, current_user AS "user", inet_server_addr()::text AS address,
            current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
            current_setting('timezone') AS timezone, current_setting('max_locks_per_transaction') AS locks,
            pg_encoding_to_char(encoding) AS encoding, datcollate AS locale
       FROM pg_database WHERE datname = current_database()`,
  );
  expect(shown).toEqual({
    database: 'gegenwert',
    user: 'gegenwert_owner',
    address: '127.0.0.1/32',
    fsync: 'on',
    commit: 'on',
    timezone: 'UTC',
    locks: '256',
    encoding: 'UTF8',
    locale: 'C',
  });
  const stranger = new URL(second.url);
  stranger.password = 'wrong';
  await expect(query(stranger.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  expect(statSync(join(folder, 'postgres')).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'postgres', 'gegenwert.password')).mode & 0o777).toBe(0o600);
});

test('ends with its owner, and starts again at once, after SIGKILL', async () => {
  const { child, tree, url } = await startElsewhere(folder);
  await query(url, 'CREATE TABLE committed AS SELECT 1 AS number');
  expect(tree.length).toBeGreaterThan(5);
  child.kill('SIGKILL');
  // PostgreSQL of the killed owner is still going here.
  const again = await start();
  await expect(query(again.url, 'SELECT number FROM committed')).resolves.toEqual([{ number: 1 }]);
  await untilGone(tree);
});

// Fails when the pid file is left to PostgreSQL, and the machine's init does not collect the dead.
test('starts on what is left when everything was killed at once', async () => {
  const { tree, url } = await startElsewhere(folder);
  await query(url, 'CREATE TABLE committed AS SELECT 1 AS number');
  for (const pid of tree) process.kill(pid, 'SIGKILL');
  await untilGone(tree);
  expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(true);
  const again = await start();
  await expect(query(again.url, 'SELECT number FROM committed')).resolves.toEqual([{ number: 1 }]);
});

// Fails when readPostmaster takes any living process for the postmaster: the start then waits for it.
test('is not held up by a pid file whose number belongs to somebody else now', async () => {
  await (await start()).stop();
  const account = accountFor(join(folder, 'postgres'));
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', ...account });
  children.push(stranger);
  const lines = [stranger.pid, join(folder, 'postgres'), 1, 5432, '', '127.0.0.1', '1 1', 'ready   ', ''];
  writeFileSync(join(folder, 'postgres', 'postmaster.pid'), lines.join('\n'));
  const again = await start();
  expect(again.pid).not.toBe(stranger.pid);
  await expect(query(again.url, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
});

test('an owner that is killed together with the keeper leaves an orphan that the next start ends', async () => {
  const { tree, pid } = await startElsewhere(folder);
  for (const each of processTree(tree[0] ?? 0).filter((one) => !processTree(pid).includes(one))) {
    process.kill(each, 'SIGKILL');
  }
  expect(isAlive(pid)).toBe(true);
  const again = await start();
  expect(again.pid).not.toBe(pid);
  expect(isAlive(pid)).toBe(false);
});

// Fails when the new folder is made in its place instead of beside it.
test('processes that start it at the same time share one', async () => {
  await expectOneServer([startElsewhere(folder), startElsewhere(folder), start()]);
});

// Fails when whoever finds, once it has started PostgreSQL, that another was faster gives up.
test('processes that start it again at the same time share one', async () => {
  await (await start()).stop();
  await expectOneServer([start(), start(), start(), start()]);
});

async function expectOneServer(starts: Promise<{ url: string; pid: number }>[]): Promise<void> {
  const started = await Promise.all(starts);
  expect(new Set(started.map(({ url }) => url)).size).toBe(1);
  expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
}

// Fails when the folder is removed with the first PostgreSQL that did not come up.
test('a throw-away start tries again when its port is taken meanwhile', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  const watch = setInterval(() => {
    const log = join(folder, 'postgres.log');
    if (existsSync(log) && readFileSync(log, 'utf8').includes('could not bind')) other.close();
  }, 10);
  const { url } = await start({ throwAway: true, settings: { port: String(port) } });
  clearInterval(watch);
  expect(other.listening).toBe(false);
  await expect(query(url, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
});

test('whoever found it running does not stop it', async () => {
  const first = await start();
  const second = await start();
  expect(second).toMatchObject({ url: first.url, pid: first.pid });
  await second.stop();
  await expect(query(first.url, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
});

test('a throw-away folder goes with it, also after SIGKILL', async () => {
  const postgres = await start({ throwAway: true });
  expect(existsSync(join(folder, 'postgres'))).toBe(true);
  await postgres.stop();
  expect(existsSync(folder)).toBe(false);

  folder = temporaryFolder();
  const { child, tree } = await startElsewhere(folder, { throwAway: 'yes' });
  child.kill('SIGKILL');
  await untilGone(tree);
  expect(existsSync(folder)).toBe(false);
});

// Fails without log_min_messages (the first and second error quote the value) or log_error_verbosity (the third's detail does).
test('a value in a failed statement does not reach the log', async () => {
  const { url } = await start();
  const canary = 'canary-5417';
  await query(url, 'CREATE TABLE plain (value text CONSTRAINT short CHECK (length(value) < 5), number int)');
  await expect(query(url, `SELECT '${canary}'::int`)).rejects.toThrow(canary);
  await expect(query(url, 'SELECT $1::text::jsonb', [canary])).rejects.toMatchObject({ code: '22P02' });
  await expect(query(url, 'INSERT INTO plain VALUES ($1)', [canary])).rejects.toMatchObject({ constraint: 'short' });
  await expect(query(url, `DO $$ BEGIN RAISE WARNING '${canary}'; END $$`)).resolves.toEqual([]);
  const log = readFileSync(join(folder, 'postgres.log'), 'utf8');
  expect(log).toContain('ready to accept connections');
  expect(log).not.toContain(canary);
});

test('says what is wrong and what to do when it cannot start', async () => {
  await expect(start({ throwAway: true, settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
    /postgres\.log ends with:[^]*invalid value for parameter "shared_buffers"[^]*Set DATABASE_URL/,
  );
  writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '15\n');
  await expect(start()).rejects.toThrow(/made by PostgreSQL 15, and this is 18. Dump it/);
});

test('runs for a user without rights as for root', async () => {
  const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = accountFor('/nowhere');
  chownSync(folder, uid, gid);
  const { url, tree } = await startElsewhere(join(folder, 'data'), { uid, gid });
  await expect(query(url, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
  expect(tree.length).toBeGreaterThan(5);
  expect(new Set(tree.map((pid) => statSync(`/proc/${pid}`).uid))).toEqual(new Set([uid]));
});
