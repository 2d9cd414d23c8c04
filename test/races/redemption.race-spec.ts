import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { Database } from '../../src/platform/database';
import { parsePublicId } from '../../src/platform/ids';
import { Problem } from '../../src/platform/problem';
import { commitSteps } from '../../src/redemption';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, type Answer } from '../setup/service';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * I6 and I7 under two processes: points are never spent twice, and each step of a redemption happens at most once.
 *
 * All of it rests on the lock of the customer's account, whose absence the end of this file shows.
 */
const times = <T>(length: number, of: (n: number) => T): T[] => Array.from({ length }, (_, n) => of(n));
const NO_STATE = '409 redemption-state';

let apis: TwoApis;
let third: Database;
let programmeId: string;
let customers = 0;
beforeAll(async () => {
  apis = await startTwoApis({ offer: { perCustomer: { times: 100, everyDays: 1 } }, worker: true });
  third = await Database.connect({ url: apis.databaseUrl, connections: 2, entities: [] });
  programmeId = parsePublicId('prg', apis.programme.id)!;
});
afterAll(async () => {
  await third.close();
  await apis.stop();
});

/** A customer with 120 points for each share. */
async function customer(shares = 1): Promise<string> {
  const ref = `customer-${(customers += 1)}`;
  for (let n = 0; n < shares; n++) await apis.share(n, ref);
  await eventually(
    () => apis.programme.balance(ref),
    ({ available }) => available === 120 * shares,
  );
  return ref;
}
const redeem = (
  api: number,
  customerRef: string,
  points: number,
  more: object = {},
  idempotencyKey: string = randomUUID(),
) =>
  apis.post(
    api,
    '/v1/redemptions',
    { customerRef, points, orderRef: 'order', capture: true, ...more },
    { idempotencyKey },
  );
const step = (api: number, id: string, name: string, idempotencyKey: string = randomUUID()): Promise<Answer> =>
  apis.post(api, `/v1/redemptions/${id}/${name}`, {}, { idempotencyKey });

describe('in two processes', () => {
  it('200 redemptions of one point against a balance for 50: exactly 50', async () => {
    const ref = await customer();
    await redeem(0, ref, 70);
    const answers = await Promise.all(times(200, (n) => redeem(n, ref, 1, { capture: n % 4 < 2 })));
    expect(tally(answers)).toEqual({ 201: 50, '409 insufficient-points': 150 });
    const { available, held } = await apis.programme.balance(ref);
    const holds = answers.filter(({ body }) => body['status'] === 'held').length;
    expect({ available, held }).toEqual({ available: 0, held: holds });
  });

  it('two carts on one balance: one of them gets it, and the other when it is let go', async () => {
    for (let round = 0; round < 10; round++) {
      const ref = await customer();
      const carts = await Promise.all(times(2, (n) => redeem(n, ref, 100, { capture: false })));
      expect(tally(carts)).toEqual({ 201: 1, '409 insufficient-points': 1 });
      const id = carts.find(({ status }) => status === 201)?.body['id'] as string;
      const [released, again] = await Promise.all([step(0, id, 'release'), redeem(1, ref, 100, { capture: false })]);
      expect(released.status).toBe(200);
      if (again.status !== 201) expect((await redeem(1, ref, 100, { capture: false })).status).toBe(201);
      expect(await apis.programme.balance(ref)).toMatchObject({ available: 20, held: 100 });
    }
  });

  describe('capture, release, expiry and refund of one hold', () => {
    /** As the sweep does, when the hold is over. */
    async function expire(id: string): Promise<string> {
      const steps = [{ step: { do: 'expire' as const, id: parsePublicId('red', id)! }, idempotency: undefined }];
      const over = new Date(Date.now() + 3_600_000);
      const [outcome] = await third.inProgramme(programmeId, (tx, commit) => commitSteps(tx, commit, steps, over));
      return outcome instanceof Problem ? `409 ${outcome.type}` : '200';
    }

    it('in every order: at most one of the first three, and a refund only of what is captured', async () => {
      const seen = new Set<string>();
      const ref = await customer();
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(fc.constantFrom('capture', 'release', 'refund', 'expire'), { maxLength: 3 }),
          // At once, or each when the one before has been answered: which comes first must not hang on which is quicker.
          fc.boolean(),
          async (s, more, isAtOnce) => {
            const before = await apis.programme.balance(ref);
            const { body } = await redeem(0, ref, 30, { capture: false });
            const id = body['id'] as string;
            const names = ['capture', 'release', 'expire', 'refund', ...more];
            let turn: Promise<unknown> = Promise.resolve();
            const act = async (name: string, n: number): Promise<{ name: string; status: string }> => {
              if (name === 'expire') return { name, status: await expire(id) };
              const [status = ''] = Object.keys(tally([await step(n, id, name)]));
              return { name, status };
            };
            const answers = await s.waitFor(
              Promise.all(
                names.map(async (name, n) => {
                  await s.schedule(Promise.resolve(), name);
                  if (isAtOnce) return act(name, n);
                  const mine = turn.then(() => act(name, n));
                  turn = mine;
                  return mine;
                }),
              ),
            );
            const done = answers.filter(({ status }) => status === '200').map(({ name }) => name);
            expect(answers.filter(({ status }) => status !== '200' && status !== NO_STATE)).toEqual([]);
            const ends = done.filter((name) => name !== 'refund');
            const refunds = done.length - ends.length;
            expect({ ends: ends.length, refunds: refunds <= (ends[0] === 'capture' ? 1 : 0) }).toEqual({
              ends: 1,
              refunds: true,
            });
            seen.add(ends[0] ?? '');
            if (ends[0] === 'capture' && refunds === 0) expect((await step(0, id, 'refund')).status).toBe(200);
            expect(await apis.programme.balance(ref)).toEqual(before);
          },
        ),
        { numRuns: 60 },
      );
      expect([...seen].sort()).toEqual(['capture', 'expire', 'release']);
    });
  });

  it('one key, sent 50 times to two processes: one redemption, one capture, one refund', async () => {
    const ref = await customer();
    const holds = await Promise.all(times(50, (n) => redeem(n, ref, 10, { capture: false }, 'hold')));
    expect(tally(holds)).toEqual({ 201: 50 });
    const id = holds[0]?.body['id'] as string;
    const captures = await Promise.all(times(50, (n) => step(n, id, 'capture', 'capture')));
    const refunds = await Promise.all(times(50, (n) => step(n, id, 'refund', 'refund')));
    expect([tally(captures), tally(refunds)]).toEqual([{ 200: 50 }, { 200: 50 }]);
    for (const answers of [holds, captures, refunds]) {
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(49);
    }
    expect(await apis.programme.balance(ref)).toMatchObject({ available: 120, held: 0 });
  });

  it('one key for two customers at once: one of them, and 422 for the other', async () => {
    const refs = [await customer(), await customer()];
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(times(20, (n) => redeem(n >> 1, refs[n % 2]!, 1, {}, `both ${round}`)));
      expect(tally(answers)).toEqual({ 201: 10, '422 idempotency-key-reused': 10 });
    }
    const balances = await Promise.all(refs.map((ref) => apis.programme.balance(ref)));
    expect(balances.reduce((sum, { available }) => sum + available, 0)).toBe(240 - 10);
  });

  it('20 redemptions of one order at once, whose rate lets points pay half of it: as many as are half of it', async () => {
    const rate = { points: 1, amountMinor: 1, currency: 'EUR', taxes: 'gross', maximumSharePercent: 50 };
    expect((await apis.post(0, '/v1/point-rates', rate, { key: apis.programme.adminKey })).status).toBe(201);
    const order = { totalMinor: 100, currency: 'EUR' };
    for (let round = 0; round < 5; round++) {
      const ref = await customer(2);
      const answers = await Promise.all(times(20, (n) => redeem(n, ref, 10, { capture: n % 4 < 2, order })));
      expect(tally(answers)).toEqual({ 201: 5, '409 redemption-limit': 15 });
      expect((await redeem(0, ref, 10, { orderRef: 'another', order })).status).toBe(201);
    }
    const free = { points: 1, amountMinor: 1, currency: 'EUR', taxes: 'gross' };
    expect((await apis.post(0, '/v1/point-rates', free, { key: apis.programme.adminKey })).status).toBe(201);
  });

  it('refunds while their customer leaves and gives everything up: nothing is left, whichever comes first', async () => {
    const refs = await Promise.all(times(12, () => customer()));
    const spent = await Promise.all(refs.map((ref, n) => redeem(n, ref, 60)));
    const customerIds = (await apis.sql<{ id: string }>('SELECT id FROM customers WHERE ref = ANY ($1)', [refs])).map(
      ({ id }) => id,
    );
    await Promise.all(
      refs.map(async (ref, n) => {
        const left = call(apis.urlOf(n), 'DELETE', `/v1/customers/${ref}?balance=forfeit`, {
          key: apis.programme.storefrontKey,
        });
        for (let part = 0; part < 6; part++) {
          await sleep(10 * n);
          const path = `/v1/redemptions/${spent[n]!.body['id']}/refund`;
          expect((await apis.post(n + part, path, { points: 10 })).status).toBe(200);
        }
        expect((await left).status).toBe(202);
      }),
    );
    await eventually(
      () => apis.sql(`SELECT FROM outbox WHERE topic = 'job'`),
      ({ length }) => length === 0,
    );
    const accounts = await apis.sql(
      'SELECT DISTINCT kind, balance::int FROM accounts WHERE customer_id = ANY ($1) ORDER BY kind',
      [customerIds],
    );
    expect(accounts).toEqual([{ kind: 'available', balance: 0 }]);
  });

  it('redeeming while awards of the same customers are posted and their shares revoked loses nothing', async () => {
    const refs = await Promise.all(times(6, () => customer()));
    const answers = await Promise.all(
      times(240, async (n) => {
        const ref = refs[n % refs.length]!;
        if (n % 4 === 0) return { ref, gain: 120, answer: await apis.share(n, ref) };
        if (n % 4 === 1) return { ref, gain: 0, answer: await apis.revoke(n, ref, { everything: true }) };
        const answer = await redeem(n, ref, 7, { capture: n % 3 > 0 });
        return { ref, gain: answer.status === 201 ? -7 : 0, answer };
      }),
    );
    const wrong = answers.filter(
      ({ answer }) =>
        ![200, 201].includes(answer.status) && answer.body['type'] !== 'urn:gegenwert:problem:insufficient-points',
    );
    expect(wrong).toEqual([]);
    for (const ref of refs) {
      const wanted = answers.filter((one) => one.ref === ref).reduce((sum, { gain }) => sum + gain, 120);
      const held = answers.filter((one) => one.ref === ref && one.answer.body['status'] === 'held').length * 7;
      await eventually(
        () => apis.programme.balance(ref),
        (balance) => balance.available === wanted && balance.held === held && balance.pending === 0,
      );
    }
  });

  it('keeps every invariant', async () => {
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  });
});

/** That the above can fail. */
describe('without the lock of the account', () => {
  beforeAll(async () => {
    const [{ definition }] = (await apis.sql<{ definition: string }>(
      `SELECT pg_get_functiondef('open_books'::regproc) AS definition`,
    )) as [{ definition: string }];
    const unlocked = definition.replace('FOR NO KEY UPDATE) a;', ') a;');
    if (unlocked === definition) throw new Error('The lock is somewhere else now');
    await apis.sql(unlocked);
    // It takes a while between what a transaction reads and its commit, so that two of them meet.
    await apis.sql(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$;
      CREATE TRIGGER slow AFTER INSERT ON redemptions FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`);
  });

  it('constraints keep points from being spent twice, but entries no longer follow each other', async () => {
    const ref = await customer(2);
    // While there is enough for all, no constraint stops what both processes write from the same balance.
    await Promise.all(times(60, (n) => redeem(n, ref, 1)));
    await Promise.all(times(100, (n) => redeem(n, ref, 3)));
    expect((await apis.programme.balance(ref)).available).toBe(0);
    expect(await brokenInvariants(apis.databaseUrl)).toHaveProperty('i06_zero_sum');
  });
});
