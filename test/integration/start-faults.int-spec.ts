import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createBareDatabase, createTestDatabase, type TestDatabase } from '../setup/database';

/** What a process of the built service says that is to end by itself. */
async function said(name: string, env: NodeJS.ProcessEnv, options: string[] = []): Promise<string> {
  const child = spawn(process.execPath, [join(__dirname, `../../dist/src/${name}.js`), ...options], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'silent', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(1);
  return text;
}

const GEGENWERT_KEK = randomBytes(32).toString('base64');
const NOWHERE = 'postgres://somebody:secret@127.0.0.1:1/gegenwert';

/** With something of it changed. */
function other(url: string, change: (url: URL) => void): string {
  const changed = new URL(url);
  change(changed);
  return changed.href;
}

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

// Each fails when the start says no more than a code: there are two databases, three ports and two places for a KEK.
describe('what keeps a service from starting', () => {
  it('is the database of the values: which setting names it, and why it cannot be used', async () => {
    const start = (DATABASE_URL: string) => said('main', { DATABASE_URL, GEGENWERT_KEK });
    expect(await start(NOWHERE)).toContain('DATABASE_URL names cannot be used: nothing listens at its address');
    const none = other(database.url, (url) => (url.pathname = '/none'));
    expect(await start(none)).toContain('DATABASE_URL names cannot be used: there is no such database');
  });

  it('is the database of the keys', async () => {
    const settings = { DATABASE_URL: database.url, GEGENWERT_KEK, GEGENWERT_KEYS_DATABASE_URL: NOWHERE };
    const why = 'that GEGENWERT_KEYS_DATABASE_URL names cannot be used: nothing listens at its address';
    expect(await said('worker', settings)).toContain(why);
    expect(await said('migrate', settings)).toContain(why);
    expect(await said('main', settings)).not.toContain('secret');
  });

  it('is one database for values and keys, called by two names', async () => {
    const same = other(database.url, (url) => url.searchParams.set('application_name', 'keys'));
    const text = await said('main', { DATABASE_URL: database.url, GEGENWERT_KEK, GEGENWERT_KEYS_DATABASE_URL: same });
    expect(text).toContain('GEGENWERT_KEYS_DATABASE_URL names a database that holds values');
  });

  it('is a KMS that does not answer', async () => {
    const fresh = await createBareDatabase();
    try {
      const text = await said('main', {
        DATABASE_URL: fresh.url,
        GEGENWERT_KMS_KEY_ID: 'alias/gegenwert',
        GEGENWERT_KMS_REGION: 'eu-central-1',
        GEGENWERT_KMS_ENDPOINT: 'http://127.0.0.1:1',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
      });
      expect(text).toContain('The key-encryption key cannot be used');
    } finally {
      await fresh.drop();
    }
  });

  it('is a port that somebody else has', async () => {
    const somebody = createServer().listen(0);
    await once(somebody, 'listening');
    const PORT = String((somebody.address() as AddressInfo).port);
    const settings = { DATABASE_URL: database.url, GEGENWERT_KEK };
    try {
      expect(await said('main', { ...settings, PORT })).toContain(`Port ${PORT} is taken by another program`);
      const text = await said('main', { ...settings, METRICS_PORT: PORT });
      expect(text).toMatch(new RegExp(`Port ${PORT} is taken by another program.* METRICS_PORT=`));
    } finally {
      somebody.close();
    }
  });
});

// Whoever restores a backup is in a hurry.
describe('a task', () => {
  const settings = () => ({ DATABASE_URL: database.url, GEGENWERT_KEK });

  it.each([
    ['replay-journal', '--journal'],
    ['verify', '--checkpoints'],
  ])('%s says that there is no such file', async (name, option) => {
    const text = await said(name, settings(), [option, '/nowhere/it.ndjson']);
    expect(text).toContain('The file /nowhere/it.ndjson is not there, or cannot be read.');
  });

  it.each(['replay-journal', 'export-journal', 'verify'])('%s says which option it does not know', async (name) => {
    expect(await said(name, settings(), ['--journl', 'it.ndjson'])).toContain("Unknown option '--journl'");
  });
});
