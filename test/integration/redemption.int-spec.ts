import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';
import { brokenInvariants } from '../setup/invariants';
import { call, type Answer } from '../setup/service';

/** Customers have 120 points each time they share. */
describe('redemption over HTTP', () => {
  let app: TestApp;
  let programme: TestProgramme;
  let names = 0;
  beforeAll(async () => {
    app = await startTestApp();
    programme = await app.programme({ perCustomer: { times: 100, everyDays: 1 }, validDays: 365 });
  });
  afterAll(() => app.stop());

  const post = (path: string, body?: object, options: { key?: string; idempotencyKey?: string | null } = {}) =>
    call(app.url, 'POST', `/v1${path}`, { key: programme.storefrontKey, body, ...options });
  const problem = ({ status, body }: Answer): string => `${status} ${String(body['type']).split(':').at(-1)}`;
  const redeem = (customerRef: string, points: number, more: object = {}) =>
    post('/redemptions', { customerRef, points, orderRef: 'order-1', capture: false, ...more });
  const balance = (ref: string) => app.get(`/v1/customers/${ref}/balance`, programme.storefrontKey);

  /** A new customer with 120 points, or as many times as said. */
  async function customer(times = 1): Promise<string> {
    const ref = `customer-${(names += 1)}`;
    for (let n = 0; n < times; n++) expect((await programme.share(ref)).status).toBe(201);
    await app.grant(programme.id);
    return ref;
  }

  it('holds points, then captures them; what is spent is neither available nor held', async () => {
    const ref = await customer();
    const held = await redeem(ref, 50);
    expect(held.status).toBe(201);
    expect(held.body).toEqual({
      id: expect.stringMatching(/^red_/),
      status: 'held',
      points: 50,
      orderRef: 'order-1',
      refunded: 0,
      createdAt: expect.any(String),
      heldUntil: expect.any(String),
    });
    expect(Date.parse(held.body['heldUntil']) - Date.parse(held.body['createdAt'])).toBe(900_000);
    expect((await balance(ref)).body).toMatchObject({ available: 70, held: 50, expiring: [{ points: 70 }] });
    const captured = await post(`/redemptions/${held.body['id']}/capture`);
    expect(captured).toMatchObject({ status: 200, body: { id: held.body['id'], status: 'captured' } });
    expect((await balance(ref)).body).toMatchObject({ available: 70, held: 0 });
    expect((await app.get(`/v1/redemptions/${held.body['id']}`, programme.storefrontKey)).body).toEqual(captured.body);
    expect((await app.get(`/v1/customers/${ref}/entries`, programme.storefrontKey)).body['data']).toMatchObject([
      { kind: 'hold', points: -50, balanceAfter: 70, because: { cause: held.body['id'] } },
      { kind: 'award', points: 120, balanceAfter: 120 },
    ]);
  });

  it('captures at once, refunds a part, then what is left, and no more', async () => {
    const ref = await customer(2);
    const { status, body } = await redeem(ref, 200, { capture: true });
    expect([status, body['status'], body['heldUntil']]).toEqual([201, 'captured', undefined]);
    expect((await balance(ref)).body).toMatchObject({ available: 40, held: 0 });
    const refund = (points?: number) =>
      post(`/redemptions/${body['id']}/refund`, points === undefined ? {} : { points });
    expect((await refund(30)).body).toMatchObject({ status: 'captured', refunded: 30 });
    expect(problem(await refund(171))).toBe('409 redemption-state');
    expect((await balance(ref)).body).toMatchObject({ available: 70 });
    expect((await refund()).body).toMatchObject({ refunded: 200 });
    expect(problem(await refund())).toBe('409 redemption-state');
    expect((await balance(ref)).body).toMatchObject({ available: 240 });
  });

  it('releases a hold, after which it is neither captured nor refunded nor released again', async () => {
    const ref = await customer();
    const { body } = await redeem(ref, 120);
    const step = (name: string) => post(`/redemptions/${body['id']}/${name}`, name === 'refund' ? {} : undefined);
    expect(problem(await step('refund'))).toBe('409 redemption-state');
    expect((await step('release')).body).toMatchObject({ status: 'released', releasedBy: 'storefront' });
    for (const name of ['capture', 'refund', 'release']) expect(problem(await step(name))).toBe('409 redemption-state');
    expect((await balance(ref)).body).toMatchObject({ available: 120, held: 0 });
  });

  it('refuses what is not there: points, customers, redemptions', async () => {
    const ref = await customer();
    expect(problem(await redeem(ref, 121))).toBe('409 insufficient-points');
    expect(problem(await redeem(ref, 121, { capture: true }))).toBe('409 insufficient-points');
    expect(problem(await redeem('nobody', 1))).toBe('409 insufficient-points');
    expect(problem(await redeem('__proto__', 1))).toBe('409 insufficient-points');
    expect(problem(await redeem('constructor', 1))).toBe('409 insufficient-points');
    for (const id of ['red_01k9v5m3c8e1p9r2t4y6u8i0ag', 'nonsense']) {
      for (const step of ['capture', 'release']) expect((await post(`/redemptions/${id}/${step}`)).status).toBe(404);
      expect((await app.get(`/v1/redemptions/${id}`, programme.storefrontKey)).status).toBe(404);
    }
    const other = await app.programme();
    const { body } = await redeem(ref, 1);
    expect((await post(`/redemptions/${body['id']}/capture`, undefined, { key: other.storefrontKey })).status).toBe(
      404,
    );
    expect((await balance(ref)).body).toMatchObject({ available: 119, held: 1 });
  });

  it('refuses what is not valid', async () => {
    const wrong: object[] = [
      { points: 0 },
      { points: 1.5 },
      { points: '5' },
      { points: 1e12 },
      { capture: 'false' },
      { capture: undefined },
      { holdSeconds: 604_801 },
      { orderRef: '' },
      { orderRef: 'x'.repeat(129) },
      { orderRef: '❤️'.repeat(128) },
      { orderRef: undefined },
      { customerRef: 'a b' },
      { order: [] },
      { order: { totalMinor: 1.5, currency: 'EUR' } },
    ];
    for (const one of wrong) expect(problem(await redeem('someone', 5, one))).toBe('422 invalid-request');
    expect(problem(await post('/redemptions', {}, { idempotencyKey: null }))).toBe('400 idempotency-key-required');
  });

  it.each(['"},{"', 'NULL', String.raw`a\b","c`, 'Bestellung Nr. 7 / Käse\n', '{}', '❤️'.repeat(64)])(
    'keeps the reference of an order as it is: %j',
    async (orderRef) => {
      const { body } = await redeem(await customer(), 5, { orderRef });
      expect((await app.get(`/v1/redemptions/${body['id']}`, programme.storefrontKey)).body).toMatchObject({
        orderRef,
      });
    },
  );

  it('a hold whose time is over is captured and released no more, and can be looked at', async () => {
    const ref = await customer();
    const { body } = await redeem(ref, 20, { holdSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    for (const step of ['capture', 'release']) {
      expect(problem(await post(`/redemptions/${body['id']}/${step}`))).toBe('409 redemption-state');
    }
    expect((await app.get(`/v1/redemptions/${body['id']}`, programme.storefrontKey)).status).toBe(200);
  });

  it('one key, one effect: the same answer again, and 422 for another request', async () => {
    const ref = await customer();
    const body = { customerRef: ref, points: 10, orderRef: 'order-1', capture: false };
    const first = await post('/redemptions', body, { idempotencyKey: `key ${ref}` });
    const again = await post('/redemptions', body, { idempotencyKey: `key ${ref}` });
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([201, first.body, 'true']);
    expect(problem(await post('/redemptions', { ...body, points: 11 }, { idempotencyKey: `key ${ref}` }))).toBe(
      '422 idempotency-key-reused',
    );
    for (const step of ['capture', 'refund']) {
      const path = `/redemptions/${first.body['id']}/${step}`;
      const [one, two] = [0, 1].map(() =>
        post(path, step === 'refund' ? {} : undefined, { idempotencyKey: `${step} ${ref}` }),
      );
      expect((await one)?.body).toEqual((await two)?.body);
      expect([(await one)?.status, (await two)?.status]).toEqual([200, 200]);
    }
    // The answer of then, not what has become of it.
    expect((await post('/redemptions', body, { idempotencyKey: `key ${ref}` })).body).toEqual(first.body);
    expect((await balance(ref)).body).toMatchObject({ available: 120, held: 0 });
  });

  // A checkout that asks again after it was given its new key.
  it('one key, one effect, also where the access key is rotated in between', async () => {
    const ref = await customer();
    const { body: old } = await post('/keys', { kind: 'storefront', name: 'web' }, { key: programme.adminKey });
    const rotate = async (id: string) =>
      (await post(`/keys/${id}/rotate`, { overlapSeconds: 60 }, { key: programme.adminKey })).body;
    const next = await rotate(old['id'] as string);
    const last = await rotate(next['id'] as string);
    const body = { customerRef: ref, points: 10, orderRef: 'order-1', capture: true };
    const give = { customerRef: ref, points: 5, reason: 'Order', reference: `order of ${ref}` };
    for (const [path, what] of [
      ['/redemptions', body],
      ['/awards', give],
    ] as const) {
      const answers = [];
      for (const { key } of [old, next, last]) {
        answers.push(await post(path, what, { key: key as string, idempotencyKey: `${path} ${ref}` }));
      }
      expect(answers.map((one) => one.headers.get('idempotency-replayed'))).toEqual([null, 'true', 'true']);
      expect(new Set(answers.map((one) => one.body['id'])).size).toBe(1);
    }
    expect((await balance(ref)).body).toMatchObject({ available: 110 });
    // Another key of the same programme is another caller.
    const other = await post('/redemptions', body, { idempotencyKey: `/redemptions ${ref}` });
    expect([other.status, other.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  it('neither customers nor recipients nor staff redeem', async () => {
    const token = await app.tokenOf(programme.storefrontKey, 'someone');
    const keys = [token, programme.adminKey, programme.recipients.newsletter.apiKey];
    for (const key of keys) {
      const answer = await post(
        '/redemptions',
        { customerRef: 'someone', points: 1, orderRef: 'o', capture: true },
        { key },
      );
      expect(answer.status).toBe(403);
    }
  });

  it('spends what expires first, then the older; and gives back what was taken last first', async () => {
    const ref = await customer(3);
    const { rows } = await app.owner.query<{ id: string; customer_id: string }>(
      `SELECT l.id, l.customer_id FROM lots l JOIN customers c ON c.id = l.customer_id WHERE c.ref = $1 ORDER BY l.id`,
      [ref],
    );
    const remaining = async () =>
      (
        await app.owner.query<{ remaining: string }>('SELECT remaining FROM lots WHERE customer_id = $1 ORDER BY id', [
          rows[0]?.customer_id,
        ])
      ).rows.map((row) => Number(row.remaining));
    // The third expires first, of the other two the first is older.
    await app.owner.query('SET session_replication_role = replica');
    for (const table of ['lots', 'awards']) {
      await app.owner.query(`UPDATE ${table} SET expires_on = current_date + 10 WHERE id = $1`, [rows[2]?.id]);
    }
    await app.owner.query('SET session_replication_role = DEFAULT');
    const { body } = await redeem(ref, 150, { capture: true });
    expect(await remaining()).toEqual([90, 120, 0]);
    await post(`/redemptions/${body['id']}/refund`, { points: 40 });
    expect(await remaining()).toEqual([120, 120, 10]);
    await post(`/redemptions/${body['id']}/refund`, {});
    expect(await remaining()).toEqual([120, 120, 120]);
  });

  describe('with a rate', () => {
    let rated: TestProgramme;
    beforeAll(async () => {
      rated = await app.programme();
      for (const ref of ['anna', 'ben']) await rated.share(ref);
      await app.grant(rated.id);
    });
    const set = (body: object) => call(app.url, 'POST', '/v1/point-rates', { key: rated.adminKey, body });
    const rate = { points: 3, amountMinor: 2, currency: 'EUR', taxes: 'gross' };
    const spend = (points: number, order?: object, orderRef = 'o', more: object = {}) =>
      post(
        '/redemptions',
        { customerRef: 'anna', points, orderRef, capture: true, order, ...more },
        { key: rated.storefrontKey },
      );

    it('versions follow each other, also when set at once, and are listed newest first', async () => {
      const answers = await Promise.all([
        set(rate),
        set(rate),
        set({ ...rate, minimumPoints: 5, maximumSharePercent: 30 }),
      ]);
      expect(answers.map(({ status, body }) => `${status} ${body['version']}`).sort()).toEqual([
        '201 1',
        '201 2',
        '201 3',
      ]);
      const last = await set({ ...rate, minimumPoints: 5, maximumSharePercent: 30 });
      const list = await call(app.url, 'GET', '/v1/point-rates?limit=2', { key: rated.adminKey });
      expect(list.body['data'][0]).toEqual(last.body);
      const rest = await call(app.url, 'GET', `/v1/point-rates?after=${list.body['nextCursor']}`, {
        key: rated.adminKey,
      });
      expect(rest.body['data'].map(({ version }: { version: number }) => version)).toEqual([2, 1]);
      expect((await call(app.url, 'GET', '/v1/point-rates?after=x', { key: rated.adminKey })).status).toBe(422);
    });

    it('money is rounded down, and points pay at most their share of an order', async () => {
      expect(problem(await spend(4, { totalMinor: 1000, currency: 'EUR' }))).toBe('409 redemption-limit');
      const needed = await spend(5);
      expect([needed.status, needed.body['errors'][0].pointer]).toEqual([422, '/order']);
      const other = await spend(5, { totalMinor: 1000, currency: 'CHF' });
      expect([other.status, other.body['errors'][0].pointer]).toEqual([422, '/order/currency']);
      // 5 points are worth 3.33, 30 % of 9 are 2.7, of 10 are 3.
      expect(problem(await spend(5, { totalMinor: 9, currency: 'EUR' }))).toBe('409 redemption-limit');
      const paid = await spend(5, { totalMinor: 10, currency: 'EUR' });
      const value = { amountMinor: 3, currency: 'EUR', taxes: 'gross', rateVersion: 4 };
      expect(paid.body).toMatchObject({ status: 'captured', value });
      expect((await spend(5, { totalMinor: 10, currency: 'EUR' }, 'another')).status).toBe(201);
      await set({ ...rate, amountMinor: 9 });
      const found = await call(app.url, 'GET', `/v1/redemptions/${paid.body['id']}`, { key: rated.storefrontKey });
      expect(found.body).toEqual(paid.body);
    });

    it('points pay at most their share of an order, however many redemptions it is spread over', async () => {
      await set({ points: 1, amountMinor: 1, currency: 'EUR', taxes: 'gross', maximumSharePercent: 50 });
      const order = { totalMinor: 40, currency: 'EUR' };
      const orderRef = String.raw`one"\order, NULL`;
      const pay = (points: number, more: object = {}, ref = orderRef) => spend(points, order, ref, more);
      const step = (id: string, name: string, body?: object) =>
        post(`/redemptions/${id}/${name}`, body, { key: rated.storefrontKey });
      const held = (await pay(8, { capture: false })).body['id'] as string;
      const paid = (await pay(8)).body['id'] as string;
      expect(problem(await pay(5))).toBe('409 redemption-limit');
      expect((await pay(5, {}, 'another order')).status).toBe(201);
      expect((await pay(5, { customerRef: 'ben' })).status).toBe(201);
      // What is captured stays, what is let go or comes back can be spent on it again.
      expect((await step(held, 'capture')).status).toBe(200);
      expect(problem(await pay(5))).toBe('409 redemption-limit');
      expect((await step(paid, 'refund', { points: 3 })).status).toBe(200);
      expect(problem(await pay(8))).toBe('409 redemption-limit');
      const last = (await pay(7, { capture: false })).body['id'] as string;
      expect(problem(await pay(1))).toBe('409 redemption-limit');
      expect((await step(last, 'release')).status).toBe(200);
      expect((await pay(7, { capture: false, holdSeconds: 1 })).status).toBe(201);
      expect(problem(await pay(1))).toBe('409 redemption-limit');
      // From then on the hold is over, whether anybody has booked it or not.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect((await pay(7)).status).toBe(201);
      expect(problem(await pay(1))).toBe('409 redemption-limit');
      // What is not limited is not counted, and pays for no look-up.
      await set({ points: 1, amountMinor: 1, currency: 'EUR', taxes: 'gross' });
      expect((await pay(8)).status).toBe(201);
      const { rows } = await app.owner.query(
        'SELECT points, order_minor FROM redemptions WHERE order_ref = $1 ORDER BY id DESC LIMIT 2',
        [orderRef],
      );
      expect(rows).toEqual([
        { points: '8', order_minor: null },
        { points: '7', order_minor: '40' },
      ]);
    });
  });

  it('keeps every invariant', async () => {
    expect(await brokenInvariants(app.databaseUrl)).toEqual({});
  });
});
