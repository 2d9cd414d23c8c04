import { request } from 'node:http';
import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, call, eventually, type RunningService, startService } from '../setup/service';

let database: TestDatabase;
let service: RunningService;
let programme: TestProgramme;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url, worker: false });
  programme = await createProgramme(service);
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await service.stop();
  await database.drop();
});
afterEach(async () => {
  const broken = await brokenInvariants(database.url);
  if (Object.keys(broken).length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
});

const body = (customerRefs: unknown, changes: object = {}) => ({
  purpose: 'greeting',
  attributes: ['birthday'],
  customerRefs,
  reason: 'test',
  ...changes,
});
const post = (sent: object, key = programme.recipients.newsletter.apiKey): Promise<Response> =>
  fetch(`${service.url}/v1/disclosures/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(sent),
  });
const linesIn = (text: string): Record<string, any>[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, any>);
const released = async (sent: object): Promise<Record<string, any>[]> => linesIn(await (await post(sent)).text());
const refs = (label: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${label}-${n}`);
const shareAll = (all: string[], values?: Record<string, unknown>): Promise<Answer[]> =>
  Promise.all(all.map((ref) => programme.share(ref, values ? { values } : {})));
const rowsOf = async (label: string): Promise<string[]> => {
  const { rows } = await client.query<{ id: string }>(
    `SELECT d.id FROM disclosures d JOIN customers c ON c.programme_id = d.programme_id AND c.id = d.customer_id WHERE c.ref LIKE $1`,
    [`${label}-%`],
  );
  return rows.map(({ id }) => id);
};

describe('a batch release', () => {
  it('has a line a customer, in the order asked, each with its own record', async () => {
    const all = refs('all', 450);
    await shareAll(all);
    const asked = all.toReversed();
    const answer = await post(body(asked, { attributes: ['birthday', 'diet'] }));
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'application/x-ndjson; charset=utf-8',
      'no-store',
    ]);
    const lines = linesIn(await answer.text());
    expect(lines.map(({ customerRef }) => customerRef as string)).toEqual(asked);
    expect(lines[7]).toEqual({
      customerRef: asked[7],
      id: expect.stringMatching(/^dsc_/),
      values: { birthday: '1990-04-01' },
      withheld: ['diet'],
      useUntil: expect.any(String),
    });
    expect(new Set(lines.map(({ id }) => id as string)).size).toBe(450);
    expect(await rowsOf('all')).toHaveLength(450);
  });

  it('refuses for those without a consent, and only for them', async () => {
    await shareAll(['mixed-a', 'mixed-b', 'mixed-c']);
    await programme.revoke('mixed-b', { everything: true });
    const lines = await released(body(['mixed-a', 'mixed-b', 'nobody', 'mixed-c']));
    const none = { type: 'urn:gegenwert:problem:no-active-consent', title: expect.any(String), status: 403 };
    expect(lines).toEqual([
      expect.objectContaining({ customerRef: 'mixed-a', values: { birthday: '1990-04-01' } }),
      { customerRef: 'mixed-b', ...none },
      { customerRef: 'nobody', ...none },
      expect.objectContaining({ customerRef: 'mixed-c', values: { birthday: '1990-04-01' } }),
    ]);
    expect(await rowsOf('mixed')).toHaveLength(2);
  });

  it('is refused whole for a purpose that is not the recipient’s', async () => {
    await programme.share('not-yours');
    const answer = await post(body(['not-yours'], { purpose: 'advice' }));
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
      403,
      expect.stringContaining('application/problem+json'),
      expect.objectContaining({ type: 'urn:gegenwert:problem:purpose-not-registered' }),
    ]);
  });

  it.each([
    ['nobody', []],
    ['more than 1000 customers', refs('many', 1001)],
    ['a customer twice', ['twice', 'twice']],
    ['what is no reference', ['not a reference']],
    ['no list', 'one'],
  ])('is refused for %s', async (_, customerRefs) => {
    const answer = await post(body(customerRefs));
    expect([answer.status, await answer.json()]).toEqual([
      422,
      expect.objectContaining({ type: 'urn:gegenwert:problem:invalid-request' }),
    ]);
  });

  it('is for recipients alone', async () => {
    expect((await post(body(['one']), programme.storefrontKey)).status).toBe(403);
  });
});

/** Asks and takes nothing but the head of the answer, until told to. */
function slowly(sent: object): Promise<{ take: () => Promise<string>; leave: () => void }> {
  return new Promise((resolve, reject) => {
    const url = new URL(`${service.url}/v1/disclosures/batch`);
    const asked = request(
      url,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${programme.recipients.newsletter.apiKey}`,
          'content-type': 'application/json',
        },
      },
      (response) => {
        response.pause();
        response.on('error', () => undefined);
        resolve({
          take: async () => {
            let text = '';
            for await (const part of response) text += String(part);
            return text;
          },
          leave: () => response.destroy(),
        });
      },
    );
    asked.on('error', reject);
    asked.end(JSON.stringify(sent));
  });
}

describe('a reader of a batch release', () => {
  // So much in all that what the sockets hold between the two is no more than some of it.
  const COUNT = 800;
  const STORIES = ['first', 'second', 'third'];
  const all = refs('story', COUNT);
  const sent = (reason: string): object => body(all, { attributes: STORIES, reason });
  beforeAll(async () => {
    for (const key of STORIES) {
      await call(service.url, 'POST', '/v1/attributes', {
        key: programme.adminKey,
        body: {
          key,
          title: { de: 'x', en: 'x' },
          schema: { type: 'string' },
          sensitivity: 'ordinary',
          retentionDays: 365,
        },
      });
    }
    const offer = await programme.publish({
      asks: STORIES.map((attribute) => ({ attribute, purposes: ['greeting'], required: true })),
    });
    const values = Object.fromEntries(STORIES.map((key) => [key, 'x'.repeat(8000)]));
    const consents = STORIES.map((attribute) => ({ attribute, purposes: ['greeting'] }));
    for (let n = 0; n < COUNT; n += 50) {
      const shares = all.slice(n, n + 50).map((ref) => programme.share(ref, { offer, values, consents }));
      const refused = (await Promise.all(shares)).find(({ status }) => status !== 201);
      if (refused) throw new Error(JSON.stringify(refused.body));
    }
  }, 120_000);
  /** How many customers were recorded, when no more are. */
  const settled = async (reason: string): Promise<number> => {
    let before = -1;
    for (;;) {
      const now = (await client.query('SELECT FROM disclosures WHERE reason = $1', [reason])).rowCount ?? 0;
      if (now === before) return now;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  };

  it('who is slow holds no connection, no lock and no more than the customers at hand', async () => {
    const reader = await slowly(sent('slow'));
    const recorded = await settled('slow');
    expect(recorded).toBeGreaterThan(0);
    expect(recorded).toBeLessThan(COUNT);
    const { rows } = await client.query<{ state: string }>(
      `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()
       UNION ALL SELECT 'lock' FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(rows).toEqual([]);
    // Nobody waits for the reader: not for the customers that were released, nor for those to come.
    expect((await programme.revoke('story-0', { everything: true })).status).toBe(201);
    const last = COUNT - 1;
    expect((await programme.revoke(`story-${last}`, { everything: true })).status).toBe(201);
    const lines = linesIn(await reader.take());
    expect(lines).toHaveLength(COUNT);
    expect(lines[0]).toHaveProperty('values');
    expect(lines[last]).toMatchObject({ customerRef: `story-${last}`, status: 403 });
  });

  it('who goes away stops the rest', async () => {
    const reader = await slowly(sent('gone'));
    reader.leave();
    await eventually(
      () => Promise.resolve(service.lines.some((line) => line.includes('"route":"/v1/disclosures/batch"'))),
      Boolean,
    );
    expect(await settled('gone')).toBeLessThan(COUNT);
  });
});
