import { randomBytes } from 'node:crypto';
import type { TestProgramme } from '../builders/programme';
import { call, type Answer } from '../setup/service';
import { startTestApi, type TestApi } from './pages.test-app';

let api: TestApi;
let shop: TestProgramme;
let other: TestProgramme;
beforeAll(async () => {
  api = await startTestApi();
  shop = await api.programme();
  other = await api.programme();
});
afterAll(() => api.stop());

const problem = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}` } });
const linkOf = (url: string): string => new URL(url).hash.replace('#link=', '');
async function opened(customerRef: string, { storefrontKey: key } = shop): Promise<{ token: string; link: string }> {
  const { body } = await call(api.url, 'POST', '/v1/customer-sessions', { key, body: { customerRef, locale: 'de' } });
  return { token: body['token'] as string, link: linkOf(body['url'] as string) };
}
const enter = (link: string, headers: Record<string, string> = {}): Promise<Answer> =>
  call(api.url, 'POST', '/v1/me/session', { body: { link }, idempotencyKey: null, headers });
const mine = (token: string, path = '/session', method = 'GET', headers: Record<string, string> = {}) =>
  call(api.url, method, `/v1/me${path}`, { key: token, headers });

describe('a link to the customer’s page', () => {
  it('lets its customer in, for 15 minutes from then', async () => {
    await shop.share('anna');
    const { status, body } = await enter((await opened('anna')).link);
    expect(status).toBe(201);
    expect(body).toEqual({
      token: expect.any(String),
      expiresAt: expect.any(String),
      locale: 'de',
      programme: { name: 'Test', slug: expect.any(String) },
    });
    expect(Math.abs(Date.parse(body['expiresAt']) - Date.now() - 15 * 60_000)).toBeLessThan(10_000);
    expect((await mine(body['token'], '/ledger')).body['data']).toHaveLength(1);
    const { token: _, ...session } = body;
    expect((await mine(body['token'])).body).toEqual(session);
  });

  // Fails when the statement that uses a link no longer asks whether it was used.
  it('works once, however many follow it at the same time', async () => {
    const { link } = await opened('bert');
    const answers = await Promise.all(Array.from({ length: 20 }, () => enter(link)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(answer).toMatchObject(problem(410, 'link-used'));
    expect(await enter(link)).toMatchObject(problem(410, 'link-used'));
  });

  it('is over after 15 minutes, and so is one that never was', async () => {
    const { link } = await opened('carl');
    await api.owner.query(`UPDATE session_links SET expires_at = now() - interval '1 second' WHERE used_at IS NULL`);
    expect(await enter(link)).toMatchObject(problem(410, 'link-expired'));
    expect(await enter(randomBytes(48).toString('base64url'))).toMatchObject(problem(410, 'link-expired'));
    // Of this programme, and guessed beyond that.
    const guessed = Buffer.concat([Buffer.from(link, 'base64url').subarray(0, 16), randomBytes(32)]);
    expect(await enter(guessed.toString('base64url'))).toMatchObject(problem(410, 'link-expired'));
    for (const malformed of ['', 'x', `${link}x`, link.slice(1)])
      expect(await enter(malformed)).toMatchObject(problem(422, 'invalid-request'));
  });

  it('is nothing that can be read in the database, and opens nowhere else', async () => {
    const { link } = await opened('a-name-to-be-found');
    const { rows } = await api.owner.query<{ row: string }>('SELECT l::text AS row FROM session_links l');
    const text = JSON.stringify(rows);
    expect(text).not.toContain(Buffer.from('a-name-to-be-found').toString('hex'));
    expect(text).not.toContain(Buffer.from(link, 'base64url').toString('hex'));
    // Said to be another programme's.
    const { rows: programmes } = await api.owner.query<{ id: string }>(
      'SELECT id FROM programmes ORDER BY id DESC LIMIT 1',
    );
    const moved = Buffer.from(link, 'base64url');
    Buffer.from(programmes[0]!.id.replaceAll('-', ''), 'hex').copy(moved);
    expect(await enter(moved.toString('base64url'))).toMatchObject(problem(410, 'link-expired'));
    expect((await enter(link)).status).toBe(201);
  });

  it('lets nobody in once the key that made it is revoked', async () => {
    const admin = (path: string, body: object) => call(api.url, 'POST', path, { key: shop.adminKey, body });
    const { body: made } = await admin('/v1/keys', { kind: 'storefront', name: 'short-lived' });
    const { link } = await opened('dora', { ...shop, storefrontKey: made['key'] as string });
    const { body } = await enter(link);
    expect((await mine(body['token'])).status).toBe(200);
    await call(api.url, 'DELETE', `/v1/keys/${made['id']}`, { key: shop.adminKey });
    expect(await mine(body['token'])).toMatchObject(problem(401, 'unauthorized'));
  });
});

describe('signing out', () => {
  // Fails when customer_sessions_usable does not look at ended_sessions.
  it('ends the token for every call after it, and no other session', async () => {
    const [here, there, elsewhere] = [await opened('emil'), await opened('emil'), await opened('frida')];
    expect((await mine(here.token, '/session', 'DELETE')).status).toBe(204);
    const replayed = await Promise.all(Array.from({ length: 20 }, () => mine(here.token, '/balance')));
    for (const answer of replayed) expect(answer).toMatchObject(problem(401, 'unauthorized'));
    expect(await mine(here.token, '/session', 'DELETE')).toMatchObject(problem(401, 'unauthorized'));
    for (const { token } of [there, elsewhere]) expect((await mine(token, '/balance')).status).toBe(200);
  });

  it('is for who is in', async () => {
    expect(await call(api.url, 'DELETE', '/v1/me/session')).toMatchObject(problem(401, 'unauthorized'));
    expect(await call(api.url, 'DELETE', '/v1/me/session', { key: shop.storefrontKey })).toMatchObject(
      problem(403, 'forbidden'),
    );
  });
});

describe('a page of a shop', () => {
  const ORIGIN = 'https://shop.example';
  const list = (programme: TestProgramme, origins: unknown[]) =>
    call(api.url, 'PUT', '/v1/embed-origins', { key: programme.adminKey, body: { origins } });
  const preflight = (origin: string, path = '/v1/me/ledger') =>
    call(api.url, 'OPTIONS', path, {
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });

  it('is listed by an admin, as an origin', async () => {
    expect((await list(shop, [ORIGIN, 'http://localhost:8080'])).body).toEqual({
      origins: ['http://localhost:8080', ORIGIN],
    });
    expect((await list(shop, [ORIGIN])).body).toEqual({ origins: [ORIGIN] });
    expect((await call(api.url, 'GET', '/v1/embed-origins', { key: shop.adminKey })).body).toEqual({
      origins: [ORIGIN],
    });
    expect((await call(api.url, 'GET', '/v1/embed-origins', { key: other.adminKey })).body).toEqual({ origins: [] });
    for (const wrong of [
      'https://shop.example/',
      'shop.example',
      '*',
      'null',
      'http://shop.example',
      'https://a@b.c',
      7,
    ])
      expect(await list(shop, [wrong])).toMatchObject(problem(422, 'invalid-request'));
    expect(await list({ ...shop, adminKey: shop.storefrontKey }, [])).toMatchObject(problem(403, 'forbidden'));
  });

  it('may call for its own programme’s customers, and read the answer', async () => {
    const asked = await preflight(ORIGIN);
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': expect.stringContaining('DELETE'),
      'access-control-allow-headers': expect.stringContaining('Authorization'),
      vary: 'Origin',
    });
    const { token, link } = await opened('gustav');
    const answer = await mine(token, '/ledger', 'GET', { origin: ORIGIN });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, ORIGIN]);
    // Also that it is over: otherwise a page could not tell it from a network that is away.
    const refused = await mine('nobodys', '/ledger', 'GET', { origin: ORIGIN });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, ORIGIN]);
    expect((await enter(link, { origin: ORIGIN })).status).toBe(201);
  });

  // Fails when the guard no longer compares the programmes.
  it('may not call for customers of another programme', async () => {
    const { token, link } = await opened('gustav', other);
    expect(await mine(token, '/ledger', 'GET', { origin: ORIGIN })).toMatchObject(problem(403, 'origin-not-allowed'));
    expect(await enter(link, { origin: ORIGIN })).toMatchObject(problem(403, 'origin-not-allowed'));
    // Which did not use it up.
    expect((await enter(link)).status).toBe(201);
  });

  it('may not call at all where nobody lists it', async () => {
    const { token } = await opened('hugo');
    for (const origin of ['https://evil.example', 'https://shop.example.evil.example', 'http://shop.example', 'null']) {
      const asked = await preflight(origin);
      expect(asked).toMatchObject(problem(403, 'origin-not-allowed'));
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
      const answer = await mine(token, '/ledger', 'GET', { origin });
      expect(answer).toMatchObject(problem(403, 'origin-not-allowed'));
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('may call nothing else: what is not the customer’s is for no page of others', async () => {
    const asked = await preflight(ORIGIN, '/v1/offers');
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([404, null]);
  });

  it('is let in and out from the next call on', async () => {
    const { token } = await opened('ida');
    await list(shop, []);
    expect(await mine(token, '/ledger', 'GET', { origin: ORIGIN })).toMatchObject(problem(403, 'origin-not-allowed'));
    await list(shop, [ORIGIN]);
    expect((await mine(token, '/ledger', 'GET', { origin: ORIGIN })).status).toBe(200);
  });

  it('is not meant where it is our own', async () => {
    const { token } = await opened('jens');
    const { host } = new URL(api.url);
    for (const origin of [`http://${host}`, `https://${host}`])
      expect((await mine(token, '/ledger', 'GET', { origin })).status).toBe(200);
    const behindAProxy = { origin: 'https://gegenwert.example', 'sec-fetch-site': 'same-origin' };
    expect((await mine(token, '/ledger', 'GET', behindAProxy)).status).toBe(200);
  });
});

describe('what the console asks first', () => {
  it('is where to sign in, for whoever knows the programme’s short name', async () => {
    const { rows } = await api.owner.query<{ slug: string }>('SELECT slug FROM programmes ORDER BY id LIMIT 1');
    const slug = rows[0]!.slug;
    const config = (programme: string) => call(api.url, 'GET', `/v1/console-config?programme=${programme}`);
    expect((await config(slug)).body).toEqual({ programme: { name: 'Test', slug }, issuers: [], staffKey: true });
    const register = (body: object) => call(api.url, 'POST', '/v1/issuers', { key: shop.adminKey, body });
    const staff = { issuer: 'https://login.example', audience: 'console', subjects: 'staff', clientId: 'console' };
    expect((await register(staff)).body['clientId']).toBe('console');
    expect((await register({ ...staff, audience: 'machines', clientId: undefined })).status).toBe(201);
    const customers = { issuer: 'https://login.example', audience: 'shop', subjects: 'customers', clientId: 'shop' };
    expect(await register(customers)).toMatchObject(problem(422, 'invalid-request'));
    expect((await config(slug)).body['issuers']).toEqual([
      { issuer: 'https://login.example', clientId: 'console', audience: 'console' },
    ]);
    expect(await config('nobody')).toMatchObject(problem(404, 'not-found'));
    expect(await config('No-Slug')).toMatchObject(problem(422, 'invalid-request'));
  });

  it('is who has signed in', async () => {
    const { body } = await call(api.url, 'GET', '/v1/staff/me', { key: shop.adminKey });
    expect(body).toEqual({
      programme: { id: shop.id, name: 'Test', slug: expect.any(String), locale: 'de', requiresApproval: false },
      role: 'admin',
      name: 'First admin',
    });
    expect(await call(api.url, 'GET', '/v1/staff/me', { key: shop.storefrontKey })).toMatchObject(
      problem(403, 'forbidden'),
    );
  });
});

describe('whoever is not known', () => {
  let strict: TestApi;
  beforeAll(async () => {
    strict = await startTestApi({ env: { GEGENWERT_UNKNOWN_CALLS_PER_MINUTE: '3' } });
  });
  afterAll(() => strict.stop());

  // Fails when the guard does not count calls with an Authorization that nobody looks at, or admitPages those that it refuses.
  it('is counted, with a link, for the console, with a foreign page, and with any key beside it', async () => {
    const tries = [
      () => call(strict.url, 'POST', '/v1/me/session', { body: { link: 'x'.repeat(64) } }),
      () => call(strict.url, 'POST', '/v1/me/session', { body: { link: 'x'.repeat(64) }, key: 'anything' }),
      () => call(strict.url, 'GET', '/v1/me/ledger', { key: 'anything', headers: { origin: 'https://evil.example' } }),
      () => call(strict.url, 'GET', '/v1/console-config?programme=nobody'),
      () => call(strict.url, 'GET', '/v1/console-config?programme=nobody', { key: 'anything' }),
      () => call(strict.url, 'OPTIONS', '/v1/me/ledger', { headers: { origin: 'https://evil.example' } }),
    ];
    const statuses: number[] = [];
    for (const attempt of tries) statuses.push((await attempt()).status);
    expect(statuses).toEqual([410, 410, 403, 429, 429, 429]);
    expect((await call(strict.url, 'GET', '/health/live', { key: 'anything' })).status).toBe(200);
  });
});

describe('what the storefront knows of its customer', () => {
  const REGULARS = { key: 'regulars', eligibility: 'orders >= 5', minimumAge: { default: 16 } };
  const FACTS = { orders: 7, ageBand: '25-34', note: 'canary-9f2c' };
  type Offer = Awaited<ReturnType<TestProgramme['publish']>>;
  let offer: Offer;
  beforeAll(async () => (offer = await shop.publish(REGULARS)));

  const sessionOf = (customerRef: string, context?: object): Promise<Answer> =>
    call(api.url, 'POST', '/v1/customer-sessions', {
      key: shop.storefrontKey,
      body: { customerRef, locale: 'en', ...(context && { context }) },
    });
  const whyNot = async (token: string): Promise<string> => {
    const { body } = await mine(token, '/offers');
    return body['data'].find((quote: { offerId: string }) => quote.offerId === offer.id).whyNot ?? 'nothing';
  };
  const share = (token: string, context?: object): Promise<Answer> =>
    call(api.url, 'POST', '/v1/me/shares', {
      key: token,
      body: {
        offerId: offer.id,
        offerVersion: offer.version,
        noticeHash: offer.noticeHash,
        values: { birthday: '1990-04-01' },
        consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
        locale: 'en',
        ...(context && { context }),
      },
    });

  it.each(['the session', 'its link'])('decides what offers are made in %s, and accepted', async (of) => {
    const customerRef = `dora-${of.length}`;
    const { body } = await sessionOf(customerRef, FACTS);
    const token: string =
      of === 'the session' ? body['token'] : (await enter(linkOf(body['url'] as string))).body['token'];
    expect(await whyNot(token)).toBe('nothing');
    expect((await share(token)).status).toBe(201);
  });

  // Fails when the facts of the call are taken.
  it('is nothing that customers say of themselves', async () => {
    const { body } = await sessionOf('emil');
    expect(await whyNot(body['token'])).toBe('not-eligible');
    expect(await share(body['token'], FACTS)).toMatchObject(problem(409, 'not-eligible'));
    const young = (await sessionOf('fritz', { ...FACTS, ageBand: '13-15' })).body['token'] as string;
    expect(await share(young, FACTS)).toMatchObject(problem(409, 'too-young'));
  });

  it('can be read neither in the token nor in the database', async () => {
    const { body } = await sessionOf('gert', FACTS);
    const claims = Buffer.from((body['token'] as string).split('.')[1] ?? '', 'base64url').toString();
    expect(claims).toContain('gert');
    expect(claims).not.toContain('canary-9f2c');
    const { rows } = await api.owner.query<{ sealed: Buffer }>('SELECT sealed FROM session_links');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ sealed }) => sealed.includes('canary-9f2c'))).toEqual([]);
  });

  it('is refused where a token would get too long for a header', async () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`fact${n}`, 'x'.repeat(120)]));
    expect(await sessionOf('hans', many)).toMatchObject({
      ...problem(422, 'invalid'),
      body: { errors: [{ pointer: '/context' }] },
    });
    const most = Object.fromEntries(Object.entries(many).slice(0, 15));
    const { status, body } = await sessionOf('hans', most);
    expect([status, (body['token'] as string).length < 4096]).toEqual([201, true]);
  });
});
