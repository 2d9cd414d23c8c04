import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { freePort } from '../../src/platform/free-port';
import { isAlive, processInfo } from '../../src/platform/process-info';
import { processTree, untilGone } from '../setup/processes';
import { temporaryFolder } from '../setup/temporary-folder';

jest.setTimeout(240_000);

const BUILT = join(__dirname, '../../dist/src');
const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const children: ChildProcess[] = [];

beforeAll(() => {
  if (!existsSync(join(BUILT, 'demo.js'))) throw new Error('Build first: npm run build');
});

afterEach(async () => {
  for (const { pid } of children.splice(0)) if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGTERM');
  await untilGone(processesOnData(), 20_000);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every process that names the data folder, in its arguments or in its environment. */
function processesOnData(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        const text = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')).join('\0');
        return text.includes(dataDir) && processInfo(pid) !== undefined;
      } catch {
        return false; // It went while it was being looked at.
      }
    });
}

function start(command: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd = '/') {
  // Jest may itself be run by npm.
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|DATABASE_URL)/.test(name)));
  const child = spawn(command, args, {
    cwd,
    env: { ...own, GEGENWERT_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const run = { child, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (run.output += text));
  }
  return run;
}

async function runToEnd(script: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const run = start(process.execPath, [join(BUILT, script), ...args], env);
  const code = await new Promise<number | null>((resolve) => run.child.once('close', resolve));
  return { code, output: run.output };
}

const demo = async (env: NodeJS.ProcessEnv = {}) =>
  runToEnd('demo.js', ['--once'], { PORT: String(await freePort()), ...env });

async function untilSaid(run: { child: ChildProcess; output: string }, what: string): Promise<void> {
  for (let rounds = 0; !run.output.includes(what); rounds++) {
    if (rounds > 1_500 || run.child.exitCode !== null) throw new Error(`It never said "${what}":\n${run.output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** As the superuser of the data folder's database. */
async function sql(statement: string): Promise<void> {
  const { url, stop } = await startEmbeddedPostgres({ dataDir });
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
    await stop();
  }
}

interface Step {
  mark: string;
  what: string;
  expected: string;
  came: string;
}

const stepsIn = (output: string): Step[] =>
  [...output.matchAll(/^ ([✓✗]) (.+)\n {3}expected (.+?) +came (.+)$/gm)].map(
    ([, mark = '', what = '', expected = '', came = '']) => ({ mark, what, expected, came }),
  );

/** What comes back of each curl that begins a line. */
async function answersTo(lines: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-ec', lines.replaceAll(/^( *)curl/gm, '$1echo; curl')]);
  const answers = stdout.split('\n').filter((line) => line !== '');
  expect(answers).toHaveLength(lines.match(/^ *curl/gm)?.length ?? 0);
  return answers.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** As a reader would paste them, one block after the other. */
function callsInReadme(): string {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
  const section = /^## The HTTP calls$(.*?)^## /ms.exec(readme)?.[1] ?? '';
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
  return blocks.join('\n').replace('.data/demo.env', join(dataDir, 'demo.env'));
}

describe('the demo', () => {
  it('tells the story on an empty folder, every step as expected, and leaves no process', async () => {
    const { code, output } = await demo();
    const steps = stepsIn(output);
    expect(steps.filter(({ mark, expected, came }) => mark !== '✓' || expected !== came)).toEqual([]);
    expect(steps.length).toBeGreaterThan(25);
    const told = steps.map(({ expected }) => expected);
    expect(told).toEqual(
      expect.arrayContaining([
        '200, 120 points, earns now',
        '201, accepted, award pending, 1 consent',
        '200, 120 available, 0 pending',
        '200, 1990-04-01, for 24 h',
        '201, blocked, ends 1, erases 1, keeps 180',
        '403 no-active-consent',
        '200, complete, newsletter acknowledged',
      ]),
    );
    expect(output).toContain(`${steps.length} of ${steps.length} steps as expected.`);
    expect(output).not.toContain('\u001b');
    expect(code).toBe(0);
    expect(processesOnData()).toEqual([]);
    expect(statSync(join(dataDir, 'demo.env')).mode & 0o777).toBe(0o600);
  });

  it('tells it again on the same folder, and keeps out of a database that may be in earnest use', async () => {
    const { code, output } = await demo({
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    expect(output).toContain('the programme of the last run is there');
    expect(output).not.toContain('✗');
    expect(code).toBe(0);
  });

  // Fails when the exit code does not follow the steps.
  it('ends with 1 and shows what came when something is not as expected', async () => {
    await sql(`UPDATE purposes SET lease_seconds = 3600 WHERE key = 'birthdayGreeting'`);
    const { code, output } = await demo();
    expect(stepsIn(output).filter(({ mark }) => mark === '✗')).toEqual(
      [1, 2].map(() =>
        expect.objectContaining({ expected: '200, 1990-04-01, for 24 h', came: '200, 1990-04-01, for 1 h' }),
      ),
    );
    expect(code).toBe(1);
    await sql(`UPDATE purposes SET lease_seconds = 86400 WHERE key = 'birthdayGreeting'`);
  });

  it('says what to do when its port is taken', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '0.0.0.0', () => resolve((server.address() as { port: number }).port));
    });
    const { code, output } = await demo({ PORT: String(port) });
    server.close();
    expect(output).toContain(`Port ${port} is taken by another program`);
    expect(output).toContain(`PORT=${port + 10}`);
    expect(code).toBe(1);
  });

  it('knows no other arguments', async () => {
    const { code, output } = await runToEnd('demo.js', ['--twice']);
    expect(output).toContain('--twice');
    expect(code).toBe(1);
  });
});

describe('the demo that stays up', () => {
  const project = join(folder, 'project');

  beforeAll(() => {
    const script = `node ${join(BUILT, 'demo.js')}`;
    mkdirSync(project);
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ scripts: { demo: script, slow: `sleep 1 && ${script}` } }),
    );
  });

  it('prints lines for a shell that do what they say, answers those of the README, and ends on SIGTERM', async () => {
    const run = start(process.execPath, [join(BUILT, 'demo.js')], { PORT: String(await freePort()) });
    await untilSaid(run, '/balance"');
    const [quotes, share, disclosure, revocation, balance] = await answersTo(
      run.output.split('To try in another terminal:')[1] ?? '',
    );
    expect(quotes?.['data']).toHaveLength(6);
    expect(share).toMatchObject({ status: 'accepted', award: { status: 'pending' } });
    expect(disclosure).toMatchObject({ values: { birthday: '1990-04-01' } });
    expect(revocation).toMatchObject({ status: 'blocked', consentsEnded: 1, keepsPoints: 120 });
    expect(balance).toMatchObject({ available: 120 });
    const readme = await answersTo(callsInReadme());
    expect(readme.length).toBeGreaterThan(15);
    expect(readme.flatMap(({ type }) => type ?? [])).toEqual(['urn:gegenwert:problem:no-active-consent']);
    expect(readme).toContainEqual(expect.objectContaining({ status: 'acknowledged', did: 'erased' }));
    const code = new Promise((resolve) => run.child.once('close', resolve));
    run.child.kill('SIGTERM');
    expect(await code).toBe(0);
    expect(processesOnData()).toEqual([]);
  });

  // Fails without the watch over npm and shell, the services' own end with their parent, and PostgreSQL's keeper.
  it.each(['npm', 'the shell', 'the demo'])('leaves no process when %s is killed', async (killed) => {
    const run = start('npm', ['run', '--silent', 'demo'], { PORT: String(await freePort()) }, project);
    await untilSaid(run, 'ready at');
    const tree = processTree(run.child.pid ?? 0);
    expect(tree.map((pid) => processInfo(pid)?.command).filter((command) => command?.includes('main.js'))).toHaveLength(
      1,
    );
    const at = { npm: 0, 'the shell': 1, 'the demo': 2 }[killed] ?? 0;
    process.kill(tree[at] ?? 0, 'SIGKILL');
    await untilGone([...new Set([...tree, ...processesOnData()])], 20_000);
    expect(processesOnData()).toEqual([]);
  });

  // Fails without isOrphanOfNpm: the shell goes on with the script, and nobody knows of npm.
  it('leaves no process when npm is killed during the build before it', async () => {
    const run = start('npm', ['run', '--silent', 'slow'], { PORT: String(await freePort()) }, project);
    while (processTree(run.child.pid ?? 0).length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    run.child.kill('SIGKILL');
    await untilSaid(run, 'starting the embedded PostgreSQL');
    // What it was starting just then comes after the first look, and has to go as well.
    for (let left = processesOnData(); left.length > 0; left = processesOnData()) await untilGone(left, 30_000);
  });
});

describe('verify', () => {
  it('finds every rule kept after all that, and starts the database for it', async () => {
    const { code, output } = await runToEnd('verify.js');
    expect(output).not.toContain('✗');
    expect(output.match(/^✓ /gm)?.length).toBeGreaterThan(10);
    expect(output).toContain('Every rule holds.');
    expect(code).toBe(0);
    expect(processesOnData()).toEqual([]);
  });

  it('names the rule, the programme and the row that somebody edited behind its back', async () => {
    await sql(`SET session_replication_role = replica; UPDATE accounts SET balance = balance + 1
                WHERE id = (SELECT min(id) FROM accounts WHERE kind = 'available')`);
    const { code, output } = await runToEnd('verify.js');
    expect(output).toMatch(/^✗ I6 zero sum\n( {4}.+\n)* {4}balance is not the fold of its entries: \d+ \(programme /m);
    expect(output).toMatch(/^✗ balances .*\n {4}programme morgenrot-\w+: accounts come to 1 instead of 0/m);
    expect(output).toContain('✓ I5 release has consent');
    expect(code).toBe(1);
  });

  it('says so where there is no database yet', async () => {
    const { code, output } = await runToEnd('verify.js', [], { GEGENWERT_DATA_DIR: join(folder, 'nowhere') });
    expect(output).toContain('There is no database in');
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });
});
