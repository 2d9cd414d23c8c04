import { brokenInvariants } from '../setup/invariants';
import { call } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

let test: TestApp;
let shop: TestProgramme;
let other: TestProgramme;
beforeAll(async () => {
  test = await startTestApp();
  shop = await test.programme();
  other = await test.programme();
});
afterAll(() => test.stop());
afterEach(async () => {
  const broken = await brokenInvariants(test.databaseUrl);
  if (Object.keys(broken).length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
});

const problem = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}` } });
const meOf = async (ref: string, programme = shop) => {
  const token = await test.tokenOf(programme.storefrontKey, ref);
  return (path: string) => test.get(`/v1/me/${path}`, token);
};
const usesOf = ({ body }: { body: Record<string, any> }): Record<string, any>[] => body['data'];

describe('who used what I shared', () => {
  it('is told use by use, the newest first, with what it was under', async () => {
    const { body: share } = await shop.share('anna');
    await shop.disclose('anna');
    await shop.disclose('anna', { purpose: 'advice', recipient: 'recommender' });
    await call(test.url, 'POST', '/v1/predicates', {
      key: shop.recipients.newsletter.apiKey,
      body: { customerRef: 'anna', purpose: 'greeting', expression: 'birthday == "1990-04-01"' },
    });
    const me = await meOf('anna');
    const answer = await me('uses?locale=en');
    expect(usesOf(answer).map(({ kind, recipient, purpose }) => [kind, recipient, purpose.key])).toEqual([
      ['predicate', 'newsletter', 'greeting'],
      ['values', 'recommender', 'advice'],
      ['values', 'newsletter', 'greeting'],
    ]);
    expect(usesOf(answer)[2]).toEqual({
      id: expect.stringMatching(/^dsc_/),
      at: expect.any(String),
      recipient: 'newsletter',
      name: 'Newsletter',
      purpose: { key: 'greeting', title: 'greeting' },
      attributes: ['birthday'],
      kind: 'values',
      reason: 'test',
      useUntil: expect.any(String),
      shares: [share['id']],
    });
    expect(JSON.stringify(answer.body)).not.toContain('1990-04-01');
    const paged: string[] = [];
    for (let after = ''; ;) {
      const { body } = await me(`uses?limit=1${after}`);
      paged.push(body['data'][0].id);
      if (body['nextCursor'] === null) break;
      after = `&after=${body['nextCursor']}`;
    }
    expect(paged).toEqual(usesOf(answer).map(({ id }) => id));
  });

  it('is told of one share alone, also after it was taken back', async () => {
    const second = await shop.publish({ asks: [{ attribute: 'shoeSize', purposes: ['greeting'], required: true }] });
    const { body: birthday } = await shop.share('bert');
    const consents = [{ attribute: 'shoeSize', purposes: ['greeting'] }];
    const { body: shoes } = await shop.share('bert', { offer: second, values: { shoeSize: 44 }, consents });
    await shop.disclose('bert', { attributes: ['birthday'] });
    await shop.disclose('bert', { attributes: ['birthday', 'shoeSize'] });
    await shop.revoke('bert', { everything: true });
    const me = await meOf('bert');
    const attributes = async (query: string) => usesOf(await me(`uses${query}`)).map((use) => use['attributes']);
    expect(await attributes('')).toEqual([['birthday', 'shoeSize'], ['birthday']]);
    expect(await attributes(`?share=${shoes['id']}`)).toEqual([['birthday', 'shoeSize']]);
    expect(await attributes(`?share=${birthday['id']}`)).toEqual([['birthday', 'shoeSize'], ['birthday']]);
    expect(usesOf(await me('uses'))[0]!['shares'].toSorted()).toEqual([birthday['id'], shoes['id']].toSorted());
    expect(await me('uses?share=nothing')).toMatchObject(problem(404, 'not-found'));
    expect(await me('uses?after=nothing')).toMatchObject(problem(422, 'invalid-request'));
  });

  it('is told to nobody else', async () => {
    const { body: share } = await shop.share('carl');
    await shop.disclose('carl');
    expect(usesOf(await (await meOf('carl'))('uses'))).toHaveLength(1);
    // Another customer, the same reference in another programme, one who is not there.
    for (const me of [await meOf('dora'), await meOf('carl', other)]) {
      expect(usesOf(await me('uses'))).toEqual([]);
      expect(usesOf(await me(`uses?share=${share['id']}`))).toEqual([]);
      expect(usesOf(await me('values'))).toEqual([]);
    }
    for (const path of ['uses', 'values'])
      expect(await test.get(`/v1/me/${path}`, shop.storefrontKey)).toMatchObject(problem(403, 'forbidden'));
  });
});

describe('my own values', () => {
  it('are shown with what corrects them, and each time is on record', async () => {
    await shop.share('emil');
    const me = await meOf('emil');
    expect(usesOf(await me('values?locale=en'))).toEqual([
      {
        attribute: 'birthday',
        title: 'Birthday',
        schema: { type: 'string', maxLength: 100 },
        value: '1990-04-01',
        storedAt: expect.any(String),
        keptUntil: expect.any(String),
      },
    ]);
    const token = await test.tokenOf(shop.storefrontKey, 'emil');
    const corrected = await call(test.url, 'PUT', '/v1/me/values/birthday', {
      key: token,
      body: { value: '1991-05-02' },
    });
    expect(corrected.status).toBe(200);
    expect(usesOf(await me('values'))[0]!['value']).toBe('1991-05-02');
    const { body } = await me('export');
    expect(
      body['exports'].map((one: Record<string, unknown>) => [one['askedBy'], one['format'], one['attributes']]),
    ).toEqual([
      ['customer', 'page', ['birthday']],
      ['customer', 'page', ['birthday']],
      ['customer', 'json', ['birthday']],
    ]);
    // No use by anybody: it is the customer's own.
    expect(usesOf(await me('uses'))).toEqual([]);
  });

  it('are kept until the last consent ends, and not shown once it has', async () => {
    await shop.share('frida');
    const me = await meOf('frida');
    const [value] = usesOf(await me('values'));
    const consents = (await me('export')).body['consents'] as { until: string }[];
    expect(value!['keptUntil']).toBe(
      consents
        .map(({ until }) => until)
        .toSorted()
        .at(-1),
    );
    await shop.revoke('frida', { purpose: 'greeting' });
    expect(usesOf(await me('values'))).toHaveLength(1);
    await shop.revoke('frida', { purpose: 'advice' });
    // Nobody has erased it yet.
    expect(usesOf(await me('values'))).toEqual([]);
  });

  // Fails when the row is written after the values are opened, or not at all.
  it('are not shown where that cannot be recorded', async () => {
    await shop.share('gustav', { values: { birthday: 'a canary' } });
    await test.owner.query('REVOKE INSERT ON exports FROM gegenwert_app');
    const answer = await (await meOf('gustav'))('values');
    await test.owner.query('GRANT INSERT ON exports TO gegenwert_app');
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });
});
