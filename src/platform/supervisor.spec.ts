import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compile, nodePath } from '../../test/setup/compile';
import { processTree, startAndRead, untilGone } from '../../test/setup/processes';
import { isAlive } from './process-info';
import { type Service, spawnService } from './supervisor';

/** Says ready and stays, noisily when it is the API. Notes each shutdown in the file it is given. */
const SERVICE = `
  const { appendFileSync } = require('node:fs');
  const { createLogger } = require('./logging');
  const { exitWithParent } = require('./supervisor');
  const begin = () => exitWithParent(async () => {
    appendFileSync(process.env.NOTES, process.env.NAME + ' was asked\\n');
    await new Promise((resolve) => setTimeout(resolve, 200));
    appendFileSync(process.env.NOTES, process.env.NAME + ' shut down\\n');
    // Still to be written out at its exit, to a reader that is gone: there is no end to that where the log's own handler does it.
    const logger = createLogger(process.connected ? 'silent' : 'info', 'service');
    for (const line of ['one', 'two', 'three']) logger.info(line);
    if (process.env.FAIL) throw new Error('a value of a customer');
  });
  if (process.env.BEGIN_LATE) setTimeout(begin, 1000);
  else begin();
  console.log('I am', process.env.NAME);
  setInterval(() => { if (process.env.NAME === 'api') console.log('still here'); }, 20);
  process.send?.({ ready: true, pid: process.pid });
  if (!process.send) console.log(JSON.stringify({ pid: process.pid }));
`;
/** Says ready, and neither hears SIGTERM nor cares. */
const DEAF = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send({ ready: true });`;
const BROKEN = `console.error('no such setting'); process.exit(3);`;
/** What npm start is: runs two services until it is told to end. */
const TOP = `
  const { exitWithParent, spawnService } = require('./supervisor');
  const services = [];
  exitWithParent(async () => { for (const service of services) await service.stop(); });
  const start = async (NAME) => services.push(
    await spawnService(__dirname + '/service.js', { name: NAME, env: { NAME }, restart: true, onLine: () => {} }),
  );
  start('api').then(() => start('worker')).then(() => {
    console.log(JSON.stringify({ pid: process.pid, services: services.map(({ pid }) => pid) }));
  });
`;

interface Top {
  pid: number;
  services: number[];
}

let compiled: string;
let notes: string;
const services: Service[] = [];
const started: number[] = [];

beforeAll(() => {
  const scripts = { 'service.js': SERVICE, 'deaf.js': DEAF, 'broken.js': BROKEN, 'top.js': TOP };
  compiled = compile(['supervisor', 'logging', 'process-info'], scripts);
  notes = join(compiled, 'notes');
});

afterAll(() => rmSync(join(compiled, '..'), { recursive: true, force: true }));

beforeEach(() => writeFileSync(notes, ''));

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
  const left = started.splice(0).filter(isAlive).flatMap(processTree);
  for (const pid of left) process.kill(pid, 'SIGKILL');
  await untilGone(left);
});

interface Options {
  script?: string;
  env?: NodeJS.ProcessEnv;
  restart?: boolean;
  onLine?: (line: string) => void;
}

async function start({ script = 'service.js', env = {}, restart = false, onLine = () => undefined }: Options = {}) {
  const name = 'worker';
  const all = { ...nodePath, NOTES: notes, NAME: name, ...env };
  const service = await spawnService(join(compiled, script), { name, env: all, restart, onLine });
  services.push(service);
  return service;
}

async function startTop(command: string, args: string[], cwd = compiled) {
  const env = { ...withoutNpm(process.env), ...nodePath, NOTES: notes };
  const { child, said } = await startAndRead<Top>(command, args, { cwd, env });
  const tree = processTree(child.pid ?? 0);
  started.push(...tree);
  expect(tree).toEqual(expect.arrayContaining([said.pid, ...said.services]));
  return { child, tree, ...said };
}

/** Jest may itself be run by npm. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('npm_')));
}

function noted(): string[] {
  return readFileSync(notes, 'utf8').trim().split('\n').sort();
}

async function until(condition: () => boolean): Promise<void> {
  for (let rounds = 0; !condition(); rounds++) {
    if (rounds > 500) throw new Error('It did not happen.');
    await sleep(10);
  }
}

describe('spawnService', () => {
  test('passes on what the service says, and stops it', async () => {
    const lines: string[] = [];
    const service = await start({ onLine: (line) => lines.push(line) });
    expect(service.ready).toEqual({ ready: true, pid: service.pid });
    await until(() => lines.includes('I am worker'));
    await service.stop();
    expect(isAlive(service.pid)).toBe(false);
    expect(noted()).toEqual(['worker shut down', 'worker was asked']);
    await service.ended;
  });

  test('starts a service again that was killed, as often as it is', async () => {
    const lines: string[] = [];
    const service = await start({ restart: true, onLine: (line) => lines.push(line) });
    for (let times = 1; times <= 3; times++) {
      const { pid } = service;
      const killedAt = Date.now();
      process.kill(pid, 'SIGKILL');
      await until(() => service.pid !== pid && service.ready['pid'] === service.pid);
      expect(Date.now() - killedAt).toBeLessThan(3_000);
      expect(lines.filter((line) => line === 'worker ended with SIGKILL: it is started again.')).toHaveLength(times);
    }
    const last = service.pid;
    await service.stop();
    await sleep(300);
    expect(service.pid).toBe(last);
    expect(isAlive(last)).toBe(false);
  });

  test('leaves a service alone that is not to be restarted', async () => {
    const service = await start();
    const { pid } = service;
    process.kill(pid, 'SIGKILL');
    await service.ended;
    expect(service.pid).toBe(pid);
  });

  test('kills a service that does not hear', async () => {
    const service = await start({ script: 'deaf.js' });
    const stoppedAt = Date.now();
    await service.stop();
    expect(Date.now() - stoppedAt).toBeGreaterThan(9_900);
    expect(isAlive(service.pid)).toBe(false);
  });

  test('says which service did not come up, and passes on why', async () => {
    const lines: string[] = [];
    const starting = start({ script: 'broken.js', restart: true, onLine: (line) => lines.push(line) });
    await expect(starting).rejects.toThrow('worker ended with code 3 before it was ready.');
    await until(() => lines.includes('no such setting'));
  });
});

describe('exitWithParent', () => {
  // Fails without the disconnect handler; without the handler of the streams' errors no shutdown is noted.
  test('ends services in order when their parent is killed', async () => {
    const { child, tree } = await startTop(process.execPath, ['top.js']);
    child.kill('SIGKILL');
    await untilGone(tree);
    expect(noted()).toEqual(['api shut down', 'api was asked', 'worker shut down', 'worker was asked']);
  });

  // Fails when a lost connection is only listened for.
  test('ends a service whose parent went before it was called', async () => {
    const { child, said } = await startLate();
    await sleep(100);
    child.kill('SIGKILL');
    await untilGone([said.pid]);
    expect(noted()).toEqual(['late shut down', 'late was asked']);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('stops the services on %s', async (signal) => {
    const { child, tree } = await startTop(process.execPath, ['top.js']);
    const code = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await expect(code).resolves.toBe(0);
    await untilGone(tree);
    expect(noted()).toEqual(['api shut down', 'api was asked', 'worker shut down', 'worker was asked']);
  });

  test('runs the shutdown once, however often it is asked to', async () => {
    const env = { ...withoutNpm(process.env), ...nodePath, NOTES: notes, NAME: 'api' };
    const { child, said } = await startAndRead<{ pid: number }>(process.execPath, ['service.js'], {
      cwd: compiled,
      env,
    });
    started.push(said.pid);
    child.kill('SIGTERM');
    await sleep(20);
    child.kill('SIGINT');
    await untilGone([said.pid]);
    expect(noted()).toEqual(['api shut down', 'api was asked']);
  });

  test("ends with an error, and without the error's text, when the shutdown fails", async () => {
    const child = spawn(process.execPath, ['service.js'], {
      cwd: compiled,
      env: { ...withoutNpm(process.env), ...nodePath, NOTES: notes, NAME: 'api', FAIL: 'yes' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child.pid ?? 0);
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const code = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await expect(code).resolves.toBe(1);
    expect(errors).toContain('The shutdown failed.');
    expect(errors).not.toContain('customer');
  });

  // Fails without watchAncestors: nobody tells node that npm, or the shell between, was killed.
  test.each(['npm', 'the shell'])(
    'ends when %s that runs it is killed',
    async (killed) => {
      const project = join(compiled, killed);
      mkdirSync(project);
      writeFileSync(join(project, 'package.json'), JSON.stringify({ scripts: { demo: 'node ../top.js' } }));
      const { tree } = await startTop('npm', ['run', '--silent', 'demo'], project);
      process.kill(tree[killed === 'npm' ? 0 : 1] ?? 0, 'SIGKILL');
      await untilGone(tree);
      expect(noted()).toEqual(['api shut down', 'api was asked', 'worker shut down', 'worker was asked']);
    },
    15_000,
  );
});

/** A parent that says its service's pid before the service has called exitWithParent. */
async function startLate() {
  const script = `
    require('./supervisor').spawnService(__dirname + '/service.js', { name: 'late', env: { NAME: 'late', BEGIN_LATE: '1' },
      restart: false }).then(({ pid }) => console.log(JSON.stringify({ pid })));
  `;
  const env = { ...withoutNpm(process.env), ...nodePath, NOTES: notes };
  const late = await startAndRead<{ pid: number }>(process.execPath, ['-e', script], { cwd: compiled, env });
  started.push(late.child.pid ?? 0, late.said.pid);
  return late;
}
