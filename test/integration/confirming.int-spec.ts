import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose';
import { toPublicId } from '../../src/platform/ids';
import { verifiedClaims, whatIsTrue, whatItSays } from '../setup/certificate';
import { brokenInvariants } from '../setup/invariants';
import { call, type Answer } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

/** What recipients confirm, with a signature where they have a key, by when, and what becomes of those that do not. */

type Body = Record<string, any>;
type Name = 'newsletter' | 'recommender';
const HOUR_MS = 3_600_000;

let app: TestApp;
let programme: TestProgramme;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  programme = await app.programme();
});

const keyOf = (name: Name) => programme.recipients[name].apiKey;
const pointers = ({ body }: Answer) => (body['errors'] as Body[]).map(({ pointer }) => pointer);
const staff = (method: string, path: string, body?: object) =>
  call(app.url, method, path, { key: programme.adminKey, ...(body && { body }) });
const agree = (name: Name, terms: object) => staff('PATCH', `/v1/recipients/${name}`, terms);
const acknowledge = (name: Name, notice: string, body: object) =>
  app.post(`/v1/revocation-notices/${notice}/acknowledgement`, keyOf(name), body);

/** Something is shared, read by both recipients, and taken back. */
async function revoked(customer: string, scope: object = { everything: true }): Promise<Body> {
  await programme.share(customer);
  expect((await programme.disclose(customer)).status).toBe(200);
  const advice = { purpose: 'advice', recipient: 'recommender' as const };
  expect((await programme.disclose(customer, advice)).status).toBe(200);
  return (await programme.revoke(customer, scope)).body;
}

async function noticesOf(name: Name): Promise<Body[]> {
  return (await app.get('/v1/revocation-notices', keyOf(name))).body['data'];
}
async function noticeOf(name: Name, revocation: Body): Promise<Body> {
  return (await noticesOf(name)).find(({ revocationId }) => revocationId === revocation['id'])!;
}
/** Without telling anybody: as the superuser. */
async function untoldNotice(name: Name): Promise<string> {
  const { rows } = await app.owner.query<{ id: string }>(
    `SELECT n.id FROM revocation_notices n JOIN recipients r ON r.programme_id = n.programme_id AND r.id = n.recipient_id
      WHERE n.programme_id = $1 AND r.key = $2 ORDER BY n.sequence DESC LIMIT 1`,
    [app.uuidOf(programme.id), name],
  );
  return rows[0]!.id;
}

const viewOf = (revocation: Body) => app.get(`/v1/revocations/${revocation['id']}`, programme.storefrontKey);
const recipientIn = (view: Answer, name: Name): Body =>
  (view.body['recipients'] as Body[]).find(({ recipient }) => recipient === name)!;

interface Signer {
  jwk: JWK;
  sign(payload: unknown, header?: Body): Promise<string>;
}
async function signer(): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return {
    jwk: await exportJWK(publicKey),
    sign: (payload, header = {}) =>
      new CompactSign(Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'EdDSA', ...header })
        .sign(privateKey),
  };
}

/** What recipients of the programme have answered, as it is kept. */
async function evidence(): Promise<{ did: string; signature: string | null; public_jwk: JWK | null }[]> {
  const { rows } = await app.owner.query(
    'SELECT did, signature, public_jwk FROM acknowledgements WHERE programme_id = $1 ORDER BY did DESC',
    [app.uuidOf(programme.id)],
  );
  return rows;
}

/** Changes what nothing may change. */
async function against(rules: string, ...values: unknown[]): Promise<void> {
  await app.owner.query('SET session_replication_role = replica');
  await app.owner.query(rules, [app.uuidOf(programme.id), ...values]);
  await app.owner.query('SET session_replication_role = origin');
}

describe('a recipient without a key', () => {
  it('says what it did, and may say more later, never less', async () => {
    const revocation = await revoked('anna');
    await app.erase(programme.id);
    const { id } = await noticeOf('newsletter', revocation);
    const answer = await acknowledge('newsletter', id, { did: 'stopped' });
    expect(answer).toMatchObject({ status: 200, body: { status: 'acknowledged', did: 'stopped' } });
    const first = answer.body['acknowledgedAt'];
    expect((await acknowledge('newsletter', id, { did: 'stopped', signature: null })).body['did']).toBe('stopped');
    expect((await acknowledge('newsletter', id, { did: 'erased' })).body).toMatchObject({
      did: 'erased',
      acknowledgedAt: first,
    });
    for (const did of ['stopped', 'erased']) {
      expect((await acknowledge('newsletter', id, { did })).body).toMatchObject({
        did: 'erased',
        acknowledgedAt: first,
      });
    }
    expect(await evidence()).toEqual([
      { did: 'stopped', signature: null, public_jwk: null },
      { did: 'erased', signature: null, public_jwk: null },
    ]);
  });

  it('is told to register one before it signs', async () => {
    const { id } = await noticeOf('newsletter', await revoked('anna'));
    const { sign } = await signer();
    const signature = await sign({ notice: id, did: 'erased' });
    const answer = await acknowledge('newsletter', id, { did: 'erased', signature });
    expect([answer.status, pointers(answer)]).toEqual([422, ['/signature']]);
  });

  it.each(['kept', {}, undefined])('does nothing but stop or erase: %j is refused', async (did) => {
    const { id } = await noticeOf('newsletter', await revoked('anna'));
    const answer = await acknowledge('newsletter', id, { did });
    expect([answer.status, pointers(answer)]).toEqual([422, ['/did']]);
  });

  it('answers no notice but its own', async () => {
    const revocation = await revoked('anna');
    const theirs = await noticeOf('recommender', revocation);
    for (const id of [theirs['id'], 'ntc_01jx3k5v9re7r8q2m4n6p8s0t2', revocation['id'], 'x']) {
      expect(await acknowledge('newsletter', id, { did: 'erased' })).toMatchObject({ status: 404 });
    }
    expect((await noticeOf('recommender', revocation))['status']).toBe('owed');
  });
});

describe('a recipient with a key', () => {
  let mine: Signer;
  let id: string;
  beforeEach(async () => {
    mine = await signer();
    await agree('newsletter', { publicKey: mine.jwk });
    id = (await noticeOf('newsletter', await revoked('anna')))['id'];
  });

  it('signs what it did; the signature is kept with the key that verified it, whatever key comes after', async () => {
    const stopped = await mine.sign({ notice: id, did: 'stopped', at: 'about noon' });
    expect((await acknowledge('newsletter', id, { did: 'stopped', signature: stopped })).body['did']).toBe('stopped');
    expect((await acknowledge('newsletter', id, { did: 'stopped', signature: stopped })).status).toBe(200);
    const next = await signer();
    const replaced = await call(app.url, 'PUT', '/v1/recipients/newsletter/public-key', {
      key: keyOf('newsletter'),
      body: next.jwk,
    });
    expect(replaced.status).toBe(200);
    const erased = { notice: id, did: 'erased' };
    const former = await acknowledge('newsletter', id, { did: 'erased', signature: await mine.sign(erased) });
    expect([former.status, pointers(former)]).toEqual([422, ['/signature']]);
    const signature = await next.sign(erased, { alg: 'Ed25519', typ: 'JOSE' });
    expect((await acknowledge('newsletter', id, { did: 'erased', signature })).body['did']).toBe('erased');
    expect(await evidence()).toEqual([
      { did: 'stopped', signature: stopped, public_jwk: mine.jwk },
      { did: 'erased', signature, public_jwk: next.jwk },
    ]);
  });

  it('is refused, and nothing is kept, with any other signature', async () => {
    const said = (did = 'erased') => ({ notice: id, did });
    const other = await signer();
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [header, , signature] = (await mine.sign(said('stopped'))).split('.');
    const wrong: Record<string, string | undefined> = {
      missing: undefined,
      empty: '',
      'no JWS': 'a.b.c',
      'by another key': await other.sign(said()),
      'with a key of its own': await other.sign(said(), { jwk: other.jwk }),
      'over another did': await mine.sign(said('stopped')),
      'over another notice': await mine.sign({ ...said(), notice: 'ntc_01jx3k5v9re7r8q2m4n6p8s0t2' }),
      'over no notice': await mine.sign({ did: 'erased' }),
      'over a list': await mine.sign([said()]),
      'over null': await mine.sign('null'),
      'over no JSON': await mine.sign(`notice=${id}&did=erased`),
      unsigned: `${part({ alg: 'none' })}.${part(said())}.`,
      'of another payload': [header, part(said()), signature].join('.'),
      'too long': await mine.sign({ ...said(), note: 'x'.repeat(8192) }),
    };
    for (const [name, made] of Object.entries(wrong)) {
      const answer = await acknowledge('newsletter', id, { did: 'erased', signature: made });
      expect({ name, status: answer.status, pointers: pointers(answer) }).toEqual({
        name,
        status: 422,
        pointers: ['/signature'],
      });
    }
    expect(await evidence()).toEqual([]);
    expect((await noticesOf('newsletter'))[0]!['status']).toBe('owed');
  });
});

describe('what is due', () => {
  it('is so in the hours that were agreed when it was owed', async () => {
    await agree('newsletter', { dueHours: 24 });
    const revocation = await revoked('anna');
    await agree('newsletter', { dueHours: 1 });
    const hours = ({ createdAt, dueAt }: Body) => (Date.parse(dueAt) - Date.parse(createdAt)) / HOUR_MS;
    expect(hours(await noticeOf('newsletter', revocation))).toBe(24);
    expect(hours(await noticeOf('recommender', revocation))).toBe(72);
  });

  it('becomes overdue once, is told to staff, and is no more so when it is answered', async () => {
    const before = await app.countOverdue();
    const revocation = await revoked('anna');
    const { dueAt } = recipientIn(await viewOf(revocation), 'newsletter');
    const due = Date.parse(dueAt);
    expect(await app.markOverdue(programme.id)).toBe(0);
    expect(await app.markOverdue(programme.id, new Date(due - 1))).toBe(0);
    expect(await app.markOverdue(programme.id, new Date(due))).toBe(2);
    expect(await app.markOverdue(programme.id, new Date(due + HOUR_MS))).toBe(0);
    expect(await app.countOverdue()).toBe(before + 2);
    expect(recipientIn(await viewOf(revocation), 'newsletter')).toMatchObject({
      overdueSince: new Date(due).toISOString(),
    });
    const list = () => staff('GET', '/v1/revocation-notices/overdue');
    const overdue = {
      revocationId: revocation['id'],
      recipient: 'newsletter',
      name: 'Newsletter',
      dueAt,
      since: new Date(due).toISOString(),
      suspended: false,
    };
    const { id } = await noticeOf('newsletter', revocation);
    expect((await list()).body['data'].find((row: Body) => row['id'] === id)).toEqual({
      ...overdue,
      id,
      toldAt: expect.any(String),
    });
    const page = await staff('GET', '/v1/revocation-notices/overdue?limit=1');
    const rest = await staff('GET', `/v1/revocation-notices/overdue?limit=1&after=${page.body['nextCursor']}`);
    expect([...page.body['data'], ...rest.body['data']]).toEqual((await list()).body['data']);
    expect(await staff('GET', '/v1/revocation-notices/overdue?after=x')).toMatchObject({ status: 422 });
    expect(await app.get('/v1/revocation-notices/overdue', programme.storefrontKey)).toMatchObject({ status: 403 });
    await acknowledge('newsletter', id, { did: 'stopped' });
    expect((await list()).body['data']).toMatchObject([{ recipient: 'recommender' }]);
    expect(recipientIn(await viewOf(revocation), 'newsletter')).not.toHaveProperty('overdueSince');
    expect(await app.countOverdue()).toBe(before + 1);
  });

  it('comes in batches', async () => {
    await revoked('anna');
    await app.owner.query(
      `INSERT INTO revocations (programme_id, id, customer_id, scope, status, consents_ended, values_erasing, blocked_at, erased_at)
         SELECT r.programme_id, gen_random_uuid(), r.customer_id, r.scope, 'erased', 1, 0, r.blocked_at, r.blocked_at
           FROM revocations r, generate_series(1, 1100) WHERE r.programme_id = $1`,
      [app.uuidOf(programme.id)],
    );
    await app.owner.query(
      `INSERT INTO revocation_notices (programme_id, id, revocation_id, recipient_id, purposes, attributes, created_at, due_at)
         SELECT r.programme_id, gen_random_uuid(), r.id, n.recipient_id, n.purposes, n.attributes, n.created_at, n.due_at
           FROM revocations r CROSS JOIN LATERAL (SELECT * FROM revocation_notices n WHERE n.programme_id = $1 LIMIT 1) n
          WHERE r.programme_id = $1 AND r.status = 'erased'`,
      [app.uuidOf(programme.id)],
    );
    await agree('newsletter', { suspendWhenOverdue: true });
    await agree('recommender', { suspendWhenOverdue: true });
    const marked = await app.markOverdue(programme.id, new Date(Date.now() + 100 * HOUR_MS));
    expect(marked).toBe(1102);
    expect((await programme.disclose('nobody')).status).toBe(403);
    // What was made up here was given to nobody.
    await against('DELETE FROM revocation_notices WHERE programme_id = $1');
    await against('UPDATE suspensions SET ended_at = clock_timestamp() WHERE programme_id = $1');
    await against('DELETE FROM disclosures WHERE programme_id = $1');
  });
});

describe('a recipient that agreed to be suspended', () => {
  const late = () => new Date(Date.now() + 100 * HOUR_MS);
  const readBy = async (name: Name, customer = 'reader') => {
    const purpose = name === 'newsletter' ? 'greeting' : 'advice';
    const { status, body } = await programme.disclose(customer, { purpose, recipient: name });
    return status === 200 ? 'read' : (body['type'] as string).replace('urn:gegenwert:problem:', '');
  };
  beforeEach(async () => {
    await programme.share('reader');
  });

  it('reads nothing while something is overdue, and reads again when the last is answered', async () => {
    await agree('newsletter', { suspendWhenOverdue: true });
    const first = await revoked('anna');
    const second = await revoked('berta');
    expect(await readBy('newsletter')).toBe('read');
    expect(await app.markOverdue(programme.id, late())).toBe(4);
    expect(await readBy('newsletter')).toBe('recipient-suspended');
    expect(await readBy('recommender')).toBe('read');
    const question = { customerRef: 'reader', purpose: 'greeting', expression: 'birthday == "x"' };
    const asked = await app.post('/v1/predicates', keyOf('newsletter'), question);
    expect(asked.body['type']).toBe('urn:gegenwert:problem:recipient-suspended');
    const list = await staff('GET', '/v1/revocation-notices/overdue');
    const suspended = (list.body['data'] as Body[]).map((row) => `${row['recipient']} ${row['suspended']}`).sort();
    expect(suspended).toEqual(['newsletter true', 'newsletter true', 'recommender false', 'recommender false']);
    await acknowledge('newsletter', (await noticeOf('newsletter', first))['id'], { did: 'stopped' });
    expect(await readBy('newsletter')).toBe('recipient-suspended');
    await acknowledge('newsletter', (await noticeOf('newsletter', second))['id'], { did: 'stopped' });
    expect(await readBy('newsletter')).toBe('read');
  });

  it('is suspended, or let off, when it is agreed with what is overdue already', async () => {
    await revoked('anna');
    await app.markOverdue(programme.id, late());
    expect(await readBy('newsletter')).toBe('read');
    await agree('newsletter', { suspendWhenOverdue: true });
    expect(await readBy('newsletter')).toBe('recipient-suspended');
    await agree('newsletter', { dueHours: 1 });
    expect(await readBy('newsletter')).toBe('recipient-suspended');
    await agree('newsletter', { suspendWhenOverdue: false });
    expect(await readBy('newsletter')).toBe('read');
    await agree('newsletter', { suspendWhenOverdue: true });
    expect(await readBy('newsletter')).toBe('recipient-suspended');
  });
});

describe('a lease', () => {
  it('is the purpose’s, is renewed by reading again, and never outlasts the consent', async () => {
    const texts = { title: { de: 'x', en: 'x' }, description: { de: 'x', en: 'x' } };
    await staff('POST', '/v1/purposes', { key: 'short', ...texts, leaseSeconds: 60 });
    await staff('POST', '/v1/purposes', { key: 'year', ...texts, leaseSeconds: 31_536_000 });
    await staff('POST', '/v1/attributes', {
      key: 'size',
      title: texts.title,
      schema: {},
      sensitivity: 'ordinary',
      retentionDays: 1,
    });
    const made = await staff('POST', '/v1/recipients', { key: 'shop', name: 'Shop', purposes: ['short', 'year'] });
    const offer = await programme.publish({ asks: [{ attribute: 'size', purposes: ['short', 'year'] }] });
    const consents = [{ attribute: 'size', purposes: ['short', 'year'] }];
    const share = await programme.share('anna', { offer, values: { size: 1 }, consents });
    const read = async (purpose: string): Promise<number> => {
      const body = { customerRef: 'anna', purpose, attributes: ['size'], reason: 'test' };
      const answer = await app.post('/v1/disclosures', made.body['apiKey'], body);
      return Date.parse(answer.body['useUntil']);
    };
    const first = await read('short');
    expect(Math.abs(first - Date.now() - 60_000)).toBeLessThan(5_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await read('short');
    expect(again).toBeGreaterThan(first);
    // A year's lease of what is consented to for a day.
    const acceptedAt = await app.get(`/v1/shares/${share.body['id']}`, programme.storefrontKey);
    const until = await read('year');
    expect(until).toBe(Date.parse(acceptedAt.body['acceptedAt']) + 24 * HOUR_MS);
    const revocation = (await programme.revoke('anna', { purpose: 'short' })).body;
    const view = await viewOf(revocation);
    expect(view.body['recipients']).toMatchObject([{ recipient: 'shop', useUntil: new Date(again).toISOString() }]);
  });
});

/** What somebody reads must be what a program reads. */
function saysTheSameInWords({ statement, iat, asOf, ...claims }: Body): void {
  const { stored, destroyed } = claims['values'] as { stored: Body[]; destroyed: Body[] };
  const leases = (claims['recipients'] as Body[]).map((row) => row['useUntil'] as string).sort();
  const told = (pattern: RegExp): number => Number(pattern.exec(statement as string)?.[1] ?? 0);
  expect({
    blockedAt: /^Blocked at (\S+):/.exec(statement as string)?.[1],
    ended: told(/: (\d+) consents? ended\./),
    destroyed: told(/(\d+) values? destroyed\./),
    owed: told(/(\d+) values? not destroyed yet\./),
    kept: told(/(\d+) values? kept under other consents\./),
    keys: told(/(\d+) keys? not destroyed yet\./),
    confirmed: told(/Confirmed (\d+) of/),
    of: told(/Confirmed \d+ of (\d+)/),
    overdue: told(/, (\d+) overdue: /),
    lease: / Last lease until (\S+)\.$/.exec(statement as string)?.[1],
    at: iat,
  }).toEqual({
    blockedAt: claims['blockedAt'],
    ended: claims['consents'].length,
    destroyed: destroyed.length,
    owed: stored.filter(({ because }) => because === 'erasure-owed').length,
    kept: stored.filter(({ because }) => because === 'other-consent').length,
    keys: destroyed.filter(({ keyDestroyed }) => keyDestroyed !== true).length,
    confirmed: claims['confirmed'],
    of: claims['of'],
    overdue: claims['overdue'].length,
    lease: leases.at(-1),
    at: Math.floor(Date.parse(asOf as string) / 1000),
  });
}

describe('the certificate', () => {
  const certify = (revocation: Body) =>
    app.get(`/v1/revocations/${revocation['id']}/certificate`, programme.storefrontKey);
  const claimsOf = async (answer: Answer) =>
    verifiedClaims(app.url, answer.body['certificate'], 'revocation-certificate+jwt');
  /** That it says what is so, and answers it. */
  async function certified(revocation: Body): Promise<Body> {
    const claims = await claimsOf(await certify(revocation));
    expect(whatItSays(claims)).toEqual(await whatIsTrue(app.owner, revocation['id']));
    saysTheSameInWords(claims);
    return claims;
  }

  it('is true at every step', async () => {
    const mine = await signer();
    await agree('newsletter', { publicKey: mine.jwk, dueHours: 1 });
    const revocation = await revoked('anna');
    const blocked = await certified(revocation);
    expect(blocked).toMatchObject({
      iss: 'gegenwert',
      sub: 'anna',
      programme: programme.id,
      revocation: revocation['id'],
      scope: { everything: true },
      status: 'blocked',
      values: { destroyed: [], stored: [{ attribute: 'birthday', because: 'erasure-owed' }] },
      confirmed: 0,
      of: 2,
    });
    expect(blocked['statement']).toMatch(
      /2 consents ended\. 1 value not destroyed yet\. Confirmed 0 of 2\. Last lease until 20/,
    );
    await app.erase(programme.id);
    const erased = await certified(revocation);
    expect(erased).toMatchObject({ status: 'erased', values: { destroyed: [{ keyDestroyed: true }], stored: [] } });
    const { id } = await noticeOf('newsletter', revocation);
    const told = await certified(revocation);
    expect(told['recipients'].filter((row: Body) => row['toldAt'])).toHaveLength(1);
    const signature = await mine.sign({ notice: id, did: 'stopped' });
    await acknowledge('newsletter', id, { did: 'stopped', signature });
    await certified(revocation);
    await app.markOverdue(programme.id, new Date(Date.now() + 100 * HOUR_MS));
    const overdue = await certified(revocation);
    expect(overdue['statement']).toContain('1 value destroyed. Confirmed 1 of 2, 1 overdue: recommender.');
    expect(overdue).toMatchObject({ status: 'erased', confirmed: 1, of: 2, overdue: ['recommender'] });
    await acknowledge('newsletter', id, { did: 'erased', signature: await mine.sign({ notice: id, did: 'erased' }) });
    await acknowledge('recommender', (await noticeOf('recommender', revocation))['id'], { did: 'erased' });
    const complete = await certified(revocation);
    expect(complete).toMatchObject({ status: 'complete', confirmed: 2, of: 2, overdue: [] });
    // The evidence is there for whoever checks the hashes.
    const { body } = await certify(revocation);
    expect(body['evidence']).toMatchObject([
      { notice: id, did: 'stopped', signature, publicKey: mine.jwk },
      { did: 'erased' },
    ]);
  });

  it('says what is past its time also before anybody has marked it', async () => {
    await agree('newsletter', { dueHours: 1 });
    const revocation = await revoked('anna');
    await app.owner.query(`UPDATE revocation_notices SET due_at = now() - interval '1 second' WHERE id = $1`, [
      await untoldNotice('newsletter'),
    ]);
    expect((await certified(revocation))['overdue']).toEqual(['newsletter']);
  });

  it('says that a value stays which another consent covers, and when it has gone after all', async () => {
    const first = await revoked('anna', { purpose: 'greeting' });
    await app.erase(programme.id);
    expect((await certified(first))['values']).toEqual({
      destroyed: [],
      stored: [{ attribute: 'birthday', because: 'other-consent' }],
    });
    const second = (await programme.revoke('anna', { everything: true })).body;
    expect((await certified(first))['values'].stored).toEqual([{ attribute: 'birthday', because: 'erasure-owed' }]);
    await app.erase(programme.id);
    expect((await certified(first))['values']).toEqual({ destroyed: [], stored: [] });
    expect((await certified(second))['values'].destroyed).toHaveLength(1);
  });

  it('says that a key in another database is not destroyed while that is owed', async () => {
    const revocation = await revoked('anna');
    await app.erase(programme.id);
    const [value] = (await certified(revocation))['values'].destroyed;
    const { rows } = await app.owner.query('SELECT * FROM key_store.data_keys WHERE id = $1', [value.version]);
    await against('DELETE FROM key_store.data_keys WHERE programme_id = $1 AND id = $2', value.version);
    await against(`INSERT INTO outbox (programme_id, topic, id) VALUES ($1, 'key', $2)`, value.version);
    const owed = await claimsOf(await certify(revocation));
    expect(owed['values'].destroyed).toMatchObject([{ keyDestroyed: false }]);
    expect(owed['statement']).toContain('1 value destroyed. 1 key not destroyed yet.');
    await against(`DELETE FROM outbox WHERE programme_id = $1 AND topic = 'key' AND id = $2`, value.version);
    const done = await claimsOf(await certify(revocation));
    expect(done['values'].destroyed).toMatchObject([{ keyDestroyed: true }]);
    await against(
      'INSERT INTO key_store.data_keys (programme_id, id, destroyed_at) VALUES ($1, $2, $3)',
      value.version,
      rows[0].destroyed_at,
    );
  });

  it('is there for what nobody has read, for time that is over and for who has left', async () => {
    await programme.share('anna');
    const unread = (await programme.revoke('anna', { everything: true })).body;
    expect((await certified(unread))['statement']).toMatch(/Nobody had been given anything\.$/);
    await programme.share('berta');
    await programme.disclose('berta');
    const move = (until: string) =>
      against(`UPDATE consents SET until = ${until} WHERE programme_id = $1 AND ended_at IS NULL`);
    await move(`now() - interval '1 second'`);
    await app.expire(programme.id);
    const { rows } = await app.owner.query<{ id: string }>(
      `SELECT r.id FROM revocations r JOIN customers c ON c.id = r.customer_id WHERE c.ref = 'berta' AND r.programme_id = $1`,
      [app.uuidOf(programme.id)],
    );
    const expired = { id: toPublicId('rev', rows[0]!.id) };
    expect(await certified(expired)).toMatchObject({ scope: { expired: true }, of: 1 });
    // The lease was given before the consent's time was moved.
    await against(
      `UPDATE consents SET until = now() + interval '2 days' WHERE programme_id = $1 AND status = 'expired'`,
    );
    const left = await revoked('clara');
    await call(app.url, 'DELETE', '/v1/customers/clara', { key: programme.storefrontKey });
    await app.leave(programme.id);
    const nameless = await certified(left);
    expect(nameless).not.toHaveProperty('sub');
  });

  it('is each customer’s when staff ends a purpose or a recipient for everyone', async () => {
    for (const customer of ['dora', 'emil', 'frida']) {
      await programme.share(customer);
      await programme.disclose(customer);
    }
    const ids = async () =>
      (
        await app.owner.query<{ id: string }>('SELECT id FROM revocations WHERE programme_id = $1 ORDER BY id', [
          app.uuidOf(programme.id),
        ])
      ).rows.map(({ id }) => ({ id: toPublicId('rev', id) }));
    await staff('POST', '/v1/purposes/advice/withdrawal', {});
    await app.leave(programme.id);
    await app.erase(programme.id);
    await staff('POST', '/v1/recipients/newsletter/withdrawal', {});
    await app.leave(programme.id);
    for (const one of await ids()) await certified(one);
    await app.erase(programme.id);
    const all: Body[] = [];
    for (const one of await ids()) all.push(await certified(one));
    const scopes = all.map(({ scope, of, values }) => [scope, of, values.destroyed.length, values.stored.length]);
    expect(scopes).toEqual([
      ...Array.from({ length: 3 }, () => [{ purpose: 'advice' }, 0, 0, 0]),
      ...Array.from({ length: 3 }, () => [{ recipient: 'newsletter' }, 1, 1, 0]),
    ]);
  });

  it('is a customer’s own, and one programme’s', async () => {
    const revocation = await revoked('anna');
    const anna = await app.tokenOf(programme.storefrontKey, 'anna');
    const berta = await app.tokenOf(programme.storefrontKey, 'berta');
    const other = await app.programme();
    for (const what of ['certificate', 'receipt']) {
      const mine = `/v1/me/revocations/${revocation['id']}/${what}`;
      const path = `/v1/revocations/${revocation['id']}/${what}`;
      expect((await app.get(mine, anna)).status).toBe(200);
      expect((await app.get(path, programme.adminKey)).status).toBe(200);
      expect((await app.get(mine, berta)).status).toBe(404);
      expect((await app.get(path, other.storefrontKey)).status).toBe(404);
      expect((await app.get(path, keyOf('newsletter'))).status).toBe(403);
      expect((await app.get(`/v1/revocations/rev_x/${what}`, programme.adminKey)).status).toBe(404);
    }
  });
});

it('all of this keeps every invariant', async () => {
  expect(await brokenInvariants(app.databaseUrl)).toEqual({});
});
