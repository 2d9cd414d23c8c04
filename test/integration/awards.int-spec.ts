import { REVERSAL_REASONS, reverse, type ReversalRequest } from '../../src/awards/reversals';
import { runJobs } from '../../src/jobs';
import { forfeit } from '../../src/ledger';
import { Database, type Tx } from '../../src/platform/database';
import { newId, parsePublicId } from '../../src/platform/ids';
import { customerErasure, endings } from '../../src/revocation/core';
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

const problem = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}` } });
const uuidOf = (id: unknown): string => parsePublicId('awd', id as string) ?? parsePublicId('shr', id as string) ?? '';
let made = 0;
const another = (what: string): string => `${what}-${(made += 1)}`;
const give = (customerRef: string, points: number, more: object = {}): Promise<Answer> =>
  test.post('/v1/awards', shop.storefrontKey, {
    customerRef,
    points,
    reason: 'Order',
    reference: another('order'),
    ...more,
  });
/** Gives points and books them; answers the award's id. */
async function granted(customerRef: string, points: number, more: object = {}): Promise<string> {
  const { status, body } = await give(customerRef, points, more);
  expect(status).toBe(201);
  await test.grant(shop.id);
  return body['id'] as string;
}
const reversal = (id: string, more: object = {}): Promise<Answer> =>
  test.post(`/v1/awards/${id}/reversals`, shop.adminKey, { reason: 'error', evidence: 'See file 7.', ...more });
const view = async (id: string, key = shop.storefrontKey) => (await test.get(`/v1/awards/${id}`, key)).body;

describe('an award without data', () => {
  it('is pending, then granted, and spoken for by its reference', async () => {
    const reference = another('order');
    const first = await give('anna', 250, { reference, validDays: 30 });
    expect(first).toMatchObject({ status: 201, body: { id: expect.stringMatching(/^awd_/), status: 'pending' } });
    expect(Object.keys(first.body)).toEqual(['id', 'status']);
    expect(await shop.balance('anna')).toMatchObject({ available: 0, pending: 250 });
    const again = await give('anna', 250, { reference, validDays: 30 });
    expect([again.status, again.body]).toEqual([201, first.body]);
    for (const [customerRef, points] of [
      ['ben', 250],
      ['anna', 251],
    ] as const) {
      expect(await give(customerRef, points, { reference })).toMatchObject(problem(409, 'reference-used'));
    }
    await test.grant(shop.id);
    const day = (await test.owner.query(`SELECT ((now() AT TIME ZONE 'Europe/Berlin')::date + 30)::text AS day`))
      .rows[0].day;
    expect(await shop.balance('anna')).toEqual({
      available: 250,
      pending: 0,
      held: 0,
      expiring: [{ points: 250, on: day }],
    });
    expect((await give('anna', 250, { reference })).body).toEqual({ id: first.body['id'], status: 'granted' });
    expect(await view(first.body['id'])).toEqual({
      id: first.body['id'],
      type: 'points',
      status: 'granted',
      points: 250,
      reversed: 0,
      customerRef: 'anna',
      reason: 'Order',
      reference,
      expiresOn: day,
      promisedAt: expect.any(String),
    });
    // Nobody was made a customer by a refusal.
    expect((await test.owner.query(`SELECT FROM customers WHERE ref = 'ben'`)).rowCount).toBe(0);
  });

  it('does not expire unless it is said to, and each programme has references of its own', async () => {
    const reference = another('order');
    await give('carla', 10, { reference });
    const other = await test.programme();
    const body = { customerRef: 'carla', points: 99, reason: 'Order', reference };
    const theirs = await test.post('/v1/awards', other.storefrontKey, body);
    expect(theirs.status).toBe(201);
    await test.grant(shop.id);
    expect(await shop.balance('carla')).toMatchObject({ available: 10, expiring: [] });
    expect(await test.get(`/v1/awards/${theirs.body['id']}`, shop.storefrontKey)).toMatchObject(
      problem(404, 'not-found'),
    );
  });

  it('is not given on a bad request, or to one without an Idempotency-Key', async () => {
    const faults = [
      { points: 0 },
      { points: 1.5 },
      { points: '10' },
      { points: 1_000_000_001 },
      { reason: ' ' },
      { reason: 'x'.repeat(201) },
      { reason: '❤️'.repeat(200) },
      { reference: '' },
      { reference: 'x'.repeat(129) },
      { reference: '❤️'.repeat(128) },
      { customerRef: 'a b' },
      { validDays: 0 },
      { share: 'shr_x' },
    ];
    for (const fault of faults) expect(await give('dora', 1, fault)).toMatchObject(problem(422, 'invalid-request'));
    const body = { customerRef: 'dora', points: 1, reason: 'Order', reference: another('order') };
    const options = { key: shop.storefrontKey, body };
    expect(await call(test.url, 'POST', '/v1/awards', { ...options, idempotencyKey: null })).toMatchObject(
      problem(400, 'idempotency-key-required'),
    );
    const first = await call(test.url, 'POST', '/v1/awards', { ...options, idempotencyKey: 'once' });
    await test.grant(shop.id);
    const again = await call(test.url, 'POST', '/v1/awards', { ...options, idempotencyKey: 'once' });
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([201, first.body, 'true']);
  });

  it('is found for a share by either id, for a code without points, and for a repeat not at all', async () => {
    const share = await shop.share('emil');
    const coded = await shop.share('emil', {
      offer: await shop.publish({
        reward: { type: 'discount', discount: { kind: 'percent', percent: 5, validDays: 9 } },
      }),
    });
    await test.grant(shop.id);
    const id = share.body['award'].id as string;
    const ofShare = { id, share: share.body['id'] as string, type: 'points', points: 120, status: 'granted' };
    expect(await view(id)).toMatchObject(ofShare);
    expect(await view(share.body['id'])).toMatchObject(ofShare);
    const ofCode = await view(coded.body['award'].id);
    expect(ofCode).toMatchObject({ type: 'discount', status: 'granted', reversed: 0 });
    expect(ofCode).not.toHaveProperty('points');
    const repeat = await shop.share('emil');
    expect(repeat.body['award'].status).toBe('none');
    expect(await test.get(`/v1/awards/${repeat.body['id']}`, shop.storefrontKey)).toMatchObject(
      problem(404, 'not-found'),
    );
  });

  // Fails when the name waits as well: an award that cannot be booked is set aside, for as long as it takes.
  it('is given up when it comes in by a customer who leaves and gives everything up, who is erased before', async () => {
    await give('fred', 40);
    const left = await call(test.url, 'DELETE', '/v1/customers/fred?balance=forfeit', { key: shop.storefrontKey });
    expect(left.status).toBe(202);
    const job = async () => (await test.get(`/v1/jobs/${left.body['jobId']}`, shop.storefrontKey)).body['status'];
    await work();
    expect((await test.owner.query(`SELECT FROM customers WHERE ref = 'fred'`)).rowCount).toBe(0);
    expect(await job()).toBe('running');
    await test.grant(shop.id);
    await work();
    expect(await job()).toBe('done');
    const { rows } = await test.owner.query(
      `SELECT points::int FROM transfers WHERE kind = 'forfeit' ORDER BY booked_at DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ points: 40 }]);
  });

  it('that is held for an order when its customer leaves and gives everything up is given up when it comes back', async () => {
    const ref = another('customer');
    const id = await granted(ref, 40);
    const order = { customerRef: ref, points: 30, orderRef: 'o', capture: false };
    const held = await test.post('/v1/redemptions', shop.storefrontKey, order);
    const path = `/v1/customers/${ref}?balance=forfeit`;
    const left = await call(test.url, 'DELETE', path, { key: shop.storefrontKey });
    const job = async () => (await test.get(`/v1/jobs/${left.body['jobId']}`, shop.storefrontKey)).body['status'];
    const accounts = async () => {
      const { rows } = await test.owner.query(
        `SELECT a.kind, a.balance::int FROM accounts a JOIN awards w ON w.customer_id = a.customer_id WHERE w.id = $1 ORDER BY 1`,
        [uuidOf(id)],
      );
      return Object.fromEntries(rows.map(({ kind, balance }) => [kind, balance]));
    };
    await work();
    expect((await test.owner.query('SELECT FROM customers WHERE ref = $1', [ref])).rowCount).toBe(0);
    expect([await job(), await accounts()]).toEqual(['running', { available: 10, held: 30 }]);
    const release = `/v1/redemptions/${held.body['id']}/release`;
    expect((await test.post(release, shop.storefrontKey, {})).status).toBe(200);
    await work();
    expect([await job(), await accounts()]).toEqual(['done', { available: 0, held: 0 }]);
  });

  it('that is refunded when its customer has left and given everything up is given up as well', async () => {
    const ref = another('customer');
    const id = await granted(ref, 40);
    const order = { customerRef: ref, points: 30, orderRef: 'o', capture: true };
    const { body: spent } = await test.post('/v1/redemptions', shop.storefrontKey, order);
    await call(test.url, 'DELETE', `/v1/customers/${ref}?balance=forfeit`, { key: shop.storefrontKey });
    await work();
    const seen = async () => {
      const { rows } = await test.owner.query(
        `SELECT a.balance::int, (SELECT array_agg(j.status ORDER BY j.created_at) FROM jobs j WHERE j.customer_id = w.customer_id) AS jobs,
                (SELECT sum(t.points)::int FROM transfers t WHERE t.debit_account = a.id AND t.kind = 'forfeit') AS forfeited
           FROM awards w JOIN accounts a ON a.customer_id = w.customer_id AND a.kind = 'available' WHERE w.id = $1`,
        [uuidOf(id)],
      );
      return rows[0] as object;
    };
    const refund = (points: number) =>
      test.post(`/v1/redemptions/${spent['id']}/refund`, shop.storefrontKey, { points });
    expect(await seen()).toEqual({ balance: 0, jobs: ['done'], forfeited: 10 });
    for (const points of [10, 15]) expect((await refund(points)).status).toBe(200);
    // Both are owed by the one job.
    expect(await seen()).toEqual({ balance: 25, jobs: ['done', 'queued'], forfeited: 10 });
    await work();
    expect(await seen()).toEqual({ balance: 0, jobs: ['done', 'done'], forfeited: 35 });
    expect((await refund(5)).status).toBe(200);
    await work();
    expect(await seen()).toEqual({ balance: 0, jobs: ['done', 'done', 'done'], forfeited: 40 });
  });

  it('keeps nobody from leaving, however many wait for theirs', async () => {
    const leave = async (ref: string): Promise<() => Promise<string>> => {
      const left = await call(test.url, 'DELETE', `/v1/customers/${ref}?balance=forfeit`, { key: shop.storefrontKey });
      return async () => (await test.get(`/v1/jobs/${left.body['jobId']}`, shop.storefrontKey)).body['status'];
    };
    const ref = another('customer');
    await granted(ref, 1);
    const waiting: (() => Promise<string>)[] = [];
    for (let n = 0; n < 101; n++) {
      const other = another('customer');
      await give(other, 1);
      waiting.push(await leave(other));
    }
    const last = await leave(ref);
    const statuses = async () => [await waiting[0]!(), await waiting[100]!(), await last()];
    await work();
    expect(await statuses()).toEqual(['running', 'running', 'done']);
    await test.grant(shop.id);
    await work();
    expect(await statuses()).toEqual(['done', 'done', 'done']);
  });
});

describe('a reversal', () => {
  it('takes a wrong award back, as a whole or in parts, and together no more than it', async () => {
    await granted('gina', 70);
    const wrong = await granted('gina', 100);
    expect(await reversal(wrong, { points: 30 })).toMatchObject({ status: 201, body: { reversed: 30, uncovered: 0 } });
    expect(await reversal(wrong, { points: 71 })).toMatchObject(problem(409, 'reversal-exceeds-award'));
    const rest = await reversal(wrong, { reason: 'fraud', evidence: 'Two accounts' });
    expect(rest).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^rvs_/), reversed: 70, uncovered: 0 },
    });
    expect(await reversal(wrong)).toMatchObject(problem(409, 'reversal-exceeds-award'));
    expect(await reversal(wrong, { points: 1 })).toMatchObject(problem(409, 'reversal-exceeds-award'));
    expect(await shop.balance('gina')).toMatchObject({ available: 70 });
    const seen = await view(wrong, shop.adminKey);
    const keys = (await test.get('/v1/keys', shop.adminKey)).body['data'] as { id: string; role?: string }[];
    const admin = keys.find(({ role }) => role === 'admin');
    const by = { by: admin?.id, role: 'admin', at: expect.any(String) };
    expect(seen['reversed']).toBe(100);
    expect(seen['reversals']).toMatchObject([
      { reason: 'error', evidence: 'See file 7.', reversed: 30, uncovered: 0, ...by },
      { id: rest.body['id'], reason: 'fraud', evidence: 'Two accounts', reversed: 70, uncovered: 0, ...by },
    ]);
    expect(await view(wrong)).not.toHaveProperty('reversals');
  });

  it('takes from the award’s own lot first, then from those that end first', async () => {
    const wrong = await granted('hugo', 100, { validDays: 90 });
    await spend('hugo', 25);
    const lots = [wrong];
    for (const validDays of [undefined, 30, 5, 95])
      lots.push(await granted('hugo', 10, validDays ? { validDays } : {}));
    const left = async () => {
      const { rows } = await test.owner.query<{ id: string; remaining: string }>('SELECT id, remaining FROM lots');
      return lots.map((id) => Number(rows.find((row) => row.id === uuidOf(id))?.remaining));
    };
    await reversal(wrong, { points: 60 });
    expect(await left()).toEqual([15, 10, 10, 10, 10]);
    expect(await reversal(wrong)).toMatchObject({ body: { reversed: 40, uncovered: 0 } });
    expect(await left()).toEqual([0, 10, 0, 0, 5]);
  });

  it('never goes below zero, says what it could not take, and may ask for that again', async () => {
    const wrong = await granted('ida', 100);
    await spend('ida', 80);
    expect(await reversal(wrong)).toMatchObject({ status: 201, body: { reversed: 20, uncovered: 80 } });
    expect(await reversal(wrong)).toMatchObject({ status: 201, body: { reversed: 0, uncovered: 80 } });
    expect(await shop.balance('ida')).toMatchObject({ available: 0 });
    await granted('ida', 50);
    expect(await reversal(wrong, { points: 60 })).toMatchObject({ status: 201, body: { reversed: 50, uncovered: 10 } });
    expect(await reversal(wrong, { points: 31 })).toMatchObject(problem(409, 'reversal-exceeds-award'));
    expect(await view(wrong)).toMatchObject({ points: 100, reversed: 70 });
  });

  it('that waited for a refund is booked after it: nobody ever had less than nothing', async () => {
    const ref = another('customer');
    const id = await granted(ref, 100);
    const redeemed = await test.post('/v1/redemptions', shop.storefrontKey, {
      customerRef: ref,
      points: 100,
      orderRef: 'o',
      capture: true,
    });
    await database.inProgramme(test.uuidOf(shop.id), async (tx) => {
      await tx.query({ name: 'begins_before', text: 'SELECT now()' }, []);
      await test.post(`/v1/redemptions/${redeemed.body['id']}/refund`, shop.storefrontKey, {});
      const staff = { callerId: newId(), role: 'admin' as const };
      await reverse(tx, { awardId: uuidOf(id), reason: 'error', evidence: 'x', staff });
    });
    const { body } = await test.get(`/v1/customers/${ref}/statement`, shop.storefrontKey);
    expect(body['entries'].map((one: Record<string, unknown>) => [one['kind'], one['balanceAfter']])).toEqual([
      ['award', 100],
      ['capture', 0],
      ['refund', 100],
      ['reversal', 0],
    ]);
  });

  it('does not take a second time what has ended unused, whether that is booked yet or not', async () => {
    const wrong = await granted('jana', 100, { validDays: 10 });
    await spend('jana', 30);
    await granted('jana', 500);
    const uuid = uuidOf(wrong);
    const past = new Date(Date.now() + 12 * 24 * 3_600_000);
    const by = { callerId: newId(), role: 'admin' } as const;
    const request: ReversalRequest = { awardId: uuid, reason: 'error', evidence: 'x', staff: by, at: past };
    await expect(inShop((tx) => reverse(tx, { ...request, points: 31 }))).rejects.toMatchObject({
      type: 'reversal-exceeds-award',
      detail: expect.stringMatching(/^30 points/),
    });
    expect(await inShop((tx) => reverse(tx, request))).toMatchObject({ reversed: 30, uncovered: 0 });
    // Own lot untouched, left to end.
    const { rows } = await test.owner.query('SELECT remaining FROM lots WHERE id = $1', [uuid]);
    expect(rows).toEqual([{ remaining: '70' }]);
    expect(await shop.balance('jana')).toMatchObject({ available: 540 });
  });

  it('is of a share’s award too, by either id, and a revocation before or after it changes nothing', async () => {
    const share = await shop.share('karl');
    await test.grant(shop.id);
    await shop.revoke('karl', { everything: true });
    expect(await shop.balance('karl')).toMatchObject({ available: 120 });
    expect(await reversal(share.body['id'], { points: 20 })).toMatchObject({ body: { reversed: 20 } });
    expect(await reversal(share.body['award'].id)).toMatchObject({ body: { reversed: 100 } });
    expect(await shop.balance('karl')).toMatchObject({ available: 0 });
  });

  it('waits until the award is booked, and is of points only', async () => {
    const { body } = await give('lena', 5);
    expect(await reversal(body['id'])).toMatchObject(problem(409, 'award-pending'));
    await test.grant(shop.id);
    expect(await reversal(body['id'])).toMatchObject({ status: 201 });
    const coded = await shop.share('lena', {
      offer: await shop.publish({
        reward: { type: 'discount', discount: { kind: 'percent', percent: 5, validDays: 9 } },
      }),
    });
    await test.grant(shop.id);
    for (const none of [
      coded.body['id'],
      'awd_01k9v5m3c8e1p9r2t4y6u8w0ab',
      'awd_x',
      'trf_01k9v5m3c8e1p9r2t4y6u8w0ab',
    ]) {
      expect(await reversal(none as string)).toMatchObject(problem(404, 'not-found'));
    }
  });

  it('needs one of three reasons, evidence, and staff who may', async () => {
    const wrong = await granted('mila', 10);
    for (const fault of [
      { reason: 'consent-withdrawn' },
      { reason: 'revocation' },
      { reason: null },
      { evidence: '' },
      { evidence: '  \n' },
      { evidence: 'x'.repeat(2001) },
      { evidence: '❤️'.repeat(2000) },
      { points: 0 },
      { points: -1 },
    ]) {
      expect(await reversal(wrong, fault)).toMatchObject(problem(422, 'invalid-request'));
    }
    const staff = async (role: string) =>
      (await test.post('/v1/keys', shop.adminKey, { kind: 'staff', name: role, role })).body['key'] as string;
    const body = { reason: 'error', evidence: 'x', points: 1 };
    const path = `/v1/awards/${wrong}/reversals`;
    expect((await test.post(path, await staff('marketing'), body)).status).toBe(201);
    for (const key of [await staff('dpo'), shop.storefrontKey, shop.recipients.newsletter.apiKey]) {
      expect(await test.post(path, key, body)).toMatchObject(problem(403, 'forbidden'));
    }
    const other = await test.programme();
    expect(await test.post(path, other.adminKey, body)).toMatchObject(problem(404, 'not-found'));
    expect(await view(wrong)).toMatchObject({ reversed: 1 });
  });

  it('retried with its Idempotency-Key is made once', async () => {
    const wrong = await granted('nora', 10);
    const send = () =>
      call(test.url, 'POST', `/v1/awards/${wrong}/reversals`, {
        key: shop.adminKey,
        idempotencyKey: 'reverse once',
        body: { reason: 'error', evidence: 'x', points: 4 },
      });
    const first = await send();
    expect((await send()).body).toEqual(first.body);
    expect(await shop.balance('nora')).toMatchObject({ available: 6 });
  });
});

describe('the database refuses, whoever asks,', () => {
  const refused = { code: '23000' };
  /** A reversal of 10 points as it ought to be, but for what is changed. */
  async function write(changes: Record<string, unknown> = {}, transfer: Record<string, unknown> = {}): Promise<void> {
    const award = await granted(another('otto'), 10);
    const id = newId();
    const { owner } = test;
    const row = {
      id,
      award_id: uuidOf(award),
      number: 1,
      reason: 'error',
      evidence: 'x',
      points: 10,
      reversed: 10,
      in_all: 10,
      awarded: 10,
      staff_id: newId(),
      staff_role: 'admin',
      reversed_at: new Date(),
      ...changes,
    };
    await owner.query('BEGIN');
    try {
      const { rows } = await owner.query<{
        programme_id: string;
        customer_id: string;
        account: string;
        balance: string;
      }>(
        `SELECT w.programme_id, w.customer_id, a.id AS account, a.balance FROM awards w
           JOIN accounts a ON a.customer_id = w.customer_id AND a.kind = 'available' WHERE w.id = $1`,
        [uuidOf(award)],
      );
      const [of] = rows;
      if (changes['none'] === undefined) {
        await owner.query('INSERT INTO reversals SELECT * FROM json_populate_record(NULL::reversals, $1)', [
          { ...of, ...row },
        ]);
      }
      if (transfer['none'] === undefined) {
        await owner.query(
          `INSERT INTO accounts (programme_id, customer_id, kind) VALUES ($1, 0, 'reversed') ON CONFLICT DO NOTHING`,
          [of?.programme_id],
        );
        await owner.query(
          `INSERT INTO transfers SELECT $1, $2, 'reversal', $2, $3, $4, 0, NULL, s.id, 10, NULL, now()
             FROM accounts s WHERE s.programme_id = $1 AND s.kind = 'reversed' LIMIT 1`,
          [of?.programme_id, id, transfer['points'] ?? 10, transfer['account'] ?? of?.account],
        );
      }
      await meanwhile(of?.programme_id ?? '', of?.customer_id ?? '', id);
      await owner.query('SET CONSTRAINTS ALL IMMEDIATE');
    } finally {
      await owner.query('ROLLBACK');
      meanwhile = nothing;
    }
  }
  const nothing = async (): Promise<void> => undefined;
  let meanwhile: (programme: string, customer: string, id: string) => Promise<unknown> = nothing;

  it('nothing of a reversal as it ought to be', async () => {
    await expect(write()).resolves.toBeUndefined();
  });

  it('any reason but the three', async () => {
    const { rows } = await test.owner.query('SELECT enum_range(NULL::reversal_reason)::text[] AS reasons');
    expect(rows).toEqual([{ reasons: [...REVERSAL_REASONS] }]);
    await expect(write({ reason: 'consent withdrawn' })).rejects.toMatchObject({ code: '22P02' });
    await expect(write({ reason: null })).rejects.toMatchObject({ code: '23502' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no evidence', { evidence: ' \n ' }, 'reversals_evidence_given'],
    ['staff that may not', { staff_role: 'dpo' }, 'reversals_staff_role_known'],
    ['more than was awarded', { points: 11, reversed: 11, in_all: 11 }, 'reversals_within_award'],
    [
      'more than was awarded, with a larger award made up',
      { points: 11, reversed: 11, in_all: 11, awarded: 11 },
      'reversals_follow',
    ],
    ['what does not go on from those before', { number: 2 }, 'reversals_follow'],
    ['what leaves out those before', { in_all: 11, awarded: 12 }, 'reversals_follow'],
  ])('%s', async (_, changes, constraint) => {
    await expect(write(changes, { points: changes['reversed'] })).rejects.toMatchObject({ constraint });
  });

  it('points that are reversed without a reversal, in another number, or of another customer', async () => {
    const constraint = 'transfers_reversal_has_reason';
    await expect(write({ none: true })).rejects.toMatchObject({ ...refused, constraint });
    await expect(write({}, { points: 9 })).rejects.toMatchObject({ ...refused, constraint });
    await granted('paula', 10);
    const { rows } = await test.owner.query<{ id: string }>(
      `SELECT a.id FROM accounts a JOIN customers c ON c.id = a.customer_id WHERE c.ref = 'paula' AND a.kind = 'available'`,
    );
    await expect(write({}, { account: rows[0]?.id })).rejects.toMatchObject({ ...refused, constraint });
  });

  it('a reversal without its transfer', async () => {
    await expect(write({}, { none: true })).rejects.toMatchObject({ ...refused, constraint: 'reversals_follow' });
  });

  it('a reversal that a revocation makes: in its transaction, before or after it, or under its name', async () => {
    const constraint = 'reversals_not_by_revocation';
    const revoke = (programme: string, customer: string, id: string) =>
      test.owner.query(
        `INSERT INTO revocations (programme_id, id, customer_id, scope, status, consents_ended, values_erasing, blocked_at)
           VALUES ($1, $2, $3, '{}', 'blocked', 1, 0, now())`,
        [programme, id, customer],
      );
    meanwhile = (programme, customer) => revoke(programme, customer, newId());
    await expect(write()).rejects.toMatchObject({ ...refused, constraint });
    meanwhile = revoke;
    await expect(write()).rejects.toMatchObject({ ...refused, constraint });
  });

  it('a reversal in the transaction that ends a consent', async () => {
    await shop.share('quirin');
    await test.grant(shop.id);
    const share = (
      await test.owner.query<{ id: string; customer_id: string }>(
        `SELECT s.id, s.customer_id FROM shares s JOIN customers c ON c.id = s.customer_id WHERE c.ref = 'quirin'`,
      )
    ).rows[0];
    const attempt = inShop(async (tx) => {
      const end = `UPDATE consents SET status = 'expired', ended_at = now() WHERE programme_id = $1 AND customer_id = $2`;
      await tx.query({ name: 'end', text: end }, [tx.programmeId, share?.customer_id]);
      const staff = { callerId: newId(), role: 'admin' } as const;
      return reverse(tx, { awardId: share?.id ?? '', reason: 'error', evidence: 'Consent withdrawn', staff });
    });
    await expect(attempt).rejects.toMatchObject({ constraint: 'reversals_not_by_revocation' });
    expect(await shop.balance('quirin')).toMatchObject({ available: 120 });
  });

  it('an award of neither share nor reference, and one of both', async () => {
    const { id } = (await shop.share('rosa')).body;
    await test.grant(shop.id);
    const insert = (set: object) =>
      test.owner.query(
        `INSERT INTO awards SELECT * FROM json_populate_record(NULL::awards,
           (SELECT (to_jsonb(w) || $2)::json FROM awards w WHERE w.id = $1))`,
        [uuidOf(id), set],
      );
    for (const set of [
      { share_id: null },
      { share_id: null, reason: 'x' },
      { share_id: null, reference: 'x' },
      { reference: 'x', reason: 'x' },
      { share_id: null, reference: 'x', reason: 'x', kind: 'none', points: null, why: 'cool-off' },
    ]) {
      await expect(insert({ id: newId(), ...set })).rejects.toMatchObject({
        constraint: expect.stringMatching(/^awards_of_share/),
      });
    }
  });
});

const inShop = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.inProgramme(test.uuidOf(shop.id), work);

/** Spends points, those that end first. */
async function spend(customerRef: string, points: number): Promise<void> {
  const body = { customerRef, points, orderRef: another('order'), capture: true };
  expect((await test.post('/v1/redemptions', shop.storefrontKey, body)).status).toBe(201);
}
/** Does what a worker does for those who leave. */
const work = (): Promise<void> =>
  runJobs(
    database,
    test.uuidOf(shop.id),
    {
      'customer-erasure': customerErasure(forfeit),
      ...endings,
    },
    () => false,
  );

it('breaks no invariant', async () => {
  expect(await brokenInvariants(test.databaseUrl)).toEqual({});
});
