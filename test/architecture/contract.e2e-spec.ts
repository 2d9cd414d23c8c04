import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { buildApi } from '../../src/api';
import { isPage } from '../../src/platform/http/is-page';
import { readConfig } from '../../src/platform/config';
import { KeyRing } from '../../src/platform/key-ring';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { startReceiver } from '../setup/receiver';
import { call, eventually, startService, type RunningService } from '../setup/service';
import { CONTRACT_FILE, faultsOf, type Heard, listen, type Media, operationOf, operations } from './contract';

describe('the contract as a document', () => {
  it('is what the build says', () => {
    const printed = execFileSync(process.execPath, [join(__dirname, '../../dist/src/openapi.js')], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    // Not by a matcher, which would print both.
    expect(printed === readFileSync(CONTRACT_FILE, 'utf8') ? 'current' : 'stale: npm run openapi').toBe('current');
  });

  it('has every route of the server, and no other', async () => {
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual((await routes()).sort());
  });

  it.each(operations.filter(({ requestBody }) => requestBody))(
    '$operationId has an example that its schema accepts',
    ({ requestBody }) => {
      const media = requestBody?.content['application/json'] as Media;
      const examples = media.examples ? Object.values(media.examples).map(({ value }) => value) : [media.example];
      expect(examples.map((example) => faultsOf(media.schema, example))).toEqual(examples.map(() => []));
      expect(examples).not.toContainEqual({});
    },
  );

  it('says who may call every operation but those of the service itself', () => {
    const open = operations.filter(({ security }) => security.length === 0).map(({ operationId }) => operationId);
    // Who comes with a link, or is about to sign in, is not known yet.
    expect(open.sort()).toEqual(['enterMySession', 'getConsoleConfig', 'jwks', 'live', 'ready']);
  });
});

/** Method and path of what Fastify really routes; /docs shows the contract and is no part of it, nor are the pages. */
async function routes(): Promise<string[]> {
  jest.spyOn(SwaggerModule, 'setup').mockImplementation(() => undefined);
  const found = new Set<string>();
  const { init } = FastifyAdapter.prototype;
  jest.spyOn(FastifyAdapter.prototype, 'init').mockImplementation(function (this: FastifyAdapter) {
    this.getInstance().addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) found.add(`${one} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    });
    return init.call(this);
  });
  const nothing = {} as never;
  const keyRing = new KeyRing(Buffer.alloc(32), nothing);
  const app = await buildApi({
    config: readConfig({}),
    database: nothing,
    keyRing,
    signingKeys: nothing,
    logger: nothing,
    bell: nothing,
  });
  jest.restoreAllMocks();
  await app.close();
  return [...found].filter((route) => !/^(HEAD|OPTIONS) | \*$/.test(route) && !isPage(route.split(' ')[1] ?? ''));
}

const problem = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}` } });

describe('the contract as it is kept', () => {
  let database: TestDatabase;
  let service: RunningService;
  let programme: TestProgramme;
  const ear = listen();

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({ databaseUrl: database.url });
    programme = await createProgramme(service);
  });

  afterAll(async () => {
    ear.stop();
    await service.stop();
    await database.drop();
  });

  const admin = (method: string, path: string, body?: unknown) =>
    call(service.url, method, path, { key: programme.adminKey, body });
  const storefront = (method: string, path: string, body?: unknown) =>
    call(service.url, method, path, { key: programme.storefrontKey, body });
  const recipient = (method: string, path: string, body?: unknown) =>
    call(service.url, method, path, { key: programme.recipients.newsletter.apiKey, body });

  it('serves its own operations', async () => {
    for (const path of ['/health/live', '/health/ready', '/.well-known/jwks.json']) {
      expect((await call(service.url, 'GET', path)).status).toBe(200);
    }
  });

  it('lets staff do their work', async () => {
    const issued = await admin('POST', '/v1/keys', { kind: 'staff', name: 'Mara', role: 'marketing' });
    const rotated = await admin('POST', `/v1/keys/${issued.body['id']}/rotate`, { overlapSeconds: 0 });
    expect((await admin('DELETE', `/v1/keys/${rotated.body['id']}`)).status).toBe(204);
    const issuer = await admin('POST', '/v1/issuers', {
      issuer: 'https://login.example',
      audience: 'https://gegenwert.example/test',
      subjects: 'customers',
    });
    expect(issuer.status).toBe(201);
    const origins = ['https://shop.example'];
    expect(
      (await call(service.url, 'PUT', '/v1/embed-origins', { key: programme.adminKey, body: { origins } })).body,
    ).toEqual({ origins });
    expect((await admin('GET', '/v1/embed-origins')).status).toBe(200);
    const { body: me } = await admin('GET', '/v1/staff/me');
    const config = `/v1/console-config?programme=${me['programme'].slug}`;
    expect((await call(service.url, 'GET', config)).status).toBe(200);
    for (const list of ['keys', 'issuers', 'attributes', 'purposes', 'recipients', 'offers']) {
      expect((await admin('GET', `/v1/${list}?limit=1`)).status).toBe(200);
    }
    expect((await admin('DELETE', `/v1/issuers/${issuer.body['id']}`)).status).toBe(204);
    for (const one of ['attributes/diet', 'purposes/advice', 'recipients/newsletter']) {
      expect((await admin('GET', `/v1/${one}`)).status).toBe(200);
    }
    const agreed = { dueHours: 48, suspendWhenOverdue: true, publicKey: null };
    expect((await admin('PATCH', '/v1/recipients/recommender', agreed)).body['dueHours']).toBe(48);
    const replaced = await call(service.url, 'PUT', '/v1/recipients/recommender/public-key', {
      key: programme.recipients.recommender.apiKey,
      body: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    });
    expect(replaced.status).toBe(200);
    expect((await admin('GET', '/v1/revocation-notices/overdue')).status).toBe(200);
    const draft = await admin('POST', '/v1/offers', {
      ...OFFER,
      key: 'everything',
      budget: { points: 1000 },
      perCustomer: { times: 2, everyDays: 30 },
      eligibility: 'country == "DE"',
      minimumAge: { default: 16, AT: 14 },
      regions: ['DE', 'US-CA'],
      startsAt: '2020-01-01T00:00:00Z',
      endsAt: '2100-01-01T00:00:00Z',
      validDays: 90,
      valueOfData: { method: '§ 7081(a)(8)', inputs: 'see file', reviewer: 'DPO', validUntil: '2099-12-31' },
    });
    const offer = `/v1/offers/${draft.body['id']}`;
    expect((await admin('PATCH', offer, { minimumAge: null })).status).toBe(200);
    const preview = { ...OFFER, text: { de: 'Sag es uns' } };
    expect((await admin('POST', '/v1/offer-previews', preview)).status).toBe(200);
    for (const eligibility of ['country == "DE"', 'country ==', '1 + 1'])
      expect((await admin('POST', '/v1/eligibility-checks', { eligibility })).status).toBe(200);
    const examples = [{ name: 'Anna', context: { country: 'DE' } }, { context: {} }];
    expect((await admin('POST', `${offer}/dry-run`, { examples })).status).toBe(200);
    expect((await admin('GET', `${offer}/checks?locale=en`)).body['ready']).toBe(true);
    expect((await admin('POST', `${offer}/duplicate`, { key: 'everythingAgain' })).status).toBe(201);
    // A second person, as long as the programme wants one.
    expect((await admin('GET', '/v1/programme')).body['requiresApproval']).toBe(false);
    expect((await admin('PATCH', '/v1/programme', { requiresApproval: true })).status).toBe(200);
    expect((await admin('POST', `${offer}/submission`)).status).toBe(200);
    expect(await admin('POST', `${offer}/publish`)).toMatchObject(problem(409, 'approval-required'));
    expect(await admin('POST', `${offer}/approval`)).toMatchObject(problem(409, 'second-person-required'));
    const ada = await admin('POST', '/v1/keys', { kind: 'staff', name: 'Ada', role: 'marketing' });
    const approval = await call(service.url, 'POST', `${offer}/approval`, {
      key: ada.body['key'],
      body: { revision: 2 },
    });
    expect(approval.body['approval'].state).toBe('approved');
    for (const step of ['publish', 'pause', 'resume'])
      expect((await admin('POST', `${offer}/${step}`)).status).toBe(200);
    expect((await admin('PATCH', '/v1/programme', { requiresApproval: false })).status).toBe(200);
    expect((await admin('PATCH', offer, { text: 'Another text' })).status).toBe(200);
    expect(
      (await admin('POST', `${offer}/publish`, { change: 'material', graceDays: 30 })).body['confirmBy'],
    ).toBeDefined();
    // The next version beside the one in force.
    expect((await admin('PATCH', offer, { title: 'Another' })).body['draft']).not.toBeNull();
    expect((await admin('GET', offer)).status).toBe(200);
    expect((await admin('GET', `${offer}/figures`)).status).toBe(200);
    expect((await admin('GET', `${offer}/versions?limit=2`)).body['data']).toHaveLength(2);
    expect((await admin('POST', `${offer}/end`)).status).toBe(200);
  });

  it('lets a storefront, a recipient and a customer do theirs', async () => {
    const discount = await programme.publish({
      key: 'code',
      asks: [{ attribute: 'shoeSize', purposes: ['greeting', { key: 'advice', required: false }] }],
      reward: { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } },
      budget: { codes: 10 },
    });
    const customer = '/v1/customers/anna';
    const context = { country: 'DE', ageBand: '18-24' };
    await storefront('POST', '/v1/quotes', { customerRef: 'anna', locale: 'de', context });
    const share = await programme.share('anna');
    const coded = await programme.share('anna', {
      offer: discount,
      values: { shoeSize: 38 },
      consents: [{ attribute: 'shoeSize', purposes: ['greeting'] }],
    });
    await programme.share('anna');
    for (const { body } of [share, coded]) {
      const find = () => storefront('GET', `/v1/shares/${body['id']}`);
      await eventually(find, (answer) => answer.body['award'].status === 'granted');
    }
    await storefront('GET', `${customer}/offers?locale=de`);
    await admin('GET', `/v1/offers/${programme.offer.id}/figures`);
    await eventually(
      () => admin('GET', '/v1/checkpoints?limit=1'),
      ({ body }) => body['data'].length === 1,
    );
    expect((await programme.disclose('anna')).status).toBe(200);
    const many = { customerRefs: ['anna'], purpose: 'greeting', attributes: ['birthday'], reason: 'test' };
    expect((await recipient('POST', '/v1/disclosures/batch', many)).body['values']).toEqual({ birthday: '1990-04-01' });
    expect((await recipient('POST', '/v1/disclosures/batch', { ...many, customerRefs: ['nobody'] })).status).toBe(200);
    await programme.revoke('anna', { share: share.body['id'] }, { dryRun: true });
    const revoked = await programme.revoke('anna', { share: share.body['id'] });
    expect(revoked.status).toBe(201);
    expect((await programme.revoke('anna', { purpose: 'nothing' })).status).toBe(200);
    await eventually(
      () => storefront('GET', `/v1/revocations/${revoked.body['id']}`),
      (answer) => answer.body['status'] !== 'blocked',
    );
    const owed = await recipient('GET', '/v1/revocation-notices?status=owed');
    const notice = owed.body['data'][0].id;
    await recipient('POST', `/v1/revocation-notices/${notice}/acknowledgement`, { did: 'erased' });
    await recipient('GET', '/v1/revocation-notices');
    for (const proof of ['certificate', 'receipt']) {
      expect((await storefront('GET', `/v1/revocations/${revoked.body['id']}/${proof}`)).status).toBe(200);
    }
    await storefront('GET', `/v1/revocations/${revoked.body['id']}`);
    for (const view of ['balance', 'ledger', 'entries', 'recipients', 'export']) {
      expect((await storefront('GET', `${customer}/${view}`)).status).toBe(200);
    }
    const session = await storefront('POST', '/v1/customer-sessions', { customerRef: 'anna', locale: 'de' });
    const me = (method: string, path: string, body?: unknown) =>
      call(service.url, method, `/v1/me/${path}`, { key: session.body['token'], body });
    const { hash } = new URL(session.body['url'] as string);
    const body = { link: hash.replace('#link=', '') };
    const entered = await call(service.url, 'POST', '/v1/me/session', { body, idempotencyKey: null });
    expect(entered.status).toBe(201);
    expect(await call(service.url, 'POST', '/v1/me/session', { body, idempotencyKey: null })).toMatchObject(
      problem(410, 'link-used'),
    );
    const left = () => call(service.url, 'DELETE', '/v1/me/session', { key: entered.body['token'] });
    expect((await left()).status).toBe(204);
    expect(await left()).toMatchObject(problem(401, 'unauthorized'));
    for (const view of [
      'session',
      'uses',
      'values',
      'offers',
      'balance',
      'ledger',
      'entries',
      'recipients',
      'export',
      `shares/${coded.body['id']}`,
    ]) {
      expect((await me('GET', view)).status).toBe(200);
    }
    const third = await programme.publish({ key: 'third' });
    const mine = await me('POST', 'shares', {
      offerId: third.id,
      offerVersion: third.version,
      noticeHash: third.noticeHash,
      values: { birthday: '1990-04-01' },
      consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
    });
    expect(mine.status).toBe(201);
    const all = await me('POST', 'revocations', { everything: true });
    for (const key of [session.body['token'], programme.storefrontKey] as string[]) {
      const path = key === programme.storefrontKey ? 'revocations' : 'me/revocations';
      const watched = await fetch(`${service.url}/v1/${path}/${revoked.body['id']}`, {
        headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
      });
      expect(await watched.text()).toMatch(/^data: \{.*"status":"complete".*\}$/m);
    }
    for (const view of ['', '/certificate', '/receipt']) {
      for (const format of ['csv', 'zip']) {
        const headers = { authorization: `Bearer ${session.body['token']}` };
        expect((await fetch(`${service.url}/v1/me/export?format=${format}`, { headers })).status).toBe(200);
      }
      expect((await admin('GET', '/v1/processing-record')).status).toBe(200);
      expect((await me('GET', `revocations/${all.body['id']}${view}`)).status).toBe(200);
    }
    await me('GET', 'ledger');
    await me('GET', 'export');
  });

  it('shows the data-protection officer what became of consents, and who changed what', async () => {
    const reads = [
      'consents/by-purpose',
      'customers/anna/consents',
      'customers/anna/disclosures',
      'revocations',
      'revocations?status=complete&overdue=false',
      'chain',
      'changes',
      'changes?by=operator&object=programme',
      `changes?object=${programme.offer.id}`,
    ];
    for (const one of reads) expect((await admin('GET', `/v1/${one}`)).status).toBe(200);
    expect(await admin('GET', '/v1/changes?object=nothing')).toMatchObject(problem(422, 'invalid-request'));
    expect(await admin('GET', '/v1/customers/nobody/consents')).toMatchObject(problem(404, 'not-found'));
    expect(await storefront('GET', '/v1/changes')).toMatchObject(problem(403, 'forbidden'));
  });

  it('lets values be asked about, corrected, paused and ended, and says how far long work is', async () => {
    await programme.share('emil');
    const question = { customerRef: 'emil', purpose: 'greeting', expression: 'birthday == "1990-04-01"' };
    expect((await recipient('POST', '/v1/predicates', question)).body['result']).toBe(true);
    const value = { value: '1991-05-02' };
    expect((await storefront('PUT', '/v1/customers/emil/values/birthday', value)).status).toBe(200);
    const until = '2099-01-01T00:00:00Z';
    const paused = await storefront('POST', '/v1/pauses', { customerRef: 'emil', everything: true, until });
    expect(await programme.disclose('emil')).toMatchObject({ status: 403 });
    expect((await storefront('DELETE', `/v1/pauses/${paused.body['id']}`)).status).toBe(204);
    const session = await storefront('POST', '/v1/customer-sessions', { customerRef: 'emil', locale: 'en' });
    const me = (method: string, path: string, body?: unknown) =>
      call(service.url, method, `/v1/me${path}`, { key: session.body['token'], body });
    expect((await me('PUT', '/values/birthday', value)).status).toBe(200);
    const mine = await me('POST', '/pauses', { purpose: 'greeting', until });
    expect((await me('DELETE', `/pauses/${mine.body['id']}`)).status).toBe(204);
    const erased = await me('DELETE', '');
    await eventually(
      () => me('GET', `/jobs/${erased.body['jobId']}`),
      ({ body }) => body['status'] === 'done',
    );
    const watched = await fetch(`${service.url}/v1/me/jobs/${erased.body['jobId']}`, {
      headers: { authorization: `Bearer ${session.body['token']}`, accept: 'text/event-stream' },
    });
    expect(await watched.text()).toMatch(/^data: \{.*"status":"done".*\}$/m);
    await programme.share('frida');
    expect((await storefront('DELETE', '/v1/customers/frida?balance=forfeit')).status).toBe(202);
  });

  it('lets points be awarded and wrong ones reversed, and codes be used', async () => {
    const order = { customerRef: 'ida', points: 250, reason: 'Order', reference: 'order-1', validDays: 30 };
    const given = await storefront('POST', '/v1/awards', order);
    expect(given.status).toBe(201);
    const award = `/v1/awards/${given.body['id']}`;
    await eventually(
      () => storefront('GET', award),
      ({ body }) => body['status'] === 'granted',
    );
    const wrong = { reason: 'duplicate', evidence: 'Order 1 was awarded twice.', points: 50 };
    expect((await admin('POST', `${award}/reversals`, wrong)).status).toBe(201);
    expect((await admin('GET', award)).body['reversals']).toHaveLength(1);
    await storefront('GET', '/v1/customers/ida/entries');
    const code = await issueCode('ida');
    const cart = { orderRef: 'order-2', order: { totalMinor: 4990, currency: 'EUR' } };
    const discount = `/v1/discounts/${code}`;
    for (const step of ['reserve', 'release', 'reserve', 'redeem']) {
      const body = step === 'release' ? { orderRef: 'order-2' } : cart;
      expect(await storefront('POST', `${discount}/${step}`, body)).toMatchObject({ status: 200 });
    }
    expect((await storefront('GET', discount)).body['status']).toBe('redeemed');
  });

  it('lets points be held, spent and given back, and be worth something', async () => {
    const award = { customerRef: 'kim', points: 100, reason: 'Order', reference: 'order-5' };
    const given = await storefront('POST', '/v1/awards', award);
    await eventually(
      () => storefront('GET', `/v1/awards/${given.body['id']}`),
      ({ body }) => body['status'] === 'granted',
    );
    const order = { customerRef: 'kim', points: 20, orderRef: 'order-6', capture: false };
    const redeem = (more: object) => storefront('POST', '/v1/redemptions', { ...order, ...more });
    const held = await redeem({ holdSeconds: 60 });
    expect([held.status, held.body['status']]).toEqual([201, 'held']);
    const step = (name: string, body?: object) =>
      storefront('POST', `/v1/redemptions/${held.body['id']}/${name}`, body);
    expect((await step('capture')).status).toBe(200);
    expect((await step('refund', { points: 5 })).body['refunded']).toBe(5);
    expect(await step('release')).toMatchObject(problem(409, 'redemption-state'));
    expect(await step('refund', { points: 16 })).toMatchObject(problem(409, 'redemption-state'));
    const letGo = await redeem({});
    expect((await storefront('POST', `/v1/redemptions/${letGo.body['id']}/release`)).body['releasedBy']).toBe(
      'storefront',
    );
    expect(await redeem({ points: 1000 })).toMatchObject(problem(409, 'insufficient-points'));
    const rate = {
      points: 1,
      amountMinor: 10,
      currency: 'EUR',
      taxes: 'gross',
      minimumPoints: 5,
      maximumSharePercent: 50,
    };
    expect((await admin('POST', '/v1/point-rates', rate)).status).toBe(201);
    expect((await admin('GET', '/v1/point-rates?limit=1')).status).toBe(200);
    const spend = (totalMinor: number) => redeem({ capture: true, order: { totalMinor, currency: 'EUR' } });
    expect(await redeem({})).toMatchObject(problem(422, 'invalid-request'));
    expect(await spend(399)).toMatchObject(problem(409, 'redemption-limit'));
    const spent = await spend(400);
    expect(spent.body['value']).toMatchObject({ amountMinor: 200, taxes: 'gross' });
    expect((await storefront('GET', `/v1/redemptions/${spent.body['id']}`)).body).toEqual(spent.body);
    await accountFor('kim', spent.body['id']);
  });

  /** Where points came from, what they did, and what all of them come to. */
  async function accountFor(customerRef: string, redemption: string): Promise<void> {
    expect((await storefront('GET', `/v1/redemptions/${redemption}/lineage`)).body['points']).toBe(20);
    const session = await storefront('POST', '/v1/customer-sessions', { customerRef, locale: 'de' });
    const me = (path: string) => call(service.url, 'GET', `/v1/me/${path}`, { key: session.body['token'] });
    expect((await me(`redemptions/${redemption}/lineage`)).status).toBe(200);
    const statement = `/v1/customers/${customerRef}/statement`;
    expect((await storefront('GET', `${statement}?from=2020-01-01T00:00:00Z&by=effective`)).status).toBe(200);
    expect(await storefront('GET', `${statement}?from=hope`)).toMatchObject(problem(422, 'invalid-request'));
    const csv = await fetch(`${service.url}${statement}?format=csv`, {
      headers: { authorization: `Bearer ${programme.storefrontKey}` },
    });
    expect(csv.status).toBe(200);
    expect((await me('statement')).status).toBe(200);
    expect((await me('entries')).status).toBe(200);
    for (const books of ['liability', 'liability?at=2026-01-01T00:00:00Z', 'movements?period=day', 'trial-balance']) {
      expect((await admin('GET', `/v1/accounting/${books}`)).status).toBe(200);
    }
    const figures = (path: string) => admin('GET', `/v1/figures/${path}`);
    for (const figure of ['funnel', 'burn-down', 'cohorts']) {
      expect((await figures(`${figure}?offer=${programme.offer.id}`)).status).toBe(200);
      const text = await fetch(`${service.url}/v1/figures/${figure}?offer=${programme.offer.id}&format=csv`, {
        headers: { authorization: `Bearer ${programme.adminKey}` },
      });
      expect(text.status).toBe(200);
    }
    for (const figure of ['cohorts', 'attribute-costs', 'liability', 'stopping-times?weeks=4']) {
      expect((await figures(figure)).status).toBe(200);
    }
    expect(await figures('funnel')).toMatchObject(problem(422, 'invalid-request'));
    expect(await figures('cohorts?purpose=none')).toMatchObject(problem(404, 'not-found'));
    expect((await admin('GET', '/v1/accounting/reconciliation')).body).toEqual({ differences: 0, data: [] });
    expect(await admin('GET', '/v1/accounting/movements?from=hope')).toMatchObject(problem(422, 'invalid-request'));
  }

  /** A code of 5 euros off an order of 20. */
  async function issueCode(customerRef: string): Promise<string> {
    const discount = { kind: 'amount', amountMinor: 500, currency: 'EUR', minimumOrderMinor: 2000, validDays: 30 };
    const offer = await programme.publish({ reward: { type: 'discount', discount } });
    const { body } = await programme.share(customerRef, { offer });
    const { body: share } = await eventually(
      () => storefront('GET', `/v1/shares/${body['id']}`),
      (answer) => answer.body['award'].status === 'granted',
    );
    return share['award'].code as string;
  }

  it('lets a storefront and a recipient be told of what happens', async () => {
    const receiver = await startReceiver();
    const added = await storefront('POST', '/v1/webhooks', { url: receiver.url('/shop'), events: ['share.accepted'] });
    const webhook = `/v1/webhooks/${added.body['id']}`;
    expect((await storefront('PATCH', webhook, { events: ['share.accepted', 'award.granted'] })).status).toBe(200);
    expect((await storefront('POST', `${webhook}/rotate`, { overlapSeconds: 60 })).status).toBe(201);
    expect((await storefront('GET', webhook)).body['formerSecretUntil']).toEqual(expect.any(String));
    await programme.share('lena');
    const sent = await eventually(
      () => storefront('GET', `${webhook}/deliveries?status=delivered&limit=1`),
      ({ body }) => body['data'].length === 1,
    );
    const delivery = `/v1/webhook-deliveries/${sent.body['data'][0].id}`;
    expect((await storefront('POST', `${delivery}/redelivery`)).status).toBe(201);
    expect((await storefront('GET', delivery)).status).toBe(200);
    expect((await storefront('POST', `${webhook}/test`)).status).toBe(201);
    expect((await admin('GET', '/v1/webhooks?limit=1')).body['data']).toHaveLength(1);
    await storefront('PATCH', webhook, { enabled: false });
    expect(await storefront('POST', `${webhook}/test`)).toMatchObject(problem(409, 'webhook-disabled'));
    const wanted = { key: 'hooked', name: 'Hooked', purposes: ['greeting'], webhookUrl: receiver.url('/recipient') };
    const { body: hooked } = await admin('POST', '/v1/recipients', wanted);
    const own = await call(service.url, 'GET', '/v1/webhooks', { key: hooked['apiKey'] });
    expect(own.body['data']).toMatchObject([{ recipientId: hooked['id'] }]);
    expect(await admin('DELETE', `/v1/webhooks/${own.body['data'][0].id}`)).toMatchObject(
      problem(409, 'webhook-of-recipient'),
    );
    expect((await storefront('DELETE', webhook)).status).toBe(204);
    await receiver.stop();
  });

  it('lets two customers who are one be merged, and parted again', async () => {
    await programme.share('jana');
    await storefront('POST', '/v1/awards', { customerRef: 'jana', points: 10, reason: 'Order', reference: 'order-7' });
    const merged = await storefront('POST', '/v1/customers/jana/merge', { into: 'jana-online' });
    expect(merged).toMatchObject({ status: 201, body: { consentsPaused: 2 } });
    const alias = { type: 'urn:gegenwert:problem:customer-merged', mergedInto: 'jana-online' };
    expect(await programme.share('jana')).toMatchObject({ status: 409, body: alias });
    expect(await storefront('GET', '/v1/customers/jana/balance')).toMatchObject({ status: 409, body: alias });
    await eventually(
      () => programme.balance('jana-online'),
      ({ available }) => available === 130,
    );
    await storefront('GET', '/v1/customers/jana-online/entries');
    const path = `/v1/merges/${merged.body['id']}`;
    expect((await storefront('GET', path)).body['status']).toBe('merged');
    expect((await storefront('POST', `${path}/undo`)).body['pointsReturned']).toBe(130);
    expect(await storefront('POST', `${path}/undo`)).toMatchObject({
      status: 409,
      body: { type: 'urn:gegenwert:problem:merge-state' },
    });
    expect((await storefront('GET', path)).body['status']).toBe('undone');
  });

  describe('answers what is wrong as a problem:', () => {
    const share = (changes: object = {}) => ({
      customerRef: 'bert',
      offerId: programme.offer.id,
      offerVersion: programme.offer.version,
      noticeHash: programme.offer.noticeHash,
      values: { birthday: '1990-04-01' },
      consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
      ...changes,
    });
    const send = (body: string | undefined, headers: Record<string, string> = {}, path = '/v1/shares') =>
      fetch(service.url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${programme.storefrontKey}`,
          'idempotency-key': 'a key of its own',
          'content-type': 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      }).then(async (response) => ({ status: response.status, body: (await response.json()) as object }));

    it('no Idempotency-Key from a storefront', async () => {
      const answer = await call(service.url, 'POST', '/v1/shares', {
        key: programme.storefrontKey,
        body: share(),
        idempotencyKey: null,
      });
      expect(answer).toMatchObject(problem(400, 'idempotency-key-required'));
    });

    it('an Idempotency-Key of more than 255 characters, or of none', async () => {
      const text = JSON.stringify(share());
      expect(await send(text, { 'idempotency-key': 'k'.repeat(256) })).toMatchObject(problem(422, 'invalid-request'));
      expect(await send(text, { 'idempotency-key': '' })).toMatchObject(problem(422, 'invalid-request'));
    });

    it('the same key with another body; with the same one it is the first answer', async () => {
      const options = { key: programme.storefrontKey, idempotencyKey: 'once' };
      const first = await call(service.url, 'POST', '/v1/shares', { ...options, body: share() });
      const again = await call(service.url, 'POST', '/v1/shares', { ...options, body: share() });
      const other = await call(service.url, 'POST', '/v1/shares', { ...options, body: share({ channel: 'else' }) });
      expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
      expect(again.body).toEqual(first.body);
      expect(other).toMatchObject(problem(422, 'idempotency-key-reused'));
    });

    it('what is no JSON, no object, or not what its content type says', async () => {
      expect(await send('{"customerRef":')).toMatchObject(problem(400, 'malformed-request'));
      expect(await send('')).toMatchObject(problem(400, 'malformed-request'));
      expect(await send('[]')).toMatchObject(problem(422, 'invalid-request'));
      expect(await send('null')).toMatchObject(problem(422, 'invalid-request'));
      expect(await send('"text"')).toMatchObject(problem(422, 'invalid-request'));
      expect(await send('{}', { 'content-type': 'text/plain' })).toMatchObject(problem(415, 'unsupported-media-type'));
      for (const type of ['application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
        expect(await send('a=b', { 'content-type': type })).toMatchObject(problem(415, 'unsupported-media-type'));
      }
    });

    it('more than 256 kB', async () => {
      const text = JSON.stringify(share({ values: { birthday: 'x'.repeat(256 * 1024) } }));
      expect(await send(text)).toMatchObject(problem(413, 'too-large'));
    });

    it.each([
      ['__proto__ at the top', '{"__proto__":{"admin":true}}'],
      ['__proto__ among the values', '{"values":{"__proto__":{"birthday":"x"}}}'],
      ['constructor.prototype', '{"constructor":{"prototype":{"admin":true}}}'],
    ])('%s', async (_, text) => {
      const answer = await send(text);
      expect([400, 422]).toContain(answer.status);
    });

    it.each<[string, object]>([
      ['an array for an object', { values: [] }],
      ['an object for an array', { consents: {} }],
      ['an array of arrays', { consents: [[]] }],
      ['a string for a list of purposes', { consents: [{ attribute: 'birthday', purposes: 'greeting' }] }],
      ['an object for a purpose', { consents: [{ attribute: 'birthday', purposes: [{}] }] }],
      ['a string for a number', { offerVersion: '1' }],
      ['a list for a string', { customerRef: ['bert'] }],
      ['a customerRef that is too long', { customerRef: 'b'.repeat(129) }],
      ['a customerRef with a blank', { customerRef: 'b ert' }],
      ['a field that nobody knows', { price: 3 }],
      ['a locale that is no language tag', { locale: 'deutsch (DE)' }],
    ])('%s', async (_, changes) => {
      expect(await storefront('POST', '/v1/shares', share(changes))).toMatchObject(problem(422, 'invalid-request'));
    });

    it('"false" for false, "true" for true and 1 for true', async () => {
      const purpose = { key: 'x', title: { de: 'x', en: 'x' }, description: { de: 'x', en: 'x' } };
      for (const said of ['false', 'true', 1, 0, null, {}, []]) {
        const answer = await admin('POST', '/v1/purposes', { ...purpose, thirdPartyAdvertising: said });
        // null is a field left out.
        if (said !== null) expect(answer).toMatchObject(problem(422, 'invalid-request'));
        const everything = await storefront('POST', '/v1/revocations', { customerRef: 'bert', everything: said });
        expect(everything).toMatchObject(problem(422, 'invalid-request'));
      }
    });

    it('a share that is not as the offer asks', async () => {
      const consents = [{ attribute: 'birthday', purposes: ['greeting'] }];
      const outdated = share({ noticeHash: '0'.repeat(64) });
      expect(await storefront('POST', '/v1/shares', outdated)).toMatchObject(problem(409, 'notice-outdated'));
      expect(await storefront('POST', '/v1/shares', share({ consents }))).toMatchObject(
        problem(422, 'consent-incomplete'),
      );
      const invalid = await storefront('POST', '/v1/shares', share({ values: { birthday: 19900401 } }));
      expect(invalid).toMatchObject({
        ...problem(422, 'value-invalid'),
        body: { errors: [{ pointer: '/values/birthday' }] },
      });
      expect(JSON.stringify(invalid.body)).not.toContain('19900401');
    });

    it('an offer that is exhausted, paused, not for this customer, or nobody’s', async () => {
      const small = await programme.publish({ key: 'small', budget: { points: 120 } });
      expect((await programme.share('c1', { offer: small })).status).toBe(201);
      expect(await programme.share('c2', { offer: small })).toMatchObject(problem(409, 'offer-exhausted'));
      await admin('POST', `/v1/offers/${small.id}/pause`);
      expect(await programme.share('c3', { offer: small })).toMatchObject(problem(409, 'offer-not-live'));
      const choosy = await programme.publish({ key: 'choosy', eligibility: 'orders > 3' });
      expect(await programme.share('c4', { offer: choosy, context: { orders: 1 } })).toMatchObject(
        problem(409, 'not-eligible'),
      );
      const old = await programme.publish({ key: 'old', minimumAge: 18 });
      expect(await programme.share('c5', { offer: old, context: { ageBand: '13-17' } })).toMatchObject(
        problem(409, 'too-young'),
      );
      const nobodys = share({ offerId: 'off_01k9v5m3c8e1p9r2t4y6w8x0aa' });
      expect(await storefront('POST', '/v1/shares', nobodys)).toMatchObject(problem(404, 'not-found'));
    });

    it('a special-category attribute without its own consent', async () => {
      const special = await programme.publish({
        key: 'special',
        asks: [
          { attribute: 'diet', purposes: ['greeting'], required: true },
          { attribute: 'birthday', purposes: ['greeting'], required: true },
        ],
      });
      const answer = await programme.share('c6', {
        offer: special,
        values: { diet: 'vegan', birthday: '1990-04-01' },
        consents: [{ attribute: 'birthday', purposes: ['greeting'] }],
      });
      expect([422]).toContain(answer.status);
      expect(answer.body['type']).toMatch(/explicit-consent-required|consent-incomplete/);
    });

    it('a code that is used, over, or not for this order; a reference that is used; a reversal of what is not there', async () => {
      const discount = `/v1/discounts/${await issueCode('jens')}`;
      const order = (totalMinor: number, currency: string) => ({ orderRef: 'one', order: { totalMinor, currency } });
      const redeem = (body: object) => storefront('POST', `${discount}/redeem`, body);
      expect(await redeem(order(1999, 'EUR'))).toMatchObject(problem(409, 'order-too-small'));
      expect(await redeem(order(9999, 'CHF'))).toMatchObject(problem(409, 'currency-mismatch'));
      expect((await redeem(order(2000, 'EUR'))).status).toBe(200);
      for (const step of ['reserve', 'redeem', 'release']) {
        expect(await storefront('POST', `${discount}/${step}`, { orderRef: 'two' })).toMatchObject(
          problem(409, 'code-used'),
        );
      }
      expect(await storefront('GET', '/v1/discounts/SUMMER')).toMatchObject(problem(404, 'not-found'));
      const award = { customerRef: 'jens', points: 5, reason: 'Order', reference: 'order-3' };
      const { body: given } = await storefront('POST', '/v1/awards', award);
      expect(await storefront('POST', '/v1/awards', { ...award, points: 6 })).toMatchObject(
        problem(409, 'reference-used'),
      );
      await eventually(
        () => storefront('GET', `/v1/awards/${given['id']}`),
        ({ body }) => body['status'] === 'granted',
      );
      const reverse = (body: object) => admin('POST', `/v1/awards/${given['id']}/reversals`, body);
      expect(await reverse({ reason: 'error', evidence: 'x', points: 6 })).toMatchObject(
        problem(409, 'reversal-exceeds-award'),
      );
      expect(await reverse({ reason: 'consent-withdrawn', evidence: 'x' })).toMatchObject(
        problem(422, 'invalid-request'),
      );
    });

    it('a key, a slug or a state that is taken', async () => {
      expect(await admin('POST', '/v1/offers', { ...OFFER, key: 'small' })).toMatchObject(problem(409, 'key-taken'));
      const text = { de: 'x', en: 'x' };
      expect(await admin('POST', '/v1/purposes', { key: 'advice', title: text, description: text })).toMatchObject(
        problem(409, 'key-taken'),
      );
      expect(await admin('POST', `/v1/offers/${programme.offer.id}/resume`)).toMatchObject(problem(409, 'offer-state'));
      const { body } = await admin('GET', '/v1/keys');
      const own = (body['data'] as { id: string; role?: string }[]).find(({ role }) => role === 'admin');
      expect(await admin('DELETE', `/v1/keys/${own?.id}`)).toMatchObject(problem(409, 'last-admin-key'));
      const founding = { slug: `twice${Date.now()}`, name: 'Twice', locale: 'de' };
      const found = () => call(service.url, 'POST', '/v1/programmes', { key: service.operatorKey, body: founding });
      expect((await found()).status).toBe(201);
      expect(await found()).toMatchObject(problem(409, 'slug-taken'));
    });

    it('who is unknown, and who may not', async () => {
      expect(await call(service.url, 'GET', '/v1/offers')).toMatchObject(problem(401, 'unauthorized'));
      expect(await call(service.url, 'GET', '/v1/offers', { key: 'gw_st_nobody' })).toMatchObject(
        problem(401, 'unauthorized'),
      );
      expect(await storefront('GET', '/v1/offers')).toMatchObject(problem(403, 'forbidden'));
      expect(await programme.disclose('bert', { purpose: 'advice' })).toMatchObject(
        problem(403, 'purpose-not-registered'),
      );
      expect(await programme.disclose('nobody')).toMatchObject(problem(403, 'no-active-consent'));
    });

    it('what is not there', async () => {
      for (const path of [
        '/v1/offers/off_x',
        '/v1/offers/off_01k9v5m3c8e1p9r2t4y6w8x0aa',
        '/v1/purposes/none',
        '/v2',
      ]) {
        expect(await admin('GET', path)).toMatchObject(problem(404, 'not-found'));
      }
    });

    it('a page that there cannot be', async () => {
      for (const query of ['limit=0', 'limit=101', 'limit=1.5', 'limit=x', 'after=!', 'more=1', 'limit=1&limit=2']) {
        expect(await admin('GET', `/v1/offers?${query}`)).toMatchObject(problem(422, 'invalid-request'));
      }
    });
  });

  it('ends a purpose and a recipient for everyone, or is stopped in it', async () => {
    await service.worker?.stop();
    expect((await admin('POST', '/v1/recipients/recommender/withdrawal')).status).toBe(202);
    const { body } = await admin('POST', '/v1/purposes/advice/withdrawal');
    const job = `/v1/jobs/${body['jobId']}`;
    expect((await admin('GET', job)).body['status']).toBe('queued');
    expect((await admin('POST', `${job}/cancel`)).body['status']).toBe('cancelled');
    expect(await admin('POST', `${job}/cancel`)).toMatchObject({
      status: 409,
      body: { type: 'urn:gegenwert:problem:job-finished' },
    });
  });

  it('ends a programme, and says how far that is', async () => {
    const operator = (method: string, path: string, body?: object) =>
      call(service.url, method, `/v1/programmes${path}`, { key: service.operatorKey, ...(body && { body }) });
    const { body: founded } = await operator('POST', '', { slug: 'short-lived', name: 'Short-lived', locale: 'en' });
    const path = `/${founded['id']}/end`;
    expect(await operator('GET', path)).toMatchObject(problem(404, 'not-found'));
    expect(await operator('POST', path, { slug: 'another' })).toMatchObject(problem(422, 'invalid-request'));
    expect((await operator('POST', path, { slug: 'short-lived' })).status).toBe(202);
    expect((await operator('GET', path)).body['kind']).toBe('programme-end');
  });

  it('answered everything as it says', () => {
    expect(ear.faults).toEqual([]);
  });

  it('was tried with every operation that it has', () => {
    const done = ear.heard.filter(({ status }) => status < 300);
    const tried = done.map(({ method, pathname }: Heard) => operationOf(method, pathname)?.operationId);
    expect(operations.map(({ operationId }) => operationId).filter((id) => !tried.includes(id))).toEqual([]);
  });
});

const OFFER = {
  title: { de: 'Angebot', en: 'Offer' },
  text: 'Share with us',
  asks: [{ attribute: 'birthday', purposes: ['greeting'], required: true }],
  reward: { type: 'points', points: 10 },
};
