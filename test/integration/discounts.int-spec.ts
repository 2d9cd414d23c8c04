import * as fc from 'fast-check';
import { readCode } from '../../src/discounts/code-text';
import {
  findCode,
  redeemCode,
  releaseCode,
  reserveCode,
  type CodeUse,
  type DiscountCode,
} from '../../src/discounts/use-codes';
import { Database, type Tx } from '../../src/platform/database';
import { Problem } from '../../src/platform/problem';
import { brokenInvariants } from '../setup/invariants';
import { call, type Answer } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

let test: TestApp;
let shop: TestProgramme;
let database: Database;
beforeAll(async () => {
  test = await startTestApp();
  shop = await test.programme();
  database = await Database.connect({ url: test.databaseUrl, connections: 4, entities: [] });
});
afterAll(async () => {
  await database.close();
  await test.stop();
});

const TENTH = { kind: 'percent', percent: 10, validDays: 30 };
const offers = new Map<object, Promise<TestProgramme['offer']>>();
let made = 0;
/** A new code of an offer that promises such ones. */
async function issue(discount: object = TENTH): Promise<string> {
  const offer = offers.get(discount) ?? shop.publish({ reward: { type: 'discount', discount } });
  offers.set(discount, offer);
  const { body } = await shop.share(`customer-${(made += 1)}`, { offer: await offer });
  await test.grant(shop.id);
  return (await test.get(`/v1/shares/${body['id']}`, shop.storefrontKey)).body['award'].code as string;
}
const step = (code: string, what: string, orderRef: string, order?: object): Promise<Answer> =>
  test.post(`/v1/discounts/${code}/${what}`, shop.storefrontKey, { orderRef, ...(order ? { order } : {}) });
const problem = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}` } });
const state = (status: string, more: object = {}) => ({ status: 200, body: { status, ...more } });

describe('a discount code', () => {
  it('is reserved for an order, given back, reserved for another and redeemed by it', async () => {
    const code = await issue();
    expect(code).toBe(readCode(code));
    const open = await test.get(`/v1/discounts/${code}`, shop.storefrontKey);
    expect(open).toMatchObject(state('open', { code, discount: { kind: 'percent', percent: 10, validDays: 30 } }));
    expect(open.body['award']).toMatch(/^awd_/);
    expect(Date.parse(open.body['expiresAt'] as string) - Date.parse(open.body['issuedAt'] as string)).toBe(
      30 * 24 * 3_600_000,
    );
    const reserved = await step(code, 'reserve', 'one');
    expect(reserved).toMatchObject(state('reserved', { orderRef: 'one' }));
    expect(await step(code, 'reserve', 'two')).toMatchObject(problem(409, 'code-used'));
    expect(await step(code, 'redeem', 'two')).toMatchObject(problem(409, 'code-used'));
    expect(await step(code, 'release', 'two')).toMatchObject(problem(409, 'code-used'));
    // Not a longer one.
    expect((await step(code, 'reserve', 'one')).body).toEqual(reserved.body);
    const released = await step(code, 'release', 'one');
    expect(released).toMatchObject(state('open'));
    expect(released.body).not.toHaveProperty('orderRef');
    expect((await step(code, 'release', 'one')).status).toBe(200);
    expect(await step(code, 'reserve', 'two')).toMatchObject(state('reserved', { orderRef: 'two' }));
    const redeemed = await step(code, 'redeem', 'two');
    expect(redeemed).toMatchObject(state('redeemed', { orderRef: 'two' }));
    expect(redeemed.body).not.toHaveProperty('reservedUntil');
    expect((await step(code, 'redeem', 'two')).body).toEqual(redeemed.body);
    for (const what of ['reserve', 'release']) {
      expect(await step(code, what, 'two')).toMatchObject(problem(409, 'code-used'));
    }
    expect(await step(code, 'redeem', 'one')).toMatchObject(problem(409, 'code-used'));
    expect(await test.get(`/v1/discounts/${code}`, shop.storefrontKey)).toMatchObject(state('redeemed'));
  });

  it('is redeemed at once, and read however it is typed', async () => {
    const code = await issue();
    const typed = code.toLowerCase().replaceAll('0', 'o').replace('1', 'l').replaceAll('1', 'i');
    const groups = `${typed.slice(0, 4)}-${typed.slice(4, 8)}-${typed.slice(8)}`;
    expect(await step(groups, 'redeem', 'one')).toMatchObject(state('redeemed', { code }));
  });

  it('says what an order gets off, and refuses one that is too small or in another currency, as if it had not asked', async () => {
    const discount = { kind: 'amount', amountMinor: 500, currency: 'EUR', validDays: 30, minimumOrderMinor: 2000 };
    const code = await issue(discount);
    const order = (totalMinor: number, currency = 'EUR') => ({ totalMinor, currency });
    for (const what of ['reserve', 'redeem']) {
      expect(await step(code, what, 'one', order(1999))).toMatchObject(problem(409, 'order-too-small'));
      expect(await step(code, what, 'one', order(9999, 'CHF'))).toMatchObject(problem(409, 'currency-mismatch'));
    }
    expect((await test.get(`/v1/discounts/${code}`, shop.storefrontKey)).body['status']).toBe('open');
    expect(await step(code, 'reserve', 'one', order(2000))).toMatchObject(state('reserved', { discountMinor: 500 }));
    expect(await step(code, 'redeem', 'one', order(2000))).toMatchObject(state('redeemed', { discountMinor: 500 }));
    const tenth = await issue();
    expect(await step(tenth, 'redeem', 'one', order(999, 'CHF'))).toMatchObject(
      state('redeemed', { discountMinor: 99 }),
    );
    expect((await step(await issue(), 'redeem', 'one')).body).not.toHaveProperty('discountMinor');
    const absent = await issue({ ...TENTH, amountMinor: null, currency: null, minimumOrderMinor: null });
    const redeemed = await step(absent, 'redeem', 'one', order(999, 'CHF'));
    expect([redeemed.status, redeemed.body['discountMinor'], redeemed.body['discount']]).toEqual([200, 99, TENTH]);
  });

  it('is used all the same when the share that it thanks for is taken back', async () => {
    const offer = await shop.publish({
      reward: { type: 'discount', discount: { kind: 'percent', percent: 5, validDays: 30 } },
    });
    const { body } = await shop.share('regretful', { offer });
    await test.grant(shop.id);
    const share = async () => (await test.get(`/v1/shares/${body['id']}`, shop.storefrontKey)).body;
    const code = (await share())['award'].code as string;
    await step(code, 'reserve', 'one');
    expect((await shop.revoke('regretful', { everything: true })).status).toBe(201);
    await test.erase(shop.id);
    expect(await step(code, 'redeem', 'one')).toMatchObject(state('redeemed'));
  });

  it('is nobody’s else: another programme’s, unknown ones and what is no code are not there', async () => {
    const code = await issue();
    const other = await test.programme();
    const unknown = code === '000000000000' ? '111111111111' : '000000000000';
    for (const what of ['reserve', 'redeem', 'release']) {
      const theirs = await test.post(`/v1/discounts/${code}/${what}`, other.storefrontKey, { orderRef: 'one' });
      expect(theirs).toMatchObject(problem(404, 'not-found'));
      for (const none of [unknown, 'SUMMER', `${code}0`]) {
        expect(await step(none, what, 'one')).toMatchObject(problem(404, 'not-found'));
      }
    }
    expect(await test.get(`/v1/discounts/${code}`, other.storefrontKey)).toMatchObject(problem(404, 'not-found'));
    expect((await test.get(`/v1/discounts/${code}`, shop.storefrontKey)).body['status']).toBe('open');
  });

  it('takes an Idempotency-Key, and refuses what is no order', async () => {
    const code = await issue();
    const path = `/v1/discounts/${code}/redeem`;
    const send = (idempotencyKey: string | null, body: object) =>
      call(test.url, 'POST', path, { key: shop.storefrontKey, idempotencyKey, body });
    expect(await send(null, { orderRef: 'one' })).toMatchObject(problem(400, 'idempotency-key-required'));
    for (const body of [
      {},
      { orderRef: '' },
      { orderRef: 1 },
      { orderRef: 'x'.repeat(129) },
      { orderRef: '❤️'.repeat(128) },
    ]) {
      expect(await send('bad', body)).toMatchObject(problem(422, 'invalid-request'));
    }
    for (const order of [
      {},
      { totalMinor: 1.5, currency: 'EUR' },
      { totalMinor: -1, currency: 'EUR' },
      { totalMinor: 1 },
    ]) {
      expect(await send('bad', { orderRef: 'one', order })).toMatchObject(problem(422, 'invalid-request'));
    }
    expect((await send('none', { orderRef: 'one', order: null })).body).not.toHaveProperty('discountMinor');
    const first = await send('key', { orderRef: 'one' });
    const again = await send('key', { orderRef: 'one' });
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 200, 'true']);
    expect(again.body).toEqual(first.body);
    expect(await send('key', { orderRef: 'two' })).toMatchObject(problem(422, 'idempotency-key-reused'));
  });
});

describe('the time of a code', () => {
  const steps = { reserve: reserveCode, redeem: redeemCode, release: releaseCode };
  type Step = keyof typeof steps;
  const inShop = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.inProgramme(test.uuidOf(shop.id), work);
  /** The state after it, or the problem. */
  const at = async (code: string, what: Step, orderRef: string, moment: number): Promise<string> => {
    const use: CodeUse = { code, orderRef, at: new Date(moment) };
    const said = (one: DiscountCode) => `${one.status} ${one.orderRef ?? ''} ${one.reservedUntil?.getTime() ?? ''}`;
    return inShop((tx) => steps[what](tx, use)).then(said, (error: unknown) => {
      if (error instanceof Problem) return error.type;
      throw error;
    });
  };
  const QUARTER = 15 * 60_000;
  const expiryOf = async (code: string): Promise<number> =>
    (await inShop((tx) => findCode(tx, code))).expiresAt.getTime();
  /** To whole milliseconds, which is all that a Date of ours can say. */
  const issueWhole = async (): Promise<{ code: string; ends: number }> => {
    const code = await issue();
    await test.owner.query(`SET session_replication_role = replica`);
    await test.owner.query(`UPDATE discount_codes SET expires_at = date_trunc('second', expires_at) WHERE code = $1`, [
      code,
    ]);
    await test.owner.query(`RESET session_replication_role`);
    return { code, ends: await expiryOf(code) };
  };

  it('ends at its instant, not before', async () => {
    for (const what of ['reserve', 'redeem'] as const) {
      const { code, ends } = await issueWhole();
      expect(await at(code, what, 'one', ends)).toBe('code-expired');
      expect(await at(code, what, 'one', ends - 1)).toMatch(what === 'reserve' ? /^reserved one/ : /^redeemed one/);
    }
  });

  it('leaves a reservation its quarter of an hour, to its instant', async () => {
    const { code, ends } = await issueWhole();
    const begins = ends - 1;
    expect(await at(code, 'reserve', 'one', begins)).toBe(`reserved one ${begins + QUARTER}`);
    // Past the end of the code itself, only for the order that holds it.
    expect(await at(code, 'reserve', 'one', begins + QUARTER - 1)).toBe(`reserved one ${begins + QUARTER}`);
    expect(await at(code, 'redeem', 'two', begins + QUARTER - 1)).toBe('code-used');
    expect(await at(code, 'redeem', 'one', begins + QUARTER)).toBe('code-expired');
    expect(await at(code, 'redeem', 'one', begins + QUARTER - 1)).toMatch(/^redeemed one/);
  });

  it('gives an abandoned reservation to the next order at its instant', async () => {
    const { code, ends } = await issueWhole();
    const begins = ends - 24 * 3_600_000;
    await at(code, 'reserve', 'one', begins);
    expect(await at(code, 'reserve', 'two', begins + QUARTER - 1)).toBe('code-used');
    expect(await at(code, 'reserve', 'two', begins + QUARTER)).toBe(`reserved two ${begins + 2 * QUARTER}`);
    expect(await at(code, 'redeem', 'one', begins + QUARTER)).toBe('code-used');
    expect(await at(code, 'release', 'one', begins + QUARTER)).toBe('code-used');
    expect(await at(code, 'redeem', 'two', begins + QUARTER)).toMatch(/^redeemed two/);
  });

  it('is, in every order of steps, what a code on paper would be', async () => {
    const moves = fc.record({
      what: fc.constantFrom<Step>('reserve', 'redeem', 'release'),
      order: fc.constantFrom('one', 'two', 'three'),
      later: fc.constantFrom(0, 1, QUARTER - 1, QUARTER, 40 * 60_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(moves, { minLength: 3, maxLength: 12 }), async (list) => {
        const { code, ends } = await issueWhole();
        const paper = new PaperCode(ends);
        let now = ends - 3 * QUARTER;
        for (const { what, order, later } of list) {
          now += later;
          expect(`${what} ${await at(code, what, order, now)}`).toBe(`${what} ${paper.take(what, order, now)}`);
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

/** A code as one reads the rules, for comparison. */
class PaperCode {
  private holder: string | undefined;
  private until = 0;
  private user: string | undefined;

  constructor(private readonly ends: number) {}

  take(what: 'reserve' | 'redeem' | 'release', order: string, now: number): string {
    if (this.user !== undefined) return what === 'redeem' && this.user === order ? this.say(now) : 'code-used';
    if (this.holder !== undefined && now >= this.until) this.holder = undefined;
    if (this.holder !== undefined && this.holder !== order) return 'code-used';
    if (what === 'release') this.holder = undefined;
    if (what === 'reserve' && this.holder === undefined) {
      if (now >= this.ends) return 'code-expired';
      this.holder = order;
      this.until = now + 15 * 60_000;
    }
    if (what === 'redeem') {
      if (this.holder === undefined && now >= this.ends) return 'code-expired';
      this.user = order;
    }
    return this.say(now);
  }

  private say(now: number): string {
    if (this.user !== undefined) return `redeemed ${this.user} `;
    if (this.holder !== undefined) return `reserved ${this.holder} ${this.until}`;
    return now >= this.ends ? 'expired  ' : 'open  ';
  }
}

describe('the database refuses, whoever asks,', () => {
  const update = (code: string, set: string): Promise<unknown> =>
    test.owner.query(`UPDATE discount_codes SET ${set} WHERE code = $1`, [code]);

  it.each([
    ['a reservation for nobody', `status = 'reserved', reserved_until = now()`, 'discount_codes_shape'],
    ['a reservation without an end', `status = 'reserved', order_ref = 'one'`, 'discount_codes_shape'],
    ['a redemption by nobody', `status = 'redeemed', redeemed_at = now()`, 'discount_codes_shape'],
    ['an open code that an order has', `order_ref = 'one'`, 'discount_codes_shape'],
    ['another worth', `terms = terms || '{"percent": 90}'`, 'discount_codes_immutable'],
    ['a longer life', `expires_at = expires_at + interval '1 day'`, 'discount_codes_immutable'],
  ])('%s', async (_, set, constraint) => {
    await expect(update(await issue(), set)).rejects.toMatchObject({ constraint });
  });

  it('a redeemed code that comes back, and a code that goes', async () => {
    const code = await issue();
    await step(code, 'redeem', 'one');
    const open = `status = 'open', order_ref = NULL, redeemed_at = NULL`;
    await expect(update(code, open)).rejects.toMatchObject({ constraint: 'discount_codes_immutable' });
    await expect(test.owner.query('DELETE FROM discount_codes')).rejects.toMatchObject({
      constraint: 'discount_codes_immutable',
    });
  });
});

it('breaks no invariant', async () => {
  expect(await brokenInvariants(test.databaseUrl)).toEqual({});
});
