import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, call, eventually, type RunningService, startService } from '../setup/service';

const both = (text: string) => ({ de: text, en: text });
const SIGNAL = { 'sec-gpc': '1' };

let database: TestDatabase;
let service: RunningService;
let programme: TestProgramme;
let partner: string;
let offer: TestProgramme['offer'];

const admin = (path: string, body: object): Promise<Answer> =>
  call(service.url, 'POST', path, { key: programme.adminKey, body });

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url, worker: false });
  programme = await createProgramme(service);
  await admin('/v1/purposes', {
    key: 'ads',
    title: both('Ads'),
    description: both('Advertising by partners'),
    thirdPartyAdvertising: true,
  });
  partner = (await admin('/v1/recipients', { key: 'partner', name: 'Partner', purposes: ['ads'] })).body['apiKey'];
  offer = await programme.publish({
    asks: [
      { attribute: 'birthday', purposes: ['greeting', { key: 'ads', required: false }], required: true },
      { attribute: 'shoeSize', purposes: [{ key: 'ads', required: false }], required: false },
    ],
  });
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});
afterEach(async () => {
  const broken = await brokenInvariants(database.url);
  if (Object.keys(broken).length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
});

const bodyOf = (of = offer, changes: object = {}) => ({
  offerId: of.id,
  offerVersion: of.version,
  noticeHash: of.noticeHash,
  values: { birthday: '1990-04-01', shoeSize: 40 },
  consents: [
    { attribute: 'birthday', purposes: ['greeting', 'ads'] },
    { attribute: 'shoeSize', purposes: ['ads'] },
  ],
  ...changes,
});
const shop = (method: string, path: string, options: { body?: object; headers?: Record<string, string> } = {}) =>
  call(service.url, method, path, { key: programme.storefrontKey, ...options });
const share = (customerRef: string, headers: Record<string, string> = {}, body: object = bodyOf()): Promise<Answer> =>
  shop('POST', '/v1/shares', { body: { customerRef, ...body }, headers });
const forAds = async (customerRef: string): Promise<number> => {
  const body = { customerRef, purpose: 'ads', attributes: ['birthday', 'shoeSize'], reason: 'test' };
  return (await call(service.url, 'POST', '/v1/disclosures', { key: partner, body })).status;
};
const forGreeting = async (customerRef: string): Promise<number> => (await programme.disclose(customerRef)).status;
const tokenOf = async (customerRef: string): Promise<string> =>
  (await shop('POST', '/v1/customer-sessions', { body: { customerRef, locale: 'en' } })).body['token'] as string;

describe('a share with Sec-GPC: 1', () => {
  it('is accepted without advertising by others, says so, and earns the same', async () => {
    const { status, body } = await share('signalled', SIGNAL);
    expect([status, body['award'].status]).toEqual([201, 'pending']);
    expect(body['globalPrivacyControl']).toEqual({ refused: ['birthday:ads', 'shoeSize:ads'] });
    expect(body['consents']).toEqual([expect.objectContaining({ attribute: 'birthday', purpose: 'greeting' })]);
    expect((await shop('GET', `/v1/shares/${body['id']}`)).body).toMatchObject({
      refused: ['birthday:ads', 'shoeSize:ads'],
      globalPrivacyControl: true,
    });
    expect([await forAds('signalled'), await forGreeting('signalled')]).toEqual([403, 200]);
    // Shared for nothing that is left, so not shared.
    const { body: shoes } = await call(service.url, 'POST', '/v1/disclosures', {
      key: programme.recipients.newsletter.apiKey,
      body: { customerRef: 'signalled', purpose: 'greeting', attributes: ['birthday', 'shoeSize'], reason: 'test' },
    });
    expect(shoes['withheld']).toEqual(['shoeSize']);
  });

  it('is the customer’s own as well', async () => {
    const key = await tokenOf('myself');
    const mine = await call(service.url, 'POST', '/v1/me/shares', { key, body: bodyOf(), headers: SIGNAL });
    expect([mine.status, mine.body['globalPrivacyControl'].refused]).toEqual([201, ['birthday:ads', 'shoeSize:ads']]);
    expect(await forAds('myself')).toBe(403);
  });

  it('is not complete where the offer requires what the signal refuses', async () => {
    const needed = await programme.publish({ asks: [{ attribute: 'birthday', purposes: ['ads'], required: true }] });
    const body = bodyOf(needed, {
      values: { birthday: '1990-04-01' },
      consents: [{ attribute: 'birthday', purposes: ['ads'] }],
    });
    const { status, body: problem } = await share('needed', SIGNAL, body);
    expect([status, problem['type'], problem['detail']]).toEqual([
      422,
      'urn:gegenwert:problem:consent-incomplete',
      expect.stringContaining('Sec-GPC'),
    ]);
    expect((await share('needed', {}, body)).status).toBe(201);
  });

  it('is another request than one without, under the same key', async () => {
    const once = (headers: object) =>
      call(service.url, 'POST', '/v1/shares', {
        key: programme.storefrontKey,
        idempotencyKey: key,
        headers: { ...headers },
        body: { customerRef: 'twice', ...bodyOf() },
      });
    const key = randomUUID();
    const first = await once(SIGNAL);
    const again = await once(SIGNAL);
    expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([201, 'true', first.body]);
    expect((await once({})).body['type']).toBe('urn:gegenwert:problem:idempotency-key-reused');
  });

  it.each(['0', '1, 1', 'true', ''])('is none with the value %j', async (value) => {
    const ref = `other-${value.length}-${value.slice(0, 1)}`;
    const { body } = await share(ref.replaceAll(/[^a-z0-9-]/g, ''), { 'sec-gpc': value });
    expect([body['consents'].length, body['globalPrivacyControl']]).toEqual([3, undefined]);
  });
});

describe('a later call with Sec-GPC: 1', () => {
  it.each<[string, (ref: string) => Promise<Answer>]>([
    [
      'by the customer',
      async (ref) => call(service.url, 'GET', '/v1/me/balance', { key: await tokenOf(ref), headers: SIGNAL }),
    ],
    [
      'by a storefront that names them in the path',
      (ref) => shop('GET', `/v1/customers/${ref}/balance`, { headers: SIGNAL }),
    ],
    [
      'by a storefront that names them in the body',
      (ref) => shop('POST', '/v1/quotes', { body: { customerRef: ref, locale: 'en', context: {} }, headers: SIGNAL }),
    ],
    [
      'that is refused for another reason',
      async (ref) => ({ ...(await share(ref, SIGNAL, { offerId: 'x' })), status: 200 }),
    ],
  ])('%s stops advertising by others from then on, and nothing else', async (name, ask) => {
    const ref = `later-${name.length}`;
    await share(ref);
    expect([await forAds(ref), await forGreeting(ref)]).toEqual([200, 200]);
    expect((await ask(ref)).status).toBe(200);
    expect([await forAds(ref), await forGreeting(ref)]).toEqual([403, 200]);
    // That it is absent is no consent.
    await shop('GET', `/v1/customers/${ref}/balance`);
    expect(await forAds(ref)).toBe(403);
    // A consent that is given anew, without it, is one; the next signal ends that, too.
    await share(ref);
    expect(await forAds(ref)).toBe(200);
    await shop('GET', `/v1/customers/${ref}/balance`, { headers: SIGNAL });
    expect(await forAds(ref)).toBe(403);
  });

  // Fails when only a reference says whose call it is.
  it('by a storefront that names no more than what is theirs, too', async () => {
    await service.startWorker();
    const until = '2099-01-01T00:00:00Z';
    const named = (path: string) => (id: string) => shop('GET', `/v1/${path}/${id}`, { headers: SIGNAL });
    const redeem = async (customerRef: string): Promise<string> => {
      const body = { customerRef, points: 1, orderRef: `order of ${customerRef}`, capture: false };
      const { body: held } = await eventually(
        () => shop('POST', '/v1/redemptions', { body }),
        ({ status }) => status === 201,
      );
      return held['id'] as string;
    };
    const award = async (customerRef: string): Promise<string> => {
      const body = { customerRef, points: 1, reason: 'Order', reference: customerRef };
      return (await shop('POST', '/v1/awards', { body })).body['id'] as string;
    };
    const pause = async (customerRef: string): Promise<string> =>
      (await shop('POST', '/v1/pauses', { body: { customerRef, purpose: 'greeting', until } })).body['id'] as string;
    const revoke = async (customerRef: string): Promise<string> =>
      (await shop('POST', '/v1/revocations', { body: { customerRef, purpose: 'greeting' } })).body['id'] as string;
    const calls: [string, (ref: string, shareId: string) => Promise<string>, (id: string) => Promise<Answer>][] = [
      ['share', (_, shareId) => Promise.resolve(shareId), named('shares')],
      ['award', award, named('awards')],
      ['redemption', redeem, named('redemptions')],
      ['capture', redeem, (id) => shop('POST', `/v1/redemptions/${id}/capture`, { headers: SIGNAL })],
      ['revocation', revoke, named('revocations')],
      ['pause', pause, (id) => shop('DELETE', `/v1/pauses/${id}`, { headers: SIGNAL })],
    ];
    for (const [what, make, ask] of calls) {
      const { body } = await share(`by-${what}`);
      const id = await make(`by-${what}`, body['id'] as string);
      expect([what, await forAds(`by-${what}`)]).toEqual([what, 200]);
      expect([what, Math.trunc((await ask(id)).status / 100)]).toEqual([what, 2]);
      expect([what, await forAds(`by-${what}`)]).toEqual([what, 403]);
    }
  });

  it('of another programme’s storefront says nothing', async () => {
    const { body } = await share('of-this-programme');
    const other = await createProgramme(service);
    const answer = await call(service.url, 'GET', `/v1/shares/${body['id']}`, {
      key: other.storefrontKey,
      headers: SIGNAL,
    });
    expect([answer.status, await forAds('of-this-programme')]).toEqual([404, 200]);
  });

  it('counts for questions and batches as for single releases', async () => {
    await share('asked');
    await shop('GET', '/v1/customers/asked/balance', { headers: SIGNAL });
    const question = { customerRef: 'asked', purpose: 'ads', expression: 'birthday != ""' };
    expect((await call(service.url, 'POST', '/v1/predicates', { key: partner, body: question })).status).toBe(403);
    const batch = { customerRefs: ['asked'], purpose: 'ads', attributes: ['birthday'], reason: 'test' };
    expect(
      (await call(service.url, 'POST', '/v1/disclosures/batch', { key: partner, body: batch })).body,
    ).toMatchObject({
      customerRef: 'asked',
      status: 403,
    });
  });

  it('of staff or a recipient says nothing of a customer', async () => {
    await share('elsewhere');
    await call(service.url, 'GET', '/v1/customers/elsewhere/ledger', { key: programme.adminKey, headers: SIGNAL });
    await call(service.url, 'POST', '/v1/disclosures', {
      key: partner,
      body: { customerRef: 'elsewhere', purpose: 'ads', attributes: ['birthday'], reason: 'test' },
      headers: SIGNAL,
    });
    expect(await forAds('elsewhere')).toBe(200);
  });

  it('of a customer who is merged into another is said of the other', async () => {
    await share('into-this');
    await shop('GET', '/v1/customers/merged-away/balance');
    await share('merged-away', SIGNAL);
    expect(await forAds('into-this')).toBe(200);
    const merged = await shop('POST', '/v1/customers/merged-away/merge', { body: { into: 'into-this' } });
    expect([merged.status, await forAds('into-this')]).toEqual([201, 403]);
  });

  // Fails when the signal is kept with the old reference alone, under which nothing is released any more.
  it('of a customer who was merged into another before, and says it under the old reference, as well', async () => {
    for (const ref of ['first-name', 'second-name', 'third-name']) await share(ref);
    await shop('POST', '/v1/customers/first-name/merge', { body: { into: 'second-name' } });
    await shop('POST', '/v1/customers/second-name/merge', { body: { into: 'third-name' } });
    expect(await forAds('third-name')).toBe(200);
    const key = await tokenOf('first-name');
    expect((await call(service.url, 'GET', '/v1/me/ledger', { key, headers: SIGNAL })).status).toBe(200);
    expect(await forAds('third-name')).toBe(403);
    await share('third-name');
    expect(await forAds('third-name')).toBe(200);
    await shop('GET', '/v1/customers/second-name/ledger', { headers: SIGNAL });
    expect(await forAds('third-name')).toBe(403);
  });

  it('counts also when the clock was set back since the consent', async () => {
    await share('clock');
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`SET session_replication_role = replica; UPDATE consents k SET given_at = now() + interval '3 days'
                          FROM customers m WHERE m.id = k.customer_id AND m.ref = 'clock'`);
    await client.end();
    await shop('GET', '/v1/customers/clock/balance', { headers: SIGNAL });
    expect(await forAds('clock')).toBe(403);
  });
});
