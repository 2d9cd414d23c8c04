import { Client } from 'pg';
import { parsePublicId } from '../../src/platform/ids';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, call, eventually, type RunningService, startService } from '../setup/service';

/** A notice that became materially another does not stretch what was consented to; and a programme that ends keeps its word. */

let database: TestDatabase;
let service: RunningService;
let superuser: Client;
let programme: TestProgramme;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
  superuser = new Client({ connectionString: database.url });
  await superuser.connect();
  programme = await createProgramme(service);
});
afterAll(async () => {
  await superuser.end();
  await service.stop();
  await database.drop();
});
afterEach(async () => {
  const broken = await brokenInvariants(database.url);
  if (Object.keys(broken).length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
});

const admin = (method: string, path: string, body?: object): Promise<Answer> =>
  call(service.url, method, path, { key: programme.adminKey, ...(body && { body }) });
const storefront = (method: string, path: string, body?: object): Promise<Answer> =>
  call(service.url, method, path, { key: programme.storefrontKey, ...(body && { body }) });
async function quote(customerRef: string, offerId: string): Promise<Record<string, any>> {
  const { body } = await storefront('GET', `/v1/customers/${customerRef}/offers?locale=en&limit=100`);
  return (body['data'] as Record<string, any>[]).find((one) => one['offerId'] === offerId)!;
}
type Offer = Awaited<ReturnType<TestProgramme['publish']>>;
async function next(offer: Offer, edit: object, decision: object = {}): Promise<Answer> {
  expect((await admin('PATCH', `/v1/offers/${offer.id}`, edit)).status).toBe(200);
  return admin('POST', `/v1/offers/${offer.id}/publish`, decision);
}
async function inForce(offer: Offer, customerRef = 'nobody'): Promise<Offer> {
  const { offerVersion, notice } = await quote(customerRef, offer.id);
  return { id: offer.id, version: offerVersion as number, noticeHash: notice.hash as string };
}
const shareFor = (customerRef: string, offer: Offer, purposes: string[], idempotencyKey?: string): Promise<Answer> =>
  programme.share(customerRef, {
    offer,
    consents: [{ attribute: 'birthday', purposes }],
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });

const GREETING = { asks: [{ attribute: 'birthday', purposes: ['greeting'] }] };
const ADVICE_TOO = { asks: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }] };
/** Earns with every share, so that only the confirming itself can be why one does not. */
const OFTEN = { perCustomer: { times: 100, everyDays: 1 } };

describe('a version', () => {
  it('that goes beyond what was consented to is material, and cannot be called compatible', async () => {
    const offer = await programme.publish(GREETING);
    const asks = [
      { attribute: 'birthday', purposes: ['greeting', 'advice'] },
      { attribute: 'shoeSize', purposes: ['greeting'] },
    ];
    const { status, body } = await next(offer, { asks }, { change: 'compatible' });
    expect([status, body['errors'].map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
      422,
      ['/change', '/asks/0/purposes/1', '/asks/1/attribute'],
    ]);
    const published = await next(offer, { asks });
    expect([published.status, published.body['change']]).toEqual([200, 'material']);
  });

  it('with a recipient that the notice did not name is material', async () => {
    const offer = await programme.publish(GREETING);
    await admin('POST', '/v1/recipients', { key: 'printer', name: 'Printer', purposes: ['greeting'] });
    const { status, body } = await next(offer, { title: 'Another title' }, { change: 'compatible' });
    expect([status, body['errors'][1]]).toEqual([
      422,
      { pointer: '/asks/0/purposes/0', message: 'It would be given to others than before: Printer' },
    ]);
  });

  it('with other words is what staff say it is, and compatible unless they do', async () => {
    const offer = await programme.publish(GREETING);
    expect((await next(offer, { title: 'Another title' })).body['change']).toBe('compatible');
    expect((await next(offer, { title: 'Quite another' }, { change: 'material' })).body['change']).toBe('material');
  });

  it('has a grace only where it asks again, and a first one changes nothing', async () => {
    const offer = await programme.publish(GREETING);
    const { status, body } = await next(offer, { title: 'Another title' }, { graceDays: 30 });
    expect([status, body['errors'][0].pointer]).toEqual([422, '/graceDays']);
    const draft = await admin('POST', '/v1/offers', {
      key: 'first',
      title: 'First',
      text: 'First',
      ...GREETING,
      reward: { type: 'points', points: 1 },
    });
    const first = await admin('POST', `/v1/offers/${draft.body['id']}/publish`, { change: 'material' });
    expect([first.status, first.body['errors'][0].pointer]).toEqual([422, '/change']);
  });
});

describe('a customer who consented before', () => {
  it('is not asked about other words', async () => {
    const offer = await programme.publish({ ...GREETING, ...OFTEN });
    await shareFor('words', offer, ['greeting']);
    await next(offer, { title: 'Another title' });
    const now = await quote('words', offer.id);
    expect([now['earnsNow'], now['confirms']]).toEqual([true, undefined]);
    expect((await programme.disclose('words')).status).toBe(200);
  });

  it('is asked again about a material one, for which nothing stretches and nothing is paid', async () => {
    const offer = await programme.publish({ ...GREETING, ...OFTEN });
    await shareFor('again', offer, ['greeting']);
    await eventually(
      () => programme.balance('again'),
      ({ available }) => available === 120,
    );
    await programme.disclose('again');
    const { body: version } = await next(offer, ADVICE_TOO, { graceDays: 30 });
    const asked = await quote('again', offer.id);
    expect(asked).toMatchObject({ earnsNow: false, whyNot: 'confirming', confirms: { by: version['confirmBy'] } });
    expect((await quote('stranger', offer.id))['confirms']).toBeUndefined();
    // What was consented to goes on, and no further.
    expect((await programme.disclose('again')).status).toBe(200);
    const advice = { purpose: 'advice', recipient: 'recommender' } as const;
    expect((await programme.disclose('again', advice)).status).toBe(403);

    const confirmed = await shareFor('again', await inForce(offer), ['greeting', 'advice'], 'confirming-once');
    expect([confirmed.status, confirmed.body['award']]).toEqual([201, { status: 'none', why: 'confirming' }]);
    const replayed = await shareFor('again', await inForce(offer), ['greeting', 'advice'], 'confirming-once');
    expect([replayed.headers.get('idempotency-replayed'), replayed.body]).toEqual(['true', confirmed.body]);
    expect((await storefront('GET', `/v1/shares/${confirmed.body['id']}`)).body['award']).toEqual({
      status: 'none',
      why: 'confirming',
    });
    expect((await programme.disclose('again', advice)).status).toBe(200);
    const [ended] = await rowsOf('again');
    expect(ended).toEqual({ superseded: 1, active: 2, revocations: 1, notices: 1, values: 1, points: 120 });
    // It is not merely confirming any more.
    expect((await quote('again', offer.id))['earnsNow']).toBe(true);
    expect((await shareFor('again', await inForce(offer), ['greeting', 'advice'])).body['award'].status).toBe(
      'pending',
    );
  });

  it('keeps what was consented to when it is not confirmed, where staff gave no grace', async () => {
    const offer = await programme.publish(GREETING);
    await shareFor('silent', offer, ['greeting']);
    await next(offer, ADVICE_TOO);
    expect((await quote('silent', offer.id))['confirms']).toEqual({});
    await service.worker?.stop();
    await service.startWorker();
    await eventually(
      () => programme.balance('silent'),
      ({ available }) => available === 120,
    );
    expect((await programme.disclose('silent')).status).toBe(200);
  });

  it('is asked about the last material notice, over all that came between', async () => {
    const offer = await programme.publish(GREETING);
    await shareFor('late', offer, ['greeting']);
    await next(offer, ADVICE_TOO);
    await next(offer, { title: 'Another title' });
    expect((await quote('late', offer.id))['confirms']).toEqual({});
    await shareFor('late', await inForce(offer), ['greeting', 'advice']);
    expect((await rowsOf('late'))[0]).toMatchObject({ superseded: 1, active: 2 });
  });
});

const rowsOf = async (ref: string): Promise<Record<string, number>[]> =>
  (
    await superuser.query<Record<string, number>>(
      `SELECT (SELECT count(*)::int FROM consents k WHERE k.customer_id = c.id AND k.status = 'superseded') AS superseded,
              (SELECT count(*)::int FROM consents k WHERE k.customer_id = c.id AND k.status = 'active') AS active,
              (SELECT count(*)::int FROM revocations r WHERE r.customer_id = c.id) AS revocations,
              (SELECT count(*)::int FROM revocation_notices n JOIN revocations r ON r.id = n.revocation_id WHERE r.customer_id = c.id) AS notices,
              (SELECT count(*)::int FROM vault_values v WHERE v.customer_id = c.id) AS values,
              (SELECT sum(balance)::int FROM accounts a WHERE a.customer_id = c.id AND a.programme_id = c.programme_id AND a.kind = 'available') AS points
         FROM customers c WHERE c.ref = $1`,
      [ref],
    )
  ).rows;

describe('a programme that ends', () => {
  let ending: TestProgramme;
  let slug: string;
  let jobId: string;
  const operator = (method: string, body?: object): Promise<Answer> =>
    call(service.url, method, `/v1/programmes/${ending.id}/end`, { key: service.operatorKey, ...(body && { body }) });
  const staff = (method: string, path: string, body?: object): Promise<Answer> =>
    call(service.url, method, path, { key: ending.adminKey, ...(body && { body }) });
  const shop = (method: string, path: string, body?: object): Promise<Answer> =>
    call(service.url, method, path, { key: ending.storefrontKey, ...(body && { body }) });
  const reference = { customerRef: 'one', points: 10, reason: 'Order', reference: 'order-1' };

  beforeAll(async () => {
    ending = await createProgramme(service);
    const id = parsePublicId('prg', ending.id);
    slug = (await superuser.query<{ slug: string }>('SELECT slug FROM programmes WHERE id = $1', [id])).rows[0]!.slug;
    await Promise.all(Array.from({ length: 5 }, (_, n) => ending.share(n === 0 ? 'one' : `other-${n}`)));
    await shop('POST', '/v1/awards', reference);
    await ending.disclose('one');
    await eventually(
      () => ending.balance('one'),
      ({ available }) => available === 130,
    );
  });

  it('is named by its slug, so that no other ends by mistake', async () => {
    expect((await operator('GET')).status).toBe(404);
    const { status, body } = await operator('POST', { slug: 'another' });
    expect([status, body['errors'][0].pointer]).toEqual([422, '/slug']);
    expect((await ending.disclose('one')).status).toBe(200);
  });

  it('ends everything of everyone by one call, which can be watched and not be stopped', async () => {
    const ended = await operator('POST', { slug });
    expect(ended.status).toBe(202);
    jobId = ended.body['jobId'] as string;
    expect((await ending.disclose('other-1')).status).toBe(403);
    expect((await staff('POST', `/v1/jobs/${jobId}/cancel`)).status).toBe(403);
    const seen = await eventually(
      () => operator('GET'),
      ({ body }) => body['status'] === 'done',
    );
    expect(seen.body).toMatchObject({ id: jobId, kind: 'programme-end', total: 5, done: 5, failed: 0 });
    expect((await operator('POST', { slug })).body).toEqual({ jobId });
    const left = async () =>
      (
        await superuser.query<{ left: number }>(
          `SELECT (SELECT count(*) FROM consents WHERE programme_id = $1 AND status = 'active')::int +
                  (SELECT count(*) FROM vault_values WHERE programme_id = $1)::int +
                  (SELECT count(*) FROM key_store.data_keys WHERE programme_id = $1 AND wrapped_key IS NOT NULL)::int AS left`,
          [parsePublicId('prg', ending.id)],
        )
      ).rows[0]?.left;
    expect(await eventually(left, (count) => count === 0)).toBe(0);
  });

  it('begins nothing new', async () => {
    expect((await ending.share('late')).body['type']).toBe('urn:gegenwert:problem:offer-not-live');
    const offer = `/v1/offers/${ending.offer.id}`;
    expect((await staff('GET', offer)).body['status']).toBe('ended');
    for (const step of ['resume', 'publish']) {
      expect((await staff('POST', `${offer}/${step}`)).body['type']).toBe('urn:gegenwert:problem:programme-ended');
    }
    const award = await shop('POST', '/v1/awards', { ...reference, reference: 'order-2' });
    expect([award.status, award.body['type']]).toEqual([409, 'urn:gegenwert:problem:programme-ended']);
    expect((await shop('POST', '/v1/awards', reference)).status).toBe(201);
  });

  it('keeps points until their dates, recipients informed and customers in their rights', async () => {
    expect((await ending.balance('one')).available).toBe(130);
    const order = { customerRef: 'one', points: 30, orderRef: 'order-3', capture: true };
    expect((await shop('POST', '/v1/redemptions', order)).status).toBe(201);
    const { apiKey: key } = ending.recipients.newsletter;
    const { body } = await call(service.url, 'GET', '/v1/revocation-notices?status=owed', { key });
    const path = `/v1/revocation-notices/${body['data'][0].id}/acknowledgement`;
    expect((await call(service.url, 'POST', path, { key, body: { did: 'erased' } })).status).toBe(200);
    const { revocationId } = body['data'][0];
    expect((await shop('GET', `/v1/revocations/${revocationId}`)).body).toMatchObject({
      status: 'complete',
      scope: { programme: true },
    });
    expect((await shop('GET', '/v1/customers/one/ledger')).body['data']).toHaveLength(1);
    expect((await shop('DELETE', '/v1/customers/other-1')).status).toBe(202);
  });

  it('leaves the other programmes as they are', async () => {
    await programme.share('elsewhere');
    expect((await programme.disclose('elsewhere')).status).toBe(200);
  });
});
