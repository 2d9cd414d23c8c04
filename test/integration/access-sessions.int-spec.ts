import { createSecretKey, randomUUID } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { parsePublicId } from '../../src/platform/ids';
import { refused, startTestApp, type TestApp, unknownCaller } from './access.test-app';

let test: TestApp;
let admin: { id: string; adminKey: string };
let storefront: { id: string; key: string };
beforeAll(async () => {
  test = await startTestApp();
  admin = await test.foundProgramme();
  storefront = await test.issueKey(admin.adminKey, { kind: 'storefront' });
});
afterAll(() => test.stop());

const open = (customerRef: string, key = storefront.key, idempotencyKey: string = randomUUID()) =>
  test.call('POST', '/v1/customer-sessions', key, { customerRef, locale: 'de' }, { 'idempotency-key': idempotencyKey });
const probe = (token: string) => test.call('GET', '/probe/customer', token);

describe('a customer session', () => {
  it('stands for one customer for 15 minutes', async () => {
    const started = Date.now();
    const { status, body } = await open('c-20481');
    expect(status).toBe(201);
    expect(body).toEqual({ token: expect.any(String), url: expect.any(String), expiresAt: expect.any(String) });
    expect(body.url).toMatch(/^http:\/\/localhost:80\/me#link=[\w-]{64}$/);
    expect(Math.abs(Date.parse(body.expiresAt) - started - 15 * 60_000)).toBeLessThan(10_000);
    const { body: caller } = await probe(body.token);
    const programmeId = parsePublicId('prg', admin.id);
    expect(caller).toEqual({
      kind: 'customer',
      programmeId,
      customerRef: 'c-20481',
      callerId: expect.any(String),
      endsAt: body.expiresAt,
      session: { id: expect.any(String), locale: 'de', facts: {} },
    });
    expect(await test.call('GET', '/probe/storefront', body.token)).toMatchObject(refused(403, 'forbidden'));
  });

  it('has the same callerId for the same customer only, so that Idempotency-Keys are theirs', async () => {
    const other = await test.foundProgramme();
    const { key } = await test.issueKey(other.adminKey, { kind: 'storefront' });
    const sessions = [await open('c-1'), await open('c-1'), await open('c-2'), await open('c-1', key)];
    const ids = await Promise.all(sessions.map(async ({ body }) => (await probe(body.token)).body.callerId as string));
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
  });

  it('is given again for the same Idempotency-Key, and asks for one', async () => {
    const key = randomUUID();
    const first = await open('c-1', storefront.key, key);
    expect(await open('c-1', storefront.key, key)).toMatchObject({ status: 201, body: first.body });
    expect(await open('c-2', storefront.key, key)).toMatchObject(refused(422, 'idempotency-key-reused'));
    const wanted = { customerRef: 'c-1', locale: 'de' };
    expect(await test.call('POST', '/v1/customer-sessions', storefront.key, wanted)).toMatchObject(
      refused(400, 'idempotency-key-required'),
    );
  });

  it('is for storefronts to open, for a reference that can be one', async () => {
    expect(await open('c-1', admin.adminKey)).toMatchObject(refused(403, 'forbidden'));
    for (const customerRef of ['', 'Ada Lovelace', 'ä', 'x'.repeat(129)]) {
      const answer = await open(customerRef);
      expect(answer).toMatchObject({
        ...refused(422, 'invalid-request'),
        body: { errors: [{ pointer: '/customerRef' }] },
      });
    }
  });

  // Fails when CustomerSessions no longer asks KeyLookup.isSessionUsable.
  it('ends with the key that opened it', async () => {
    const revoked = await test.issueKey(admin.adminKey, { kind: 'storefront' });
    const rotated = await test.issueKey(admin.adminKey, { kind: 'storefront' });
    const [ofRevoked, ofRotated] = [await open('c-1', revoked.key), await open('c-1', rotated.key)];
    expect(await probe(ofRevoked.body.token)).toMatchObject({ status: 200 });
    expect(await probe(ofRotated.body.token)).toMatchObject({ status: 200 });
    await test.call('DELETE', `/v1/keys/${revoked.id}`, admin.adminKey);
    await test.call('POST', `/v1/keys/${rotated.id}/rotate`, admin.adminKey, { overlapSeconds: 0 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => probe(ofRevoked.body.token)));
    expect(answers.filter(({ status }) => status !== 401)).toEqual([]);
    expect(await probe(ofRotated.body.token)).toMatchObject(unknownCaller);
  });
});

describe('refuses a session token', () => {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = async (change: { claims?: JWTPayload; header?: object; use?: string } = {}) => {
    const { body } = await open('c-1');
    const claims = JSON.parse(Buffer.from(body.token.split('.')[1], 'base64url').toString()) as JWTPayload;
    return new SignJWT({ ...claims, ...change.claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'gw-session+jwt', ...change.header })
      .sign(createSecretKey(test.keyRing.serviceKey(change.use ?? 'customer sessions')));
  };
  const now = Math.floor(Date.now() / 1000);

  it.each([
    ['that is over', { claims: { exp: now - 1 } }],
    ['without an end', { claims: { exp: undefined as never } }],
    ['for another audience', { claims: { aud: 'gegenwert:admin' } }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['signed with another algorithm', { header: { alg: 'HS512' } }],
    ['signed with another key', { use: 'something else' }],
    ['that names a key of another programme', { claims: { programme: randomUUID() } }],
    ['that names no key', { claims: { key: randomUUID() } }],
    ['that is no session’s', { claims: { jti: undefined as never } }],
  ])('%s', async (_, change) => {
    expect(await probe(await forged(change))).toMatchObject(unknownCaller);
  });

  it('without a signature', async () => {
    const [, claims] = (await forged()).split('.');
    expect(await probe(`${encoded({ alg: 'none', typ: 'gw-session+jwt' })}.${claims}.`)).toMatchObject(unknownCaller);
  });

  it('but not one that only we could have signed', async () => {
    expect(await probe(await forged())).toMatchObject({ status: 200 });
  });
});
