import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT, type JWTPayload } from 'jose';
import { parsePublicId } from '../../src/platform/ids';
import { type OidcProvider, startOidcProvider } from './access.start-oidc-provider';
import { refused, startTestApp, type TestApp, unknownCaller } from './access.test-app';

const CUSTOMERS = 'https://gegenwert.example/customers';
const STAFF = 'https://gegenwert.example/staff';
/** Of staff who sign in by one client only. */
const CONSOLE = 'https://gegenwert.example/console';

let test: TestApp;
let provider: OidcProvider;
let admin: { id: string; adminKey: string };
let other: { id: string; adminKey: string };
beforeAll(async () => {
  [test, provider] = await Promise.all([startTestApp(), startOidcProvider()]);
  admin = await test.foundProgramme();
  other = await test.foundProgramme();
  await register({ audience: CUSTOMERS, subjects: 'customers' });
  await register({ audience: STAFF, subjects: 'staff' });
  await register({ audience: CONSOLE, subjects: 'staff', clientId: 'console' });
});
afterAll(() => Promise.all([test.stop(), provider.stop()]));
afterEach(() => jest.restoreAllMocks());

const register = (wanted: object, key = admin.adminKey) =>
  test.call('POST', '/v1/issuers', key, { issuer: provider.issuer, ...wanted });
const probe = (token: string) => test.call('GET', '/probe/any', token);
const later = (ms: number) => {
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ms);
};
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const customer = (more: JWTPayload = {}): JWTPayload => ({ aud: CUSTOMERS, sub: 'c-1', exp: inSeconds(60), ...more });
const ofConsole = (more: JWTPayload): JWTPayload => customer({ aud: CONSOLE, role: 'dpo', ...more });

describe('tokens of a programme’s own issuer', () => {
  it('stand for a customer', async () => {
    const [first, again, another] = await Promise.all(
      ['c-20481', 'c-20481', 'c-7'].map(async (account) =>
        probe((await provider.logIn(account, CUSTOMERS)).access_token),
      ),
    );
    const programmeId = parsePublicId('prg', admin.id);
    const callerId = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(first?.body).toMatchObject({ kind: 'customer', programmeId, callerId, customerRef: 'c-20481' });
    // Each token has its own end.
    expect({ ...again?.body, endsAt: undefined }).toEqual({ ...first?.body, endsAt: undefined });
    expect(another?.body.callerId).not.toBe(first?.body.callerId);
  });

  it('stand for staff in the role that they name', async () => {
    const marketing = await provider.logIn('marketing@rosenrot.example', STAFF);
    expect((await probe(marketing.access_token)).body).toMatchObject({ kind: 'staff', role: 'marketing' });
    expect(await test.call('GET', '/probe/marketing', marketing.access_token)).toMatchObject({ status: 200 });
    expect(await test.call('GET', '/v1/keys', marketing.access_token)).toMatchObject(refused(403, 'forbidden'));
    const admins = await provider.logIn('admin@rosenrot.example', STAFF);
    expect(await test.call('GET', '/v1/keys', admins.access_token)).toMatchObject({ status: 200 });
    const nobody = await provider.logIn('intern@rosenrot.example', STAFF);
    expect(await probe(nobody.access_token)).toMatchObject(unknownCaller);
  });

  it.each([
    [['viewer', 'dpo'], 200],
    [['dpo', 'admin'], 401],
    [[], 401],
    [{ admin: true }, 401],
    [true, 401],
    [undefined, 401],
  ])('name a role as %j: %i', async (role, status) => {
    const token = await provider.sign({ aud: STAFF, sub: 'ada', exp: inSeconds(60), role });
    expect(await probe(token)).toMatchObject({ status });
  });

  it('are read by the claims that were registered', async () => {
    const audience = 'https://gegenwert.example/claims';
    const claims = { subjectClaim: 'https://shop.example/ref', roleClaim: 'https://shop.example/role' };
    await register({ audience, subjects: 'staff', ...claims });
    const own = { 'https://shop.example/ref': 'ada', 'https://shop.example/role': 'dpo' };
    const token = await provider.sign({ aud: audience, exp: inSeconds(60), ...own });
    expect((await probe(token)).body).toMatchObject({ kind: 'staff', role: 'dpo' });
  });
});

describe('refuses', () => {
  const valid = async () => (await provider.logIn('c-1', CUSTOMERS)).access_token;
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const publicKey = async (): Promise<JsonWebKey & { kid: string }> => {
    const response = await fetch(`${provider.issuer}/jwks`);
    return ((await response.json()) as { keys: (JsonWebKey & { kid: string })[] }).keys[0]!;
  };
  const ownKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signedByOthers = async (header: object, more: JWTPayload = {}) =>
    new SignJWT({ iss: provider.issuer, ...customer(more) })
      .setProtectedHeader({ alg: 'RS256', kid: (await publicKey()).kid, ...header })
      .sign(ownKey.privateKey);
  const hmac = async (secret: (key: Awaited<ReturnType<typeof publicKey>>) => string | Buffer) => {
    const key = await publicKey();
    const signed = `${encoded({ alg: 'HS256', kid: key.kid })}.${encoded({ iss: provider.issuer, ...customer() })}`;
    return `${signed}.${createHmac('sha256', secret(key)).update(signed).digest('base64url')}`;
  };
  const spki = (key: JsonWebKey) => createPublicKey({ key, format: 'jwk' });

  const cases: [string, () => Promise<string>][] = [
    ['alg none', async () => `${encoded({ alg: 'none' })}.${(await valid()).split('.')[1]}.`],
    [
      'alg NoNe with the signature left',
      async () => `${encoded({ alg: 'NoNe' })}.${(await valid()).split('.').slice(1).join('.')}`,
    ],
    [
      'a changed claim',
      async () =>
        (await valid()).replace(/\.[^.]+\./, `.${encoded({ iss: provider.issuer, ...customer({ sub: 'c-2' }) })}.`),
    ],
    ['HS256 with the public key as PEM', () => hmac((key) => spki(key).export({ type: 'spki', format: 'pem' }))],
    ['HS256 with the public key as DER', () => hmac((key) => spki(key).export({ type: 'spki', format: 'der' }))],
    ['HS256 with the public key as JWK', () => hmac((key) => JSON.stringify(key))],
    ['RS384, which is not on the list', () => provider.sign(customer(), { alg: 'RS384' })],
    ['another key under the issuer’s kid', () => signedByOthers({})],
    ['a key that comes along in jwk', async () => signedByOthers({ jwk: await exportJWK(ownKey.publicKey) })],
    ['an unregistered issuer', () => signedByOthers({}, { iss: 'https://evil.example' })],
    ['an issuer that only looks the same', () => provider.sign(customer({ iss: `${provider.issuer}/` }))],
    ['no issuer', () => provider.sign(customer({ iss: null as never }))],
    ['another audience', async () => (await provider.logIn('c-1', 'https://other.example/api')).access_token],
    ['two audiences of ours', () => provider.sign(customer({ aud: [CUSTOMERS, STAFF], role: 'dpo' }))],
    ['no audience', () => provider.sign(customer({ aud: undefined }))],
    ['an azp other than the registered client', () => provider.sign(ofConsole({ azp: 'other-shop' }))],
    ['a client_id other than the registered client', () => provider.sign(ofConsole({ client_id: 'other-shop' }))],
    ['an azp of the client and another client_id', () => provider.sign(ofConsole({ azp: 'console', client_id: 'x' }))],
    ['an azp that is its audience and not the client', () => provider.sign(ofConsole({ azp: CONSOLE }))],
    ['an azp that is no text', () => provider.sign(ofConsole({ azp: ['console'] }))],
    ['an ID token for another client', async () => (await provider.logIn('c-1', CUSTOMERS, 'other-shop')).id_token],
    ['an ID token for the shop itself', async () => (await provider.logIn('c-1', CUSTOMERS)).id_token],
    ['an expired one', () => provider.sign(customer({ exp: inSeconds(-30) }))],
    ['one without an end', () => provider.sign(customer({ exp: undefined }))],
    ['one that is not valid yet', () => provider.sign(customer({ nbf: inSeconds(30) }))],
    ['a logout token', () => provider.sign(customer(), { typ: 'logout+jwt' })],
    [
      'a type that is no text',
      async () => `${encoded({ alg: 'RS256', typ: 5 })}.${(await valid()).split('.')[1]}.AAAA`,
    ],
    [
      'an issuer with U+0000',
      async () => `${encoded({ alg: 'RS256' })}.${encoded({ iss: 'a\0', ...customer() })}.AAAA`,
    ],
    ['what calls itself a session of ours', () => provider.sign(customer(), { typ: 'gw-session+jwt' })],
    ['a subject that is no customerRef', () => provider.sign(customer({ sub: 'Ada Lovelace' }))],
    ['no subject', () => provider.sign(customer({ sub: undefined }))],
    ['a critical extension that we do not know', () => provider.sign(customer(), { crit: ['exp'], exp: 1 })],
  ];
  it.each(cases)('%s', async (_, token) => {
    expect(await probe(await token())).toMatchObject(unknownCaller);
  });

  // Fails where U+0000 is sent to the database along with what the others ask.
  it('an issuer with U+0000, and nobody who calls at the same time', async () => {
    const nul = `${encoded({ alg: 'RS256' })}.${encoded({ iss: 'a\0', ...customer() })}.AAAA`;
    const token = await valid();
    const answers = await Promise.all([nul, token, nul, token].map((one) => probe(one)));
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 401, 200]);
  });

  it('a jku or x5u that points elsewhere, and does not even go there', async () => {
    let visits = 0;
    const jwk = { ...(await exportJWK(ownKey.publicKey)), kid: 'theirs', alg: 'RS256' };
    const evil = createServer((_, response) => {
      visits += 1;
      response.end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, '127.0.0.1');
    await once(evil, 'listening');
    const jku = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/jwks`;
    expect(await probe(await signedByOthers({ jku, x5u: jku, kid: 'theirs' }))).toMatchObject(unknownCaller);
    expect(await probe(await signedByOthers({ jku, x5u: jku }))).toMatchObject(unknownCaller);
    expect(visits).toBe(0);
    evil.close();
  });

  it('accepts the same claims when nothing is wrong with them', async () => {
    const elsewhere = 'https://other.example/api';
    for (const fine of [
      customer(),
      customer({ aud: [CUSTOMERS] }),
      customer({ aud: [elsewhere, CUSTOMERS] }),
      // Keycloak, Auth0 and Entra name the client here, which is not the audience.
      customer({ azp: 'other-shop' }),
      customer({ client_id: 'other-shop' }),
      ofConsole({ azp: 'console' }),
      ofConsole({ client_id: 'console', aud: [CONSOLE, elsewhere] }),
      ofConsole({}),
    ]) {
      expect(await probe(await provider.sign(fine))).toMatchObject({ status: 200 });
    }
    expect(await probe(await valid())).toMatchObject({ status: 200 });
  });
});

describe('the issuer’s keys', () => {
  // Fails without the cooldown (100 requests) and when every caller fetches for itself.
  it('are fetched once for all who wait, and not again for keys that the issuer does not have', async () => {
    const before = await provider.asked();
    await provider.rotate();
    const token = await provider.sign(customer());
    later(31_000);
    const answers = await Promise.all(Array.from({ length: 100 }, () => probe(token)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const unknownKid = await provider.sign(customer(), { kid: 'nobody’s' });
    const refusals = await Promise.all(Array.from({ length: 100 }, () => probe(unknownKid)));
    expect(refusals.filter(({ status }) => status !== 401)).toEqual([]);
    const after = await provider.asked();
    expect({ keys: after.keys - before.keys, discovery: after.discovery - before.discovery }).toEqual({
      keys: 1,
      discovery: 1,
    });
  });

  it('go on working while the issuer is away, at most asking now and then', async () => {
    const known = await provider.sign(customer());
    const unknownKid = await provider.sign(customer(), { kid: 'nobody’s' });
    expect(await probe(known)).toMatchObject({ status: 200 });
    const before = await provider.asked();
    await provider.beAway(true);
    later(20 * 60_000); // Beyond the refresh, too.
    const lasting = await provider.sign(customer({ exp: inSeconds(60) }));
    const answers = await Promise.all(Array.from({ length: 50 }, () => probe(lasting)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const unreachable = await Promise.all(Array.from({ length: 50 }, () => probe(unknownKid)));
    expect(new Set(unreachable.map(({ status }) => status))).toEqual(new Set([503]));
    expect(unreachable[0]?.headers['retry-after']).toBe('5');
    const { discovery } = await provider.asked();
    expect(discovery - before.discovery).toBe(1);
    await provider.beAway(false);
  });

  // As 401 it would be told to whoever has a good token, and the issuer's outage to nobody.
  it.each([
    ['no object', '"maintenance"'],
    ['nothing', 'null'],
    ['an error', '{"error":"maintenance"}'],
    ['keys that are no list', '{"keys":{}}'],
    ['keys that are no objects', '{"keys":["a"]}'],
  ])('are away when they are %s', async (_, answer) => {
    const broken = createServer(({ url }, response) =>
      response.end(url === '/jwks' ? answer : JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` })),
    ).listen(0, '127.0.0.1');
    await once(broken, 'listening');
    const issuer = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
    const registered = await register({ issuer, audience: CUSTOMERS, subjects: 'customers' });
    const probed = await probe(await provider.sign(customer({ iss: issuer })));
    broken.close();
    expect(registered).toMatchObject({ status: 201 });
    expect(probed).toMatchObject(refused(503, 'unavailable'));
  });

  it('are not believed when the discovery document names another issuer', async () => {
    const liar = createServer((_, response) =>
      response.end(JSON.stringify({ issuer: provider.issuer, jwks_uri: `${provider.issuer}/jwks` })),
    ).listen(0, '127.0.0.1');
    await once(liar, 'listening');
    const issuer = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
    expect(await register({ issuer, audience: CUSTOMERS, subjects: 'staff' }, other.adminKey)).toMatchObject({
      status: 201,
    });
    const token = await provider.sign({ iss: issuer, aud: CUSTOMERS, sub: 'ada', exp: inSeconds(60), role: 'admin' });
    expect(await probe(token)).toMatchObject(refused(503, 'unavailable'));
    liar.close();
  });
});

describe('registered issuers', () => {
  it('belong to one programme each audience', async () => {
    const mine = await register({ audience: 'https://one.example', subjects: 'staff' });
    expect(mine).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^iss_/), issuer: provider.issuer, subjectClaim: 'sub', roleClaim: 'role' },
    });
    const again = { audience: 'https://one.example', subjects: 'customers' };
    expect(await register(again, other.adminKey)).toMatchObject(refused(409, 'issuer-taken'));
    expect(await register(again)).toMatchObject(refused(409, 'issuer-taken'));
    const url = `/v1/issuers/${mine.body.id}`;
    expect(await test.call('DELETE', url, other.adminKey)).toMatchObject(refused(404, 'not-found'));
    const { body: theirs } = await test.call('GET', '/v1/issuers', other.adminKey);
    expect(JSON.stringify(theirs)).not.toContain('one.example');
    const { body: ours } = await test.call('GET', '/v1/issuers?limit=1', admin.adminKey);
    expect(ours).toMatchObject({ data: [{ id: mine.body.id }], nextCursor: mine.body.id });
    expect(await test.call('DELETE', url, admin.adminKey)).toMatchObject({ status: 204 });
    expect(await test.call('DELETE', url, admin.adminKey)).toMatchObject(refused(404, 'not-found'));
  });

  // Fails when IssuerLookup answers from a cache.
  it('count no more from the call after their removal on', async () => {
    const audience = 'https://short.example';
    const { body: registered } = await register({ audience, subjects: 'customers' });
    const token = await provider.sign(customer({ aud: audience }));
    expect(await probe(token)).toMatchObject({ status: 200 });
    expect(await test.call('DELETE', `/v1/issuers/${registered.id}`, admin.adminKey)).toMatchObject({ status: 204 });
    expect(await probe(token)).toMatchObject(unknownCaller);
  });

  it.each([
    ['http://login.example'],
    ['ftp://login.example'],
    ['login.example'],
    ['https://user:password@login.example'],
    ['https://login.example/#fragment'],
    ['https://login.example/?query'],
    ['https://169.254.169.254'],
    ['https://10.0.0.7'],
    ['https://[::ffff:10.0.0.7]'],
    ['https://0xa9fea9fe'],
    ['https://metadata.google.internal'],
  ])('cannot be %s', async (issuer) => {
    const answer = await register({ issuer, audience: 'https://a.example', subjects: 'staff' });
    expect(answer).toMatchObject({ ...refused(422, 'invalid-request'), body: { errors: [{ pointer: '/issuer' }] } });
  });
});
