import { open } from '../../src/platform/crypto';
import { aboutWebhookSecret } from '../../src/catalogue';
import { parsePublicId } from '../../src/platform/ids';
import { attribute, both, type OffersTestApp, purpose, startOffersApp, type TestProgramme } from './offers.test-app';

let app: OffersTestApp;
let programme: TestProgramme;

beforeAll(async () => {
  app = await startOffersApp({ allowLoopbackWebhooks: false });
});
afterAll(() => app.stop());
beforeEach(async () => {
  programme = await app.foundProgramme();
});

const pointers = (body: { errors: { pointer: string }[] }) => [...new Set(body.errors.map(({ pointer }) => pointer))];
const JWK = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
const problem = (type: string) => ({ type: `urn:gegenwert:problem:${type}` });

describe('attributes', () => {
  it('are written, listed by key and read back', async () => {
    const { marketing, dpo } = programme;
    const wanted = { ...attribute('birthDate'), description: both('why') };
    const answer = await marketing('POST', '/v1/attributes', wanted);
    expect(answer).toMatchObject({ status: 201, body: wanted });
    expect(answer.body.createdAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    await programme.admin('POST', '/v1/attributes', attribute('diet', { sensitivity: 'special' }));
    const list = await dpo('GET', '/v1/attributes');
    expect(list.body.data.map(({ key }: { key: string }) => key)).toEqual(['birthDate', 'diet']);
    expect(list.body.nextCursor).toBeNull();
    expect((await dpo('GET', '/v1/attributes/birthDate')).body).toEqual(answer.body);
  });

  it('come in pages', async () => {
    for (const key of ['c', 'a', 'b']) await programme.marketing('POST', '/v1/attributes', attribute(key));
    const first = await programme.dpo('GET', '/v1/attributes?limit=2');
    expect(first.body).toMatchObject({ data: [{ key: 'a' }, { key: 'b' }], nextCursor: 'b' });
    const second = await programme.dpo('GET', `/v1/attributes?limit=2&after=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ data: [{ key: 'c' }], nextCursor: null });
  });

  it.each([['limit=0'], ['limit=101'], ['limit=1.5'], ['limit=a'], ['limit='], ['after=%00'], ['page=2']])(
    'are not listed by %s',
    async (query) => {
      expect(await programme.dpo('GET', `/v1/attributes?${query}`)).toMatchObject({ status: 422 });
    },
  );

  it.each([
    [{ key: '1st' }, '/key'],
    [{ key: undefined }, '/key'],
    [{ title: 'Geburtsdatum' }, '/title'],
    [{ title: [{ de: 'a', en: 'b' }] }, '/title'],
    [{ title: { de: 'a' } }, '/title/en'],
    [{ title: { de: 'a', en: '' } }, '/title/en'],
    [{ title: { ...both('a'), fr: 'a' } }, '/title/fr'],
    [{ schema: [] }, '/schema'],
    [{ schema: 'string' }, '/schema'],
    [{ schema: { type: 'strin' } }, '/schema/type'],
    [{ schema: { properties: { a: { fromat: 'date' } } } }, '/schema/properties/a/fromat'],
    [{ schema: { type: 'string', format: 'birthday' } }, '/schema/format'],
    [{ schema: { $ref: 'https://example.com/x' } }, '/schema/$ref'],
    [{ schema: { description: 'x'.repeat(17_000) } }, '/schema'],
    [{ sensitivity: 'secret' }, '/sensitivity'],
    [{ retentionDays: 0 }, '/retentionDays'],
    [{ retentionDays: 36_501 }, '/retentionDays'],
    [{ retentionDays: '365' }, '/retentionDays'],
    [{ retentionDays: 1.5 }, '/retentionDays'],
    [{ surplus: 1 }, '/surplus'],
  ])('are refused with %j', async (changes, pointer) => {
    const answer = await programme.marketing('POST', '/v1/attributes', attribute('a', changes));
    expect(answer).toMatchObject({ status: 422, body: problem('invalid-request') });
    expect(pointers(answer.body)).toContain(pointer);
  });

  it('have a key of their own', async () => {
    const { marketing } = programme;
    await marketing('POST', '/v1/attributes', attribute('a'));
    const again = await marketing('POST', '/v1/attributes', attribute('a', { retentionDays: 1 }));
    expect(again).toMatchObject({ status: 409, body: problem('key-taken') });
    const [same, other] = await Promise.all([
      marketing('POST', '/v1/attributes', attribute('b')),
      marketing('POST', '/v1/attributes', attribute('b')),
    ]);
    expect([same.status, other.status].sort()).toEqual([201, 409]);
  });

  it('are written once with one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'k1' };
    const first = await programme.marketing('POST', '/v1/attributes', attribute('a'), key);
    const second = await programme.marketing('POST', '/v1/attributes', attribute('a'), key);
    expect(second).toMatchObject({ status: 201, body: first.body, headers: { 'idempotency-replayed': 'true' } });
  });

  it('are written by marketing and admin only, and read by staff only', async () => {
    const { dpo, storefront } = programme;
    expect(await dpo('POST', '/v1/attributes', attribute('a'))).toMatchObject({ status: 403 });
    expect(await storefront('POST', '/v1/attributes', attribute('a'))).toMatchObject({ status: 403 });
    expect(await storefront('GET', '/v1/attributes')).toMatchObject({ status: 403 });
    expect(await app.callsOf('gw_st_nobody')('GET', '/v1/attributes')).toMatchObject({ status: 401 });
  });

  it('are not there for another programme', async () => {
    await programme.marketing('POST', '/v1/attributes', attribute('a'));
    const other = await app.foundProgramme();
    expect(await other.admin('GET', '/v1/attributes/a')).toMatchObject({ status: 404 });
    expect((await other.admin('GET', '/v1/attributes')).body.data).toEqual([]);
    expect(await other.marketing('POST', '/v1/attributes', attribute('a'))).toMatchObject({ status: 201 });
  });

  it.each(['missing', '1', '%00', "a'--"])('are 404 under the key %s', async (key) => {
    expect(await programme.dpo('GET', `/v1/attributes/${key}`)).toMatchObject({ status: 404 });
  });
});

describe('purposes', () => {
  it('are written with their defaults, listed and read back', async () => {
    const wanted = purpose('newsletter', { dpv: 'dpv:DirectMarketing', leaseSeconds: 172_800 });
    const answer = await programme.marketing('POST', '/v1/purposes', wanted);
    expect(answer).toMatchObject({ status: 201, body: { ...wanted, thirdPartyAdvertising: false } });
    const plain = await programme.marketing('POST', '/v1/purposes', purpose('ads', { thirdPartyAdvertising: true }));
    expect(plain.body).toMatchObject({ leaseSeconds: 86_400, thirdPartyAdvertising: true });
    expect((await programme.dpo('GET', '/v1/purposes')).body.data).toEqual([plain.body, answer.body]);
    expect((await programme.dpo('GET', '/v1/purposes/newsletter')).body).toEqual(answer.body);
    expect(await programme.dpo('GET', '/v1/purposes/missing')).toMatchObject({ status: 404 });
    expect(await programme.marketing('POST', '/v1/purposes', wanted)).toMatchObject({ status: 409 });
  });

  it.each([
    [{ description: undefined }, '/description'],
    [{ dpv: 'https://evil.example/' }, '/dpv'],
    [{ thirdPartyAdvertising: 'false' }, '/thirdPartyAdvertising'],
    [{ thirdPartyAdvertising: 0 }, '/thirdPartyAdvertising'],
    [{ leaseSeconds: 59 }, '/leaseSeconds'],
    [{ leaseSeconds: 31_536_001 }, '/leaseSeconds'],
    [{ leaseSeconds: 60.5 }, '/leaseSeconds'],
  ])('are refused with %j', async (changes, pointer) => {
    const answer = await programme.marketing('POST', '/v1/purposes', purpose('a', changes));
    expect(answer.status).toBe(422);
    expect(pointers(answer.body)).toContain(pointer);
  });
});

describe('recipients', () => {
  const recipient = (changes: object = {}) => ({
    key: 'mailer',
    name: 'Mail & Co',
    purposes: ['newsletter', 'ads'],
    webhookUrl: 'https://mail.example.com/hooks',
    ...changes,
  });

  beforeEach(async () => {
    for (const key of ['newsletter', 'ads']) await programme.marketing('POST', '/v1/purposes', purpose(key));
  });

  it('get a key and a webhook secret, once', async () => {
    const answer = await programme.marketing('POST', '/v1/recipients', recipient());
    expect(answer).toMatchObject({ status: 201, body: recipient() });
    expect(answer.body.id).toMatch(/^rcp_/);
    expect(answer.body.apiKey).toMatch(/^gw_rk_/);
    expect(Buffer.from(answer.body.webhookSecret.replace(/^whsec_/, ''), 'base64')).toHaveLength(24);
    const read = await programme.dpo('GET', '/v1/recipients/mailer');
    const { apiKey, webhookSecret, ...rest } = answer.body;
    expect(read.body).toEqual({ ...rest, purposes: ['ads', 'newsletter'] });
    expect((await programme.dpo('GET', '/v1/recipients')).body.data).toEqual([read.body]);
    expect(await app.callsOf(apiKey)('GET', '/v1/recipients')).toMatchObject({ status: 403 });
    await expect(storedSecret(answer.body.id)).resolves.toBe(webhookSecret);
  });

  it('are agreed with about revocations, and changed', async () => {
    const { marketing, dpo } = programme;
    const plain = await marketing('POST', '/v1/recipients', recipient());
    expect(plain.body).toMatchObject({ dueHours: 72, suspendWhenOverdue: false });
    expect(plain.body).not.toHaveProperty('publicKey');
    const agreed = { dueHours: 24, suspendWhenOverdue: true, publicKey: JWK };
    const other = await marketing('POST', '/v1/recipients', recipient({ key: 'other', ...agreed }));
    expect(other.body).toMatchObject(agreed);
    expect((await dpo('PATCH', '/v1/recipients/mailer', agreed)).body).toMatchObject(agreed);
    expect((await dpo('PATCH', '/v1/recipients/mailer', {})).body).toMatchObject(agreed);
    const nothing = { dueHours: null, suspendWhenOverdue: null };
    expect((await dpo('PATCH', '/v1/recipients/mailer', nothing)).body).toMatchObject(agreed);
    const bare = await dpo('PATCH', '/v1/recipients/mailer', { publicKey: null });
    expect(bare.body).not.toHaveProperty('publicKey');
    expect(await dpo('PATCH', '/v1/recipients/mailer', { name: 'x' })).toMatchObject({ status: 422 });
    expect(await dpo('PATCH', '/v1/recipients/missing', {})).toMatchObject({ status: 404 });
    expect(await programme.storefront('PATCH', '/v1/recipients/mailer', {})).toMatchObject({ status: 403 });
  });

  it('replace their own key, and nobody else’s', async () => {
    const { body } = await programme.marketing('POST', '/v1/recipients', recipient());
    await programme.marketing('POST', '/v1/recipients', recipient({ key: 'other' }));
    const mine = app.callsOf(body.apiKey);
    const key = { ...JWK, kid: 'mine', alg: 'EdDSA', use: 'sig' };
    const answer = await mine('PUT', '/v1/recipients/mailer/public-key', key);
    expect(answer).toMatchObject({ status: 200, body: { publicKey: { ...JWK, kid: 'mine' } } });
    expect(await mine('PUT', '/v1/recipients/other/public-key', key)).toMatchObject({ status: 404 });
    expect(await programme.dpo('PUT', '/v1/recipients/mailer/public-key', key)).toMatchObject({ status: 403 });
    const faulty = await mine('PUT', '/v1/recipients/mailer/public-key', { ...JWK, x: '' });
    expect([faulty.status, pointers(faulty.body)]).toEqual([422, ['/x']]);
  });

  async function storedSecret(publicId: string): Promise<string> {
    const id = parsePublicId('rcp', publicId) ?? '';
    const rows = await app.database.inProgramme(programme.id, (tx) =>
      tx.query<{ secret: Buffer }>(
        { name: 'test_secret', text: 'SELECT wrapped_webhook_secret AS secret FROM recipients WHERE id = $1' },
        [id],
      ),
    );
    const { webhooks } = await app.keyRing.of(programme.id);
    const secret = open(webhooks, rows[0]?.secret ?? Buffer.alloc(0), aboutWebhookSecret(id));
    return `whsec_${secret.toString('base64')}`;
  }

  it('are registered once with one Idempotency-Key, and the retry shows the same secrets', async () => {
    const key = { 'idempotency-key': 'k2' };
    const first = await programme.marketing('POST', '/v1/recipients', recipient(), key);
    const second = await programme.marketing('POST', '/v1/recipients', recipient(), key);
    expect(second.body).toEqual(first.body);
    expect(await programme.marketing('POST', '/v1/recipients', recipient())).toMatchObject({
      status: 409,
      body: problem('key-taken'),
    });
  });

  it.each([
    [{ purposes: [] }, '/purposes'],
    [{ purposes: 'newsletter' }, '/purposes'],
    [{ purposes: ['newsletter', 'newsletter'] }, '/purposes'],
    [{ purposes: ['newsletter', 'missing'] }, '/purposes/1'],
    [{ name: '' }, '/name'],
    [{ webhookUrl: 'ftp://mail.example.com' }, '/webhookUrl'],
    [{ webhookUrl: 'https://169.254.169.254/' }, '/webhookUrl'],
    [{ webhookUrl: 'https://0xa9fea9fe/' }, '/webhookUrl'],
    [{ webhookUrl: 'https://[::ffff:10.0.0.1]/' }, '/webhookUrl'],
    [{ webhookUrl: 'https://localhost/' }, '/webhookUrl'],
    [{ webhookUrl: 'https://a:b@mail.example.com/' }, '/webhookUrl'],
    [{ webhookUrl: 7 }, '/webhookUrl'],
    [{ dueHours: 0 }, '/dueHours'],
    [{ dueHours: 8761 }, '/dueHours'],
    [{ dueHours: '72' }, '/dueHours'],
    [{ suspendWhenOverdue: 'false' }, '/suspendWhenOverdue'],
    [{ publicKey: 'x' }, '/publicKey'],
    [{ publicKey: [] }, '/publicKey'],
    [{ publicKey: { ...JWK, crv: 'X25519' } }, '/publicKey/crv'],
    [{ publicKey: { ...JWK, x: 'short' } }, '/publicKey/x'],
    [{ publicKey: { ...JWK, d: JWK.x } }, '/publicKey/d'],
  ])('are refused with %j', async (changes, pointer) => {
    const answer = await programme.marketing('POST', '/v1/recipients', recipient(changes));
    expect(answer).toMatchObject({ status: 422, body: problem('invalid-request') });
    expect(pointers(answer.body)).toEqual([pointer]);
  });
});
