import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, call, eventually, type RunningService, startService } from '../setup/service';

const LATER = '2099-01-01T00:00:00Z';

let database: TestDatabase;
let service: RunningService;
let programme: TestProgramme;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
  programme = await createProgramme(service);
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});
afterEach(async () => {
  expect(await brokenInvariants(database.url)).toEqual({});
});

const storefront = (method: string, path: string, body?: object): Promise<Answer> =>
  call(service.url, method, path, { key: programme.storefrontKey, ...(body && { body }) });
const ask = (customerRef: string, expression: string, purpose = 'greeting'): Promise<Answer> =>
  call(service.url, 'POST', '/v1/predicates', {
    key: programme.recipients.newsletter.apiKey,
    body: { customerRef, purpose, expression },
  });
async function customerToken(customerRef: string): Promise<string> {
  const { body } = await storefront('POST', '/v1/customer-sessions', { customerRef, locale: 'en' });
  return body['token'] as string;
}

describe('a question about values', () => {
  it('is answered, while the values stay', async () => {
    await programme.share('asked', { values: { birthday: '1990-04-01' } });
    const { status, body } = await ask('asked', 'birthday.startsWith("1990") && values["birthday"].size() == 10');
    expect([status, body]).toEqual([
      200,
      { id: expect.stringMatching(/^dsc_/), result: true, useUntil: expect.any(String) },
    ]);
    expect((await ask('asked', 'birthday < "1980"')).body['result']).toBe(false);
    const ledger = await storefront('GET', '/v1/customers/asked/ledger');
    expect(ledger.body['data'][0].usedBy).toEqual([expect.objectContaining({ times: 2 })]);
  });

  it.each([
    ['does not parse', 'birthday <'],
    ['is not true or false', 'birthday.size()'],
    ['is not true or false for these values', 'birthday'],
    ['cannot be evaluated for these values', 'birthday > 3'],
    ['looks at nothing', '1 < 2'],
    ['hides what it looks at', 'values.exists(key, values[key] == "x")'],
    ['may cost too much', 'birthday.matches("(a+)+")'],
  ])('that %s is refused with its place, and no value', async (_, expression) => {
    await programme.share('asked-badly', { values: { birthday: '1991-05-02' } });
    const { status, body } = await ask('asked-badly', expression);
    expect([status, body['errors'][0].pointer]).toEqual([422, '/expression']);
    expect(JSON.stringify(body)).not.toContain('1991');
  });

  it('about anything that has no active consent is refused whole, and leaves no record', async () => {
    await programme.share('asked-more');
    const { status, body } = await ask('asked-more', 'birthday != "" && shoeSize > 40');
    expect([status, body['type']]).toEqual([403, 'urn:gegenwert:problem:no-active-consent']);
    const ledger = await storefront('GET', '/v1/customers/asked-more/ledger');
    expect(ledger.body['data'][0].usedBy).toEqual([]);
    expect((await ask('asked-more', 'birthday != ""', 'advice')).body['type']).toBe(
      'urn:gegenwert:problem:purpose-not-registered',
    );
  });
});

describe('a corrected value', () => {
  it('is what recipients get from then on, and earns nothing', async () => {
    await programme.share('corrected');
    const before = await eventually(
      () => programme.balance('corrected'),
      ({ pending }) => pending === 0,
    );
    const answer = await storefront('PUT', '/v1/customers/corrected/values/birthday', { value: '1992-06-03' });
    expect([answer.status, answer.body]).toEqual([200, { attribute: 'birthday', correctedAt: expect.any(String) }]);
    expect((await programme.disclose('corrected')).body['values']).toEqual({ birthday: '1992-06-03' });
    const mine = await call(service.url, 'PUT', '/v1/me/values/birthday', {
      key: await customerToken('corrected'),
      body: { value: '1993-06-03' },
    });
    expect(mine.status).toBe(200);
    expect((await programme.disclose('corrected')).body['values']).toEqual({ birthday: '1993-06-03' });
    expect(await programme.balance('corrected')).toEqual(before);
  });

  it('must be of its schema, and the problem does not repeat it', async () => {
    await programme.share('wrong');
    const { status, body } = await storefront('PUT', '/v1/customers/wrong/values/birthday', { value: 19920603 });
    expect([status, body['type'], body['errors'][0].pointer]).toEqual([
      422,
      'urn:gegenwert:problem:value-invalid',
      '/value',
    ]);
    expect(JSON.stringify(body)).not.toContain('19920603');
    expect((await storefront('PUT', '/v1/customers/wrong/values/birthday', {})).status).toBe(422);
  });

  it('needs an active consent', async () => {
    await programme.share('over');
    await programme.revoke('over', { everything: true });
    for (const path of ['over/values/birthday', 'over/values/nothing', 'nobody/values/birthday']) {
      expect((await storefront('PUT', `/v1/customers/${path}`, { value: 'x' })).status).toBe(404);
    }
  });
});

describe('a pause', () => {
  it('blocks use until it ends, and changes nothing else', async () => {
    const share = await programme.share('paused');
    const balance = await eventually(
      () => programme.balance('paused'),
      ({ pending }) => pending === 0,
    );
    for (const scope of [{ share: share.body['id'] }, { purpose: 'greeting' }, { everything: true }]) {
      const { status, body } = await storefront('POST', '/v1/pauses', {
        customerRef: 'paused',
        ...scope,
        until: LATER,
      });
      expect([status, body]).toEqual([201, { id: expect.stringMatching(/^pau_/), until: '2099-01-01T00:00:00.000Z' }]);
      expect((await programme.disclose('paused')).status).toBe(403);
      expect((await ask('paused', 'birthday != ""')).status).toBe(403);
      const advice = await programme.disclose('paused', { purpose: 'advice', recipient: 'recommender' });
      expect(advice.status).toBe('purpose' in scope ? 200 : 403);
      expect((await storefront('DELETE', `/v1/pauses/${body['id']}`)).status).toBe(204);
      expect((await programme.disclose('paused')).status).toBe(200);
    }
    expect(await programme.balance('paused')).toEqual(balance);
  });

  it('is over when its time has come', async () => {
    await programme.share('briefly');
    const until = new Date(Date.now() + 1500).toISOString();
    expect((await storefront('POST', '/v1/pauses', { customerRef: 'briefly', everything: true, until })).status).toBe(
      201,
    );
    expect((await programme.disclose('briefly')).status).toBe(403);
    await eventually(
      () => programme.disclose('briefly'),
      ({ status }) => status === 200,
    );
  });

  it('is the customer’s own, and of what there is', async () => {
    const share = await programme.share('owner');
    const mine = await call(service.url, 'POST', '/v1/me/pauses', {
      key: await customerToken('owner'),
      body: { everything: true, until: LATER },
    });
    expect(mine.status).toBe(201);
    const path = `/v1/me/pauses/${mine.body['id']}`;
    expect((await call(service.url, 'DELETE', path, { key: await customerToken('another') })).status).toBe(404);
    expect((await call(service.url, 'DELETE', path, { key: await customerToken('owner') })).status).toBe(204);
    const refused = async (body: object) => (await storefront('POST', '/v1/pauses', { until: LATER, ...body })).status;
    expect(await refused({ customerRef: 'another', share: share.body['id'] })).toBe(404);
    expect(await refused({ customerRef: 'owner', purpose: 'nothing' })).toBe(404);
    expect(await refused({ customerRef: 'owner' })).toBe(422);
    expect(await refused({ customerRef: 'owner', purpose: 'greeting', everything: true })).toBe(422);
    expect(await refused({ customerRef: 'owner', everything: true, until: '2001-01-01T00:00:00Z' })).toBe(422);
  });
});
