import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { call, startService, type Answer, type RunningService } from '../setup/service';
import { startTcpProxy, type TcpProxy, type Wire } from './tcp-proxy';

/**
 * Who called does not learn what became of it, and asks again with the same Idempotency-Key: the effect is there once,
 * and the answer is the one that got lost.
 */

jest.setTimeout(90_000);

/** The next connection that brings this statement is cut at its COMMIT: before the server gets it, or once it has done it. */
interface Trap {
  statement: string;
  commit: 'never sent' | 'done';
}

let database: TestDatabase;
let toDatabase: TcpProxy;
let toApi: TcpProxy;
let service: RunningService;
let programme: TestProgramme;
let client: Client;
let trap: Trap | undefined;
let sprung = 0;
let answersLost = 0;
let losing = false;

function databaseWire(): Wire {
  let committing: Trap | undefined;
  let sent = false;
  return {
    request: (chunk) => {
      if (trap !== undefined && chunk.includes(trap.statement)) {
        committing = trap;
        trap = undefined;
      }
      if (committing === undefined || !chunk.includes('COMMIT')) return 'pass';
      sprung += 1;
      sent = true;
      return committing.commit === 'never sent' ? 'cut' : 'pass';
    },
    // PostgreSQL has answered the COMMIT itself, not what came with it, so it is done; the answer gets no further.
    reply: (chunk) => (sent && chunk.includes('COMMIT') ? 'cut' : 'pass'),
  };
}

const apiWire = (): Wire => ({
  request: () => 'pass',
  reply: () => {
    if (!losing) return 'pass';
    answersLost += 1;
    return 'cut';
  },
});

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  toDatabase = await startTcpProxy(Number(new URL(database.url).port), databaseWire);
  const proxied = Object.assign(new URL(database.url), { port: String(toDatabase.port) });
  service = await startService({ databaseUrl: proxied.href });
  toApi = await startTcpProxy(Number(new URL(service.url).port), apiWire);
  programme = await createProgramme(service);
});
afterAll(async () => {
  await service.stop();
  await toApi.stop();
  await toDatabase.stop();
  await client.end();
  await database.drop();
});
afterEach(invariantsHold);

async function invariantsHold(): Promise<void> {
  expect(await brokenInvariants(database.url)).toEqual({});
}

const shareBody = (customerRef: string) => ({
  customerRef,
  offerId: programme.offer.id,
  offerVersion: programme.offer.version,
  noticeHash: programme.offer.noticeHash,
  values: { birthday: '1990-04-01' },
  consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
});

interface Act {
  path: string;
  body: (customerRef: string) => object;
  /** Made before. */
  given: 'nothing' | 'a share';
  statement: string;
  table: 'shares' | 'revocations';
}

const ACTS: [string, Act][] = [
  ['a share', { path: '/v1/shares', body: shareBody, given: 'nothing', statement: 'write_shares', table: 'shares' }],
  [
    'a revocation',
    {
      path: '/v1/revocations',
      body: (customerRef) => ({ customerRef, everything: true }),
      given: 'a share',
      statement: 'write_revocation',
      table: 'revocations',
    },
  ],
];

/** How often it was done for this customer. */
async function effects(table: Act['table'], ref: string): Promise<number> {
  const { rows } = await client.query<{ times: number }>(
    `SELECT count(*)::int AS times FROM ${table} t JOIN customers c ON c.id = t.customer_id WHERE c.ref = $1`,
    [ref],
  );
  return rows[0]?.times ?? -1;
}

const replayed = ({ headers }: Answer): boolean => headers.get('idempotency-replayed') === 'true';

describe.each(ACTS)('%s', (_, act) => {
  let ref: string;
  let ask: (url: string) => Promise<Answer>;
  beforeEach(async () => {
    ref = `customer-${randomUUID()}`;
    const idempotencyKey = randomUUID();
    const body = act.body(ref);
    ask = (url) => call(url, 'POST', act.path, { key: programme.storefrontKey, idempotencyKey, body });
    if (act.given === 'a share') await programme.share(ref);
    sprung = 0;
    answersLost = 0;
  });

  // Fails when the key is not stored in the transaction of what it did.
  it('whose answer is lost after the commit is answered the same again', async () => {
    losing = true;
    try {
      await expect(ask(`http://127.0.0.1:${toApi.port}`)).rejects.toThrow('fetch failed');
    } finally {
      losing = false;
    }
    expect(answersLost).toBeGreaterThan(0);
    expect(await effects(act.table, ref)).toBe(1);
    const second = await ask(service.url);
    const third = await ask(service.url);
    expect([second.status, replayed(second)]).toEqual([201, true]);
    expect([third.status, third.body]).toEqual([201, second.body]);
    expect(await effects(act.table, ref)).toBe(1);
  });

  // Fails when a COMMIT that got no answer is told as done, as undone (500), or is tried again without looking.
  it.each([
    ['done', 1, true],
    ['never sent', 0, false],
  ] as const)('whose COMMIT is %s, which nobody here learns, has one effect', async (commit, before, found) => {
    trap = { statement: act.statement, commit };
    const first = await ask(service.url);
    expect(sprung).toBe(1);
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await effects(act.table, ref)).toBe(before);
    const second = await ask(service.url);
    expect([second.status, replayed(second)]).toEqual([201, found]);
    const third = await ask(service.url);
    expect([third.status, third.body, replayed(third)]).toEqual([201, second.body, true]);
    expect(await effects(act.table, ref)).toBe(1);
  });
});
