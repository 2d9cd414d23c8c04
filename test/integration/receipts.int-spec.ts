import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { toPublicId } from '../../src/platform/ids';
import { SigningKeys } from '../../src/platform/signing-keys';
import { Proofs } from '../../src/revocation/proofs.service';
import { verifiedClaims } from '../setup/certificate';
import type { Answer } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

/** Receipts of a consent and of its end: records in terms of DPV, valid, signed, and always the same. */

type Body = Record<string, any>;
const json = (...path: string[]): Body => JSON.parse(readFileSync(join(__dirname, '../..', ...path), 'utf8')) as Body;
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
addFormats(ajv);
const validate = ajv.compile(json('docs/schemas/consent-receipt.json'));
const DPV = json('test/fixtures/dpv-2.json') as { classes: string[]; properties: string[]; dct: string[] };
const KNOWN = new Set([...DPV.classes, ...DPV.properties].map((term) => `dpv:${term}`));
const KNOWN_DCT = new Set(DPV.dct.map((term) => `dct:${term}`));

let app: TestApp;
let programme: TestProgramme;

beforeAll(async () => {
  app = await startTestApp();
  programme = await app.programme();
});
afterAll(() => app.stop());

/** Terms of DPV and Dublin Core in a document: its keys, and what its nodes are. */
function termsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(termsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [
    ...(key.includes(':') ? [key] : []),
    ...(key === '@type' ? [value as string] : []),
    ...(key === '@context' ? [] : termsIn(value)),
  ]);
}

/** Claims of a receipt that is what it should be. */
async function valid(jws: string, type: string): Promise<Body> {
  const claims = await verifiedClaims(app.url, jws, type);
  expect(validate(claims) ? [] : validate.errors).toEqual([]);
  const terms = [...new Set(termsIn(claims))];
  expect(terms.filter((term) => !KNOWN.has(term) && !KNOWN_DCT.has(term))).toEqual([]);
  expect(terms.length).toBeGreaterThan(10);
  return claims;
}
const given = (answer: Answer) => valid(answer.body['receipt'], 'consent-receipt+jwt');

async function ended(revocation: string): Promise<Body> {
  const path = `/v1/revocations/${revocation}/receipt`;
  const { body } = await app.get(path, programme.storefrontKey);
  expect((await app.get(path, programme.adminKey)).body).toEqual(body);
  return valid(body['receipt'], 'consent-termination+jwt');
}

const kidOf = (jws: string): string =>
  JSON.parse(Buffer.from(jws.split('.')[0]!, 'base64url').toString()).kid as string;

async function revocationsOf(customer: string): Promise<string[]> {
  const { rows } = await app.owner.query<{ id: string }>(
    'SELECT r.id FROM revocations r JOIN customers c ON c.id = r.customer_id WHERE c.ref = $1 ORDER BY r.id',
    [customer],
  );
  return rows.map(({ id }) => toPublicId('rev', id));
}

const everything = {
  asks: [
    { attribute: 'birthday', purposes: ['greeting', { key: 'advice', required: false }] },
    { attribute: 'diet', purposes: ['advice'], required: false },
  ],
};

describe('the receipt of a consent', () => {
  it('says what was given, for what, to whom, for how long, and what was refused', async () => {
    const offer = await programme.publish(everything);
    const share = await programme.share('anna', {
      offer,
      values: { birthday: '1990-04-01', diet: 'vegan' },
      consents: [
        { attribute: 'birthday', purposes: ['greeting'] },
        { attribute: 'diet', purposes: ['advice'] },
      ],
    });
    const claims = await given(share);
    expect(claims).toMatchObject({
      sub: 'anna',
      jti: share.body['id'],
      offer: { id: offer.id, version: offer.version },
      'dpv:hasDataController': { 'dct:identifier': programme.id },
      'dpv:hasNotice': { 'dct:identifier': offer.noticeHash, 'dct:language': 'en' },
    });
    const [birthday, diet] = share.body['consents'] as Body[];
    const { newsletter, recommender } = programme.recipients;
    const forAYear = { '@type': 'dpv:StorageDuration', 'dpv:hasDuration': 'P365D' };
    expect(claims['dpv:hasProcess']).toEqual([
      {
        'dct:identifier': birthday!['id'],
        'dpv:hasLegalBasis': { '@type': 'dpv:ExpressedConsent' },
        'dpv:hasPurpose': { 'dct:identifier': 'greeting' },
        'dpv:hasPersonalData': { 'dct:identifier': 'birthday' },
        'dpv:hasRecipient': [{ 'dct:identifier': newsletter.id }],
        'dpv:hasStorageCondition': forAYear,
      },
      {
        'dct:identifier': diet!['id'],
        'dpv:hasLegalBasis': { '@type': 'dpv:ExplicitlyExpressedConsent' },
        'dpv:hasPurpose': { 'dct:identifier': 'advice' },
        'dpv:hasPersonalData': { '@type': 'dpv:SpecialCategoryPersonalData', 'dct:identifier': 'diet' },
        'dpv:hasRecipient': [{ 'dct:identifier': recommender.id }],
        'dpv:hasStorageCondition': forAYear,
      },
      {
        'dpv:hasConsentStatus': { '@type': 'dpv:ConsentRefused' },
        'dpv:hasPurpose': { 'dct:identifier': 'advice' },
        'dpv:hasPersonalData': { 'dct:identifier': 'birthday' },
      },
    ]);
    expect(JSON.stringify(claims)).not.toMatch(/1990|vegan/);
  });

  it('is the same to the byte in the answer, its repetition and later', async () => {
    const idempotencyKey = 'a receipt again';
    const first = await programme.share('berta', { idempotencyKey });
    const again = await programme.share('berta', { idempotencyKey });
    const later = await app.get(`/v1/shares/${first.body['id']}`, programme.storefrontKey);
    expect([again.body['receipt'], later.body['receipt']]).toEqual([first.body['receipt'], first.body['receipt']]);
  });

  it('stays in its first form where it was handed out in that', async () => {
    const idempotencyKey = 'a receipt of before';
    const share = await programme.share('clara', { idempotencyKey });
    await app.owner.query('SET session_replication_role = replica');
    await app.owner.query(
      `UPDATE shares SET receipt_form = 1 WHERE customer_id = (SELECT id FROM customers WHERE ref = 'clara')`,
    );
    await app.owner.query('SET session_replication_role = origin');
    // What a version that knew of no forms has remembered.
    await app.owner.query(
      `UPDATE idempotency_keys SET answer = (answer::jsonb - 'form')::json WHERE answer::jsonb ? 'form'`,
    );
    const later = await app.get(`/v1/shares/${share.body['id']}`, programme.storefrontKey);
    const again = await programme.share('clara', { idempotencyKey });
    expect(again.body['receipt']).toBe(later.body['receipt']);
    const claims = await verifiedClaims(app.url, later.body['receipt'], 'consent-receipt+jwt');
    expect(claims).toMatchObject({ schema_version: 'ISO/IEC TS 27560', event_state: 'dpv:ConsentGiven', refused: [] });
    expect(Object.keys(claims)).toEqual([
      'iss',
      'sub',
      'iat',
      'jti',
      'schema_version',
      'pii_controller',
      'notice',
      'offer',
      'event_time',
      'event_state',
      'consents',
      'refused',
    ]);
  });
});

describe('the receipt of a consent’s end', () => {
  const state = (claims: Body) => [
    claims['dpv:hasConsentStatus']['@type'],
    claims['dpv:hasConsentStatus']['dpv:isIndicatedBy']['@type'],
  ];
  const WITHDRAWN = ['dpv:ConsentWithdrawn', 'dpv:DataSubject'];
  const REVOKED = ['dpv:ConsentRevoked', 'dpv:DataController'];

  it('says what ended, when, and under which share it was given', async () => {
    const share = await programme.share('dora');
    const revocation = await programme.revoke('dora', { purpose: 'advice' });
    const id = revocation.body['id'] as string;
    const claims = await ended(id);
    const consent = (share.body['consents'] as Body[]).find(({ purpose }) => purpose === 'advice');
    expect(claims).toMatchObject({ sub: 'dora', jti: id });
    expect(state(claims)).toEqual(WITHDRAWN);
    expect(claims['dpv:hasProcess']).toEqual([
      {
        'dct:identifier': consent!['id'],
        'dct:isPartOf': share.body['id'],
        'dpv:hasNotice': {
          '@type': 'dpv:ConsentNotice',
          'dct:identifier': programme.offer.noticeHash,
          'dct:language': 'en',
        },
        'dpv:hasPurpose': { 'dct:identifier': 'advice' },
        'dpv:hasPersonalData': { 'dct:identifier': 'birthday' },
        'dpv:hasRecipient': [{ 'dct:identifier': programme.recipients.recommender.id }],
      },
    ]);
    const view = await app.get(`/v1/revocations/${id}`, programme.storefrontKey);
    expect(claims['dpv:hasConsentStatus']['dpv:isIndicatedAtTime']).toBe(view.body['blockedAt']);
    const token = await app.tokenOf(programme.storefrontKey, 'dora');
    await app.erase(programme.id);
    const mine = await app.get(`/v1/me/revocations/${id}/receipt`, token);
    expect(await valid(mine.body['receipt'], 'consent-termination+jwt')).toEqual(claims);
    expect((await app.get(`/v1/revocations/${id}/receipt`, programme.storefrontKey)).body).toEqual(mine.body);
  });

  it('is signed with the key of that time, when another one is current', async () => {
    await programme.share('ida');
    const earlier = (await programme.revoke('ida', { everything: true })).body['id'] as string;
    const { body } = await app.get(`/v1/revocations/${earlier}/receipt`, programme.storefrontKey);
    await app.owner.query('UPDATE signing_keys SET retired_at = now()');
    const keys = await SigningKeys.load(app.database, app.keyRing);
    const proofs = new Proofs(app.database, keys);
    expect(await proofs.receipt(app.uuidOf(programme.id), earlier)).toEqual(body);
    await programme.share('ida');
    const later = (await programme.revoke('ida', { everything: true })).body['id'] as string;
    const { receipt } = await proofs.receipt(app.uuidOf(programme.id), later);
    expect([kidOf(receipt), kidOf(body['receipt'])]).toEqual([
      keys.currentKid,
      expect.not.stringMatching(keys.currentKid),
    ]);
    await app.owner.query('DELETE FROM signing_keys WHERE retired_at IS NULL');
    await app.owner.query('UPDATE signing_keys SET retired_at = NULL');
  });

  it.each([
    ['a share', (id: string) => ({ share: id })],
    ['an attribute', () => ({ attribute: 'birthday' })],
    ['everything', () => ({ everything: true })],
  ])('is a withdrawal when the customer takes back %s', async (what, scope) => {
    const customer = `emil-${what.replace(' ', '-')}`;
    const share = await programme.share(customer);
    const revocation = await programme.revoke(customer, scope(share.body['id'] as string));
    const claims = await ended(revocation.body['id'] as string);
    expect([state(claims), claims['dpv:hasProcess'].length]).toEqual([WITHDRAWN, 2]);
  });

  it('is an expiry when the time is over', async () => {
    await programme.share('frida');
    await app.owner.query('SET session_replication_role = replica');
    await app.owner.query(
      `UPDATE consents SET until = now() - interval '1 second' WHERE customer_id = (SELECT id FROM customers WHERE ref = 'frida')`,
    );
    await app.owner.query('SET session_replication_role = origin');
    await app.expire(programme.id);
    const [id] = await revocationsOf('frida');
    expect(state(await ended(id!))).toEqual(['dpv:ConsentExpired', 'dpv:DataController']);
  });

  it('names nobody who has left', async () => {
    await programme.share('gesa');
    const revocation = await programme.revoke('gesa', { everything: true });
    await app.owner.query(`UPDATE customers SET ref = NULL WHERE ref = 'gesa'`);
    const claims = await ended(revocation.body['id'] as string);
    expect([claims['sub'], claims['dpv:hasDataSubject']]).toEqual([undefined, undefined]);
  });

  it('is a revocation when staff ends a purpose or a recipient for everyone', async () => {
    await programme.share('hans');
    await app.post('/v1/recipients/newsletter/withdrawal', programme.adminKey, {});
    await app.leave(programme.id);
    const [first] = await revocationsOf('hans');
    expect(state(await ended(first!))).toEqual(REVOKED);
    await app.post('/v1/purposes/advice/withdrawal', programme.adminKey, {});
    await app.leave(programme.id);
    const [, second] = await revocationsOf('hans');
    expect(state(await ended(second!))).toEqual(REVOKED);
  });
});
