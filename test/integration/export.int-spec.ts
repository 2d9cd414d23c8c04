import { strFromU8, unzipSync } from 'fflate';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { parseCsv } from '../setup/parse-csv';
import { call } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

let test: TestApp;
let shop: TestProgramme;
beforeAll(async () => {
  test = await startTestApp();
  shop = await test.programme();
});
afterAll(() => test.stop());
afterEach(async () => {
  const broken = await brokenInvariants(test.databaseUrl);
  if (Object.keys(broken).length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
});

const raw = (path: string, key: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(test.url + path, { headers: { authorization: `Bearer ${key}`, ...headers } });
const exportPath = (ref: string, query = ''): string => `/v1/customers/${ref}/export${query}`;

describe('the archive', () => {
  async function archiveOf(response: Response): Promise<Record<string, string>> {
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('content-disposition'),
    ]).toEqual([200, 'application/zip', 'attachment; filename="export.zip"']);
    const files = unzipSync(new Uint8Array(await response.arrayBuffer()));
    return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)]));
  }

  it('holds the export, each part of it as CSV, and a receipt of each share that verifies', async () => {
    const { body: share } = await shop.share('archived', { values: { birthday: '=cmd|"1971", ä' } });
    await shop.disclose('archived');
    await test.grant(shop.id);
    const token = await test.tokenOf(shop.storefrontKey, 'archived');
    const files = await archiveOf(await raw('/v1/me/export?format=zip', token));
    expect(Object.keys(files)).toEqual([
      'LIESMICH.txt',
      'README.txt',
      'export.json',
      'values.csv',
      'consents.csv',
      'disclosures.csv',
      'points.csv',
      `receipts/${share['id']}.jws`,
    ]);
    const everything = JSON.parse(files['export.json']!) as Record<string, any>;
    expect(everything['values'][0].value).toBe('=cmd|"1971", ä');
    const [, value] = parseCsv(files['values.csv']!);
    expect([value?.[0], value?.[4]]).toEqual(['birthday', '\'=cmd|"1971", ä']);
    expect(parseCsv(files['consents.csv']!)).toHaveLength(3);
    const [, disclosure] = parseCsv(files['disclosures.csv']!);
    expect(disclosure?.slice(2, 8)).toEqual(['newsletter', 'Newsletter', 'greeting', 'values', 'birthday', 'test']);
    const [header, points] = parseCsv(files['points.csv']!);
    expect(points?.[header!.indexOf('points')]).toBe('120');
    expect(points?.[header!.indexOf('share')]).toBe(share['id']);
    const jwks = (await (await fetch(`${test.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
    const receipt = files[`receipts/${share['id']}.jws`]!;
    expect(receipt).toBe(share['receipt']);
    expect((await compactVerify(receipt, createLocalJWKSet(jwks))).protectedHeader.alg).toBe('EdDSA');
    expect(files['LIESMICH.txt']).toContain('Art. 15 DSGVO');
  });

  it('is what Accept asks for as well, and CSV is the values', async () => {
    await shop.share('accepting');
    const zip = await raw(exportPath('accepting'), shop.storefrontKey, { accept: 'application/zip' });
    expect(Object.keys(await archiveOf(zip))).toContain('export.json');
    const csv = await raw(exportPath('accepting'), shop.storefrontKey, { accept: 'text/csv' });
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(parseCsv(await csv.text())[1]?.slice(0, 3)).toEqual(['birthday', 'Birthday', 'stored']);
    expect((await raw(exportPath('accepting', '?format=xml'), shop.storefrontKey)).status).toBe(422);
  });

  it('is whole also where there is nothing, or much', async () => {
    const empty = await archiveOf(await raw(exportPath('nobody-at-all', '?format=zip'), shop.storefrontKey));
    expect(JSON.parse(empty['export.json']!)).toMatchObject({ shares: [], disclosures: [], entries: [], exports: [] });
    await shop.share('read-often');
    for (let n = 0; n < 12; n++) await Promise.all(Array.from({ length: 50 }, () => shop.disclose('read-often')));
    const files = await archiveOf(await raw(exportPath('read-often', '?format=zip'), shop.storefrontKey));
    expect(parseCsv(files['disclosures.csv']!)).toHaveLength(601);
    const ids = (JSON.parse(files['export.json']!) as { disclosures: { id: string }[] }).disclosures.map(
      ({ id }) => id,
    );
    expect(new Set(ids).size).toBe(600);
  });
});

describe('an export', () => {
  // Fails when one value that does not open is the end of the export.
  it('says of a value that it does not open, and holds all the rest', async () => {
    const consents = [{ attribute: 'shoeSize', purposes: ['greeting'] }];
    const offer = await shop.publish({ asks: [{ attribute: 'shoeSize', purposes: ['greeting'], required: true }] });
    await shop.share('damaged');
    await shop.share('damaged', { offer, values: { shoeSize: 40 }, consents });
    await test.owner.query(
      `UPDATE vault_values v SET ciphertext = set_byte(ciphertext, 30, get_byte(ciphertext, 30) # 1) FROM customers c
        WHERE c.id = v.customer_id AND c.ref = 'damaged' AND v.attribute = 'birthday'`,
    );
    const token = await test.tokenOf(shop.storefrontKey, 'damaged');
    const { status, body } = await test.get('/v1/me/export', token);
    expect([status, body['values']]).toEqual([
      200,
      [
        { attribute: 'birthday', title: expect.any(String), storedAt: expect.any(String), status: 'unreadable' },
        expect.objectContaining({ attribute: 'shoeSize', status: 'stored', value: 40 }),
      ],
    ]);
    const mine = await test.get('/v1/me/values', token);
    expect(mine.body['data']).toEqual([expect.objectContaining({ attribute: 'shoeSize', value: 40 })]);
  });

  // Fails when only what was shared, used and earned is taken for all that is held.
  it('says what was paused, what was corrected, and what the browser refused', async () => {
    const { body: share } = await shop.share('complete');
    const pause = { customerRef: 'complete', until: '2099-01-01T00:00:00Z' };
    const { body: ended } = await test.post('/v1/pauses', shop.storefrontKey, { ...pause, share: share['id'] });
    await call(test.url, 'DELETE', `/v1/pauses/${ended['id']}`, { key: shop.storefrontKey });
    const { body: going } = await test.post('/v1/pauses', shop.storefrontKey, { ...pause, everything: true });
    const corrected = await call(test.url, 'PUT', '/v1/customers/complete/values/birthday', {
      key: shop.storefrontKey,
      body: { value: '1990-04-02' },
    });
    const before = await test.get(exportPath('complete'), shop.storefrontKey);
    expect(before.body).not.toHaveProperty('globalPrivacyControlAt');
    await raw('/v1/customers/complete/balance', shop.storefrontKey, { 'sec-gpc': '1' });
    const { body } = await test.get(exportPath('complete'), shop.storefrontKey);
    const at = expect.any(String) as string;
    expect(body['pauses']).toEqual([
      { id: ended['id'], shareId: share['id'], startedAt: at, until: '2099-01-01T00:00:00.000Z', endedAt: at },
      { id: going['id'], everything: true, startedAt: at, until: '2099-01-01T00:00:00.000Z' },
    ]);
    expect(body['corrections']).toEqual([
      { attribute: 'birthday', at: corrected.body['correctedAt'], by: 'storefront' },
    ]);
    expect(body['globalPrivacyControlAt']).toEqual(at);
  });

  it('by a storefront is on record, and the customer sees it', async () => {
    await shop.share('asked-the-shop');
    expect((await raw(exportPath('asked-the-shop', '?format=csv'), shop.storefrontKey)).status).toBe(200);
    const token = await test.tokenOf(shop.storefrontKey, 'asked-the-shop');
    const { body } = await test.get('/v1/me/export', token);
    expect(body['exports']).toEqual([
      expect.objectContaining({ askedBy: 'storefront', format: 'csv', attributes: ['birthday'] }),
      expect.objectContaining({ askedBy: 'customer', format: 'json', attributes: ['birthday'] }),
    ]);
    const id = parsePublicId('exp', body['exports'][0].id as string);
    const { rows } = await test.owner.query('SELECT caller_id FROM exports WHERE id = $1', [id]);
    const { rows: keys } = await test.owner.query(
      `SELECT k.id FROM access_keys k WHERE k.kind = 'storefront' AND k.programme_id = $1`,
      [test.uuidOf(shop.id)],
    );
    expect(keys.map((key: { id: string }) => key.id)).toContain(rows[0].caller_id);
  });

  // Fails when the row is written after the values are opened, or not at all.
  it('shows nothing where it cannot be recorded', async () => {
    await shop.share('unrecorded', { values: { birthday: 'a canary' } });
    await test.owner.query('REVOKE INSERT ON exports FROM gegenwert_app');
    const answer = await raw(exportPath('unrecorded'), shop.storefrontKey);
    await test.owner.query('GRANT INSERT ON exports TO gegenwert_app');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('canary');
  });

  it('names no value as shown that nothing covers any more', async () => {
    await shop.share('taken-back');
    await shop.revoke('taken-back', { everything: true });
    const { body } = await test.get(exportPath('taken-back'), shop.storefrontKey);
    expect(body['exports'][0].attributes).toEqual([]);
  });

  it('is for no recipient and no staff', async () => {
    for (const key of [shop.adminKey, shop.recipients.newsletter.apiKey]) {
      expect((await raw(exportPath('anyone'), key)).status).toBe(403);
    }
    expect((await raw(exportPath('not%20a%20reference'), shop.storefrontKey)).status).toBe(404);
  });
});

describe('the recipients of a customer', () => {
  it('are those that may use something or did, with the last use', async () => {
    await shop.share('followed');
    await shop.disclose('followed');
    const { body: released } = await shop.disclose('followed');
    const { body } = await test.get('/v1/customers/followed/recipients?locale=en', shop.storefrontKey);
    const used = {
      key: 'greeting',
      title: 'greeting',
      mayUse: ['birthday'],
      times: 2,
      lastUse: { at: expect.any(String), kind: 'values', attributes: ['birthday'], reason: 'test' },
      usableUntil: released['useUntil'],
    };
    const unused = { key: 'advice', title: 'advice', mayUse: ['birthday'], times: 0 };
    expect(body['data']).toEqual([
      { recipient: 'newsletter', name: 'Newsletter', purposes: [used] },
      { recipient: 'recommender', name: 'Recommender', purposes: [unused] },
    ]);
    await shop.revoke('followed', { purpose: 'greeting' });
    await test.post('/v1/pauses', shop.storefrontKey, {
      customerRef: 'followed',
      purpose: 'advice',
      until: '2099-01-01T00:00:00Z',
    });
    const mine = await test.get('/v1/me/recipients', await test.tokenOf(shop.storefrontKey, 'followed'));
    expect(mine.body['data']).toEqual([
      { recipient: 'newsletter', name: 'Newsletter', purposes: [{ ...used, mayUse: [] }] },
      { recipient: 'recommender', name: 'Recommender', purposes: [{ ...unused, mayUse: [] }] },
    ]);
    expect((await test.get('/v1/customers/never-seen/recipients', shop.storefrontKey)).body).toEqual({ data: [] });
  });
});

describe('the record of processing', () => {
  it('is made from the offers that are made, and what is still used', async () => {
    const own = await test.programme();
    await own.publish({
      title: { de: 'Schuhe', en: 'Shoes' },
      asks: [
        { attribute: 'shoeSize', purposes: ['advice'], required: true },
        { attribute: 'diet', purposes: ['advice'], required: false },
      ],
    });
    await own.share('anyone');
    await test.post(`/v1/offers/${own.offer.id}/end`, own.adminKey, {});
    const { status, body } = await test.get('/v1/processing-record?locale=en', own.adminKey);
    expect([status, body['controller']]).toEqual([200, { id: own.id, name: 'Test' }]);
    const [advice, greeting] = body['activities'] as Record<string, any>[];
    expect(advice).toMatchObject({
      purpose: 'advice',
      legalBasis: 'consent (GDPR Art. 6(1)(a)); explicit consent (GDPR Art. 9(2)(a))',
      recipients: [{ name: 'Recommender' }],
    });
    expect(advice?.['data'].map(({ attribute }: { attribute: string }) => attribute)).toEqual([
      'shoeSize',
      'diet',
      'birthday',
    ]);
    expect(advice?.['offers']).toEqual([
      expect.objectContaining({ title: 'Shoes', live: true }),
      expect.objectContaining({ id: own.offer.id, live: false }),
    ]);
    expect(greeting).toMatchObject({ purpose: 'greeting', data: [{ attribute: 'birthday', retentionDays: 365 }] });
    const csv = await raw('/v1/processing-record?format=csv&locale=de', own.adminKey);
    const [header, ...rows] = parseCsv(await csv.text());
    expect(header?.[0]).toBe('Zweck');
    expect(rows.map((row) => [row[0], row[6], row[8], row[10]])).toEqual([
      ['advice', 'shoeSize', 'nein', 'Recommender'],
      ['advice', 'diet', 'ja', 'Recommender'],
      ['advice', 'birthday', 'nein', 'Recommender'],
      ['greeting', 'birthday', 'nein', 'Newsletter'],
    ]);
    await own.revoke('anyone', { everything: true });
    const after = await test.get('/v1/processing-record', own.adminKey);
    expect(after.body['activities'].map(({ purpose }: { purpose: string }) => purpose)).toEqual(['advice']);
    expect((await raw('/v1/processing-record', own.storefrontKey)).status).toBe(403);
  });

  // Fails when all that an offer once asked for is taken for what is still done.
  it('names no purpose that was ended for everyone, nor its recipients', async () => {
    const own = await test.programme();
    await own.share('anyone');
    expect((await test.post('/v1/purposes/advice/withdrawal', own.adminKey, {})).status).toBe(202);
    await test.leave(own.id);
    expect((await own.disclose('anyone')).status).toBe(200);
    const { body } = await test.get('/v1/processing-record', own.adminKey);
    expect(body['activities']).toMatchObject([
      { purpose: 'greeting', recipients: [{ name: 'Newsletter' }], offers: [{ live: false }] },
    ]);
  });
});
