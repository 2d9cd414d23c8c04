import { request } from 'node:http';
import { Client } from 'pg';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { type FaultBench, startBench } from './fault-bench';

/**
 * A batch release that ends in its midst: whatever was sent has its row (I5), and the answer does not look whole. The rows may be
 * more than the lines: what was recorded may not have been taken.
 */

/** So much in all that what the sockets hold is no more than some of it. */
const CUSTOMERS = 700;
const ATTRIBUTES = ['first', 'second', 'third'];
const refs = Array.from({ length: CUSTOMERS }, (_, n) => `customer-${n}`);

let bench: FaultBench;

beforeEach(async () => {
  bench = await startBench({ backend: 'PostgreSQL' });
  const { programme } = bench;
  for (const key of ATTRIBUTES) await admin('/v1/attributes', attribute(key));
  const offer = await programme.publish({
    asks: ATTRIBUTES.map((key) => ({ attribute: key, purposes: ['greeting'], required: true })),
  });
  const values = Object.fromEntries(ATTRIBUTES.map((key) => [key, 'x'.repeat(8000)]));
  const consents = ATTRIBUTES.map((key) => ({ attribute: key, purposes: ['greeting'] }));
  for (let n = 0; n < CUSTOMERS; n += 50) {
    const shares = refs.slice(n, n + 50).map((ref) => programme.share(ref, { offer, values, consents }));
    const refused = (await Promise.all(shares)).find(({ status }) => status !== 201);
    if (refused) throw new Error(JSON.stringify(refused.body));
  }
}, 120_000);
afterEach(() => bench.stop());

const attribute = (key: string) => ({
  key,
  title: { de: key, en: key },
  schema: { type: 'string' },
  sensitivity: 'ordinary',
  retentionDays: 365,
});

async function admin(path: string, body: object): Promise<void> {
  const response = await fetch(bench.service.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.programme.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(await response.text());
}

/** Takes some of the answer, calls breakIt, and takes the rest of what comes; answers the whole lines among it. */
function readBroken(breakIt: () => Promise<void>): Promise<{ lines: { id: string }[]; isWhole: boolean }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${bench.programme.recipients.newsletter.apiKey}`,
      'content-type': 'application/json',
    };
    const asked = request(`${bench.service.url}/v1/disclosures/batch`, { method: 'POST', headers }, (response) => {
      let text = '';
      const done = () => {
        const lines = text.split('\n').slice(0, -1);
        resolve({ lines: lines.map((line) => JSON.parse(line) as { id: string }), isWhole: response.complete });
      };
      response.setEncoding('utf8');
      response.once('data', (part: string) => {
        text += part;
        response.pause();
        breakIt().then(() => {
          response.on('data', (more: string) => (text += more));
          response.resume();
        }, reject);
      });
      response.on('error', () => undefined).on('close', done);
    });
    asked.on('error', reject);
    asked.end(
      JSON.stringify({ customerRefs: refs, purpose: 'greeting', attributes: ATTRIBUTES, reason: 'broken off' }),
    );
  });
}

async function expectRows(lines: { id: string }[]): Promise<void> {
  const rows = await bench.sql<{ id: string }>(`SELECT id FROM disclosures WHERE reason = 'broken off'`);
  const recorded = new Set(rows.map(({ id }) => id));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter(({ id }) => !recorded.has(parsePublicId('dsc', id) ?? ''))).toEqual([]);
  expect(rows.length).toBeLessThan(CUSTOMERS);
  expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
}

async function allowConnections(allow: boolean): Promise<void> {
  const url = new URL(bench.databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const elsewhere = new Client({ connectionString: url.toString() });
  await elsewhere.connect();
  await elsewhere.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${allow}`);
  await elsewhere.end();
}

it('leaves each line with its row when the database is cut off, and the service goes on', async () => {
  const { lines, isWhole } = await readBroken(async () => {
    // Whoever connects again is refused as well, until the answer has broken off.
    await allowConnections(false);
    await bench.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
  });
  await allowConnections(true);
  expect(isWhole).toBe(false);
  await expectRows(lines);
  expect(bench.service.lines.some((line) => line.includes('batch release broken off'))).toBe(true);
  expect((await bench.programme.share('afterwards')).status).toBe(201);
  expect((await bench.programme.disclose('afterwards')).status).toBe(200);
}, 60_000);

it('leaves each line with its row when the API is killed', async () => {
  const { lines, isWhole } = await readBroken(async () => {
    process.kill(bench.service.api.pid, 'SIGKILL');
    await bench.service.api.ended;
  });
  expect(isWhole).toBe(false);
  await expectRows(lines);
}, 60_000);
