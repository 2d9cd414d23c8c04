import { request } from 'node:http';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { call, startService, type RunningService } from '../setup/service';

const KEY_CALLS = 8;
const CUSTOMER_CALLS = 4;
const UNKNOWN_CALLS = 6;
const WRONG = `gw_sk_live_${'x'.repeat(43)}`;

let database: TestDatabase;
let service: RunningService;
let programme: TestProgramme;

/** Of a network that the service trusts as its proxy: 127.0.0.1 is not in it, 127.0.0.2 is. */
beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({
    databaseUrl: database.url,
    worker: false,
    env: {
      GEGENWERT_KEY_CALLS_PER_MINUTE: '0',
      GEGENWERT_CUSTOMER_CALLS_PER_MINUTE: String(CUSTOMER_CALLS),
      GEGENWERT_UNKNOWN_CALLS_PER_MINUTE: String(UNKNOWN_CALLS),
      GEGENWERT_TRUSTED_PROXIES: '127.0.0.2',
    },
  });
  programme = await createProgramme(service);
});

afterAll(async () => {
  await service.stop();
  await database.drop();
});

interface From {
  /** Where it connects from: every address of 127.0.0.0/8 is this machine. */
  address: string;
  /** What its X-Forwarded-For says. */
  forwardedFor?: string;
  key?: string;
}

/** A GET from an address; fetch cannot choose its own. */
function get(path: string, { address, forwardedFor, key }: From, url = service.url): Promise<Seen> {
  const headers = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
  };
  return new Promise((resolve, reject) => {
    request(url + path, { localAddress: address, headers }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

interface Seen {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

async function statuses(times: number, ask: () => Promise<Seen>): Promise<number[]> {
  const seen: number[] = [];
  for (let n = 0; n < times; n++) seen.push((await ask()).status);
  return seen;
}

const BALANCE = '/v1/customers/somebody/balance';

describe('who guesses keys', () => {
  it('is told to wait, from that address alone; a good key still gets through from it', async () => {
    const guesser = { address: '127.0.1.1', key: WRONG };
    expect(await statuses(UNKNOWN_CALLS, () => get(BALANCE, guesser))).toEqual(Array(UNKNOWN_CALLS).fill(401));
    const refused = await get(BALANCE, guesser);
    expect(refused).toMatchObject({
      status: 429,
      headers: {
        'content-type': expect.stringContaining('application/problem+json') as string,
        'ratelimit-policy': `"unknown";q=${UNKNOWN_CALLS};w=60`,
      },
    });
    expect(JSON.parse(refused.text)).toMatchObject({ type: 'urn:gegenwert:problem:too-many-requests', status: 429 });
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers['ratelimit']).toBe(`"unknown";r=0;t=${seconds}`);

    expect((await get(BALANCE, { ...guesser, key: programme.storefrontKey })).status).toBe(200);
    expect((await get(BALANCE, { ...guesser, address: '127.0.1.2' })).status).toBe(401);
  });

  it('finds not even the operator’s key, which somebody thought up', async () => {
    const guesser = { address: '127.0.1.3', key: 'an operator key?' };
    const operator = { address: '127.0.1.3', key: service.operatorKey };
    expect((await get(BALANCE, operator)).status).toBe(403);
    await statuses(UNKNOWN_CALLS, () => get(BALANCE, guesser));
    expect((await get(BALANCE, operator)).status).toBe(429);
    expect((await get(BALANCE, { ...operator, address: '127.0.1.4' })).status).toBe(403);
  });

  it('cannot say that it is somebody else', async () => {
    let n = 0;
    const seen = await statuses(UNKNOWN_CALLS + 1, () =>
      get(BALANCE, { address: '127.0.1.5', forwardedFor: `198.51.100.${n++}`, key: WRONG }),
    );
    expect(seen.at(-1)).toBe(429);
  });

  it('is who the trusted proxy says, and nobody else behind it', async () => {
    const behind = (forwardedFor: string): From => ({ address: '127.0.0.2', forwardedFor, key: WRONG });
    // What the caller itself wrote stands before what the proxy added.
    let n = 0;
    const seen = await statuses(UNKNOWN_CALLS + 1, () => get(BALANCE, behind(`10.0.0.${n++}, 198.51.100.7`)));
    expect(seen).toEqual([...Array<number>(UNKNOWN_CALLS).fill(401), 429]);
    expect((await get(BALANCE, behind('198.51.100.8'))).status).toBe(401);
  });
});

describe('who comes without a key', () => {
  it.each(['/.well-known/jwks.json', '/docs/openapi.json', '/nowhere', BALANCE])('is counted at %s', async (path) => {
    const address = `127.0.2.${path.length}`;
    const seen = await statuses(UNKNOWN_CALLS + 1, () => get(path, { address }));
    expect(new Set(seen.slice(0, -1)).has(429)).toBe(false);
    expect(seen.at(-1)).toBe(429);
  });

  it('may ask for the health as often as it likes', async () => {
    const seen = await statuses(3 * UNKNOWN_CALLS, () => get('/health/live', { address: '127.0.3.1' }));
    expect(new Set(seen)).toEqual(new Set([200]));
  });
});

describe('a customer', () => {
  async function tokenOf(customerRef: string): Promise<string> {
    const { body } = await call(service.url, 'POST', '/v1/customer-sessions', {
      key: programme.storefrontKey,
      body: { customerRef, locale: 'de' },
    });
    return String(body['token']);
  }

  it('may call so often, from wherever and with whichever token, and keeps no other from calling', async () => {
    const from = (address: string, key: string) => get('/v1/me/balance', { address, key });
    const anna = [await tokenOf('anna'), await tokenOf('anna')] as const;
    expect(await statuses(CUSTOMER_CALLS - 1, () => from('127.0.4.1', anna[0]))).not.toContain(429);
    const last = await from('127.0.4.2', anna[1]);
    expect(last).toMatchObject({
      status: 200,
      headers: { ratelimit: expect.stringMatching('^"customer";r=0;t=') as string },
    });
    expect((await from('127.0.4.3', anna[1])).status).toBe(429);
    expect((await from('127.0.4.1', await tokenOf('ben'))).status).toBe(200);
  });
});

describe('a key', () => {
  it('may call as often as it likes unless there is a limit', async () => {
    const seen = await statuses(3 * KEY_CALLS, () =>
      get(BALANCE, { address: '127.0.5.1', key: programme.storefrontKey }),
    );
    expect(new Set(seen)).toEqual(new Set([200]));
  });

  it('may call so often where there is one, and keeps no other key from calling', async () => {
    const limited = await startService({
      databaseUrl: database.url,
      worker: false,
      env: { ...service.env, GEGENWERT_KEY_CALLS_PER_MINUTE: String(KEY_CALLS) },
    });
    try {
      const from = (key: string) => get(BALANCE, { address: '127.0.5.2', key }, limited.url);
      const seen = await statuses(KEY_CALLS + 1, () => from(programme.storefrontKey));
      expect(seen).toEqual([...Array<number>(KEY_CALLS).fill(200), 429]);
      expect((await from(programme.adminKey)).status).toBe(403);
    } finally {
      await limited.stop();
    }
  });
});
