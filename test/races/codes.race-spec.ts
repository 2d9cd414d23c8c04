import { setTimeout as sleep } from 'node:timers/promises';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { eventually, type Answer } from '../setup/service';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * A discount code is used once, however many orders ask for it at once, in two processes. The guard is that whether a step is
 * possible stands in the UPDATE that takes it. Tried, with the status read in a statement before and the UPDATE without it:
 * 10 of 100 orders are told that they hold the code, and of those that redeem it at once up to half meet the trigger that
 * keeps a redeemed code as it is, with 500.
 */

/** Between the decision and the commit it takes a while. */
const SLOW = `
  CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $$;
  CREATE TRIGGER slow AFTER UPDATE ON discount_codes FOR EACH ROW EXECUTE FUNCTION dawdle()`;
const ORDERS = 100;

let apis: TwoApis;
let offer: Awaited<ReturnType<TwoApis['programme']['publish']>>;
beforeAll(async () => {
  apis = await startTwoApis({ worker: true });
  offer = await apis.programme.publish({
    reward: { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } },
    perCustomer: { times: 1000, everyDays: 1 },
  });
  await apis.sql(SLOW);
});
afterAll(() => apis.stop());

let made = 0;
async function issue(): Promise<string> {
  const { body } = await apis.share(0, `customer-${(made += 1)}`, { offer });
  const id = parsePublicId('shr', body['id'] as string);
  const rows = await eventually(
    () => apis.sql<{ code: string }>('SELECT code FROM discount_codes WHERE award_id = $1', [id]),
    ({ length }) => length === 1,
  );
  return rows[0]!.code;
}
const step = (api: number, code: string, what: string, orderRef: string): Promise<Answer> =>
  apis.post(api, `/v1/discounts/${code}/${what}`, { orderRef });
const rowOf = async (code: string) =>
  (
    await apis.sql<{ status: string; order_ref: string | null }>(
      'SELECT status, order_ref FROM discount_codes WHERE code = $1',
      [code],
    )
  )[0];

it.each(['redeem', 'reserve'])('100 orders that %s it at once: one gets it', async (what) => {
  const code = await issue();
  const orders = Array.from({ length: ORDERS }, (_, n) => n);
  const answers = await Promise.all(orders.map((n) => step(n, code, what, `order-${n}`)));
  expect(tally(answers)).toEqual({ 200: 1, '409 code-used': ORDERS - 1 });
  const winner = answers.findIndex(({ status }) => status === 200);
  expect(await rowOf(code)).toEqual({
    status: what === 'redeem' ? 'redeemed' : 'reserved',
    order_ref: `order-${winner}`,
  });
});

it('one order that redeems it 50 times at once, with a key each: each is told the same', async () => {
  const code = await issue();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => step(n, code, 'redeem', 'order')));
  expect(tally(answers)).toEqual({ 200: 50 });
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
});

// Whoever was told that it is theirs finds it so: a reservation goes only by its own order, and a redeemed code stays.
it('reserve, release and redeem by two orders in every order at once', async () => {
  const two = ['one', 'two'];
  for (let round = 0; round < 20; round++) {
    const code = await issue();
    const said: { order: string; what: string; status: number }[] = [];
    const lane = async (order: string, n: number): Promise<void> => {
      const steps = ['reserve', 'release', 'reserve', 'redeem'].slice(round % 2 === 0 ? 0 : 2);
      for (const what of steps) {
        await sleep(Math.random() * 10);
        const { status } = await step(n, code, what, order);
        said.push({ order, what, status });
      }
    };
    await Promise.all(two.flatMap((order, n) => [lane(order, n), lane(order, n + 1)]));
    const redeemers = new Set(
      said.filter(({ what, status }) => what === 'redeem' && status === 200).map(({ order }) => order),
    );
    const row = await rowOf(code);
    expect(redeemers.size).toBeLessThanOrEqual(1);
    expect(row?.status === 'redeemed').toBe(redeemers.size === 1);
    if (redeemers.size === 1) expect([...redeemers]).toEqual([row?.order_ref]);
    expect(said.every(({ status }) => status === 200 || status === 409)).toBe(true);
  }
});

it('one that waits for a reservation to end gets it, and only one of them', async () => {
  const code = await issue();
  await step(0, code, 'reserve', 'abandoned');
  await apis.sql(`UPDATE discount_codes SET reserved_until = clock_timestamp() WHERE code = $1`, [code]);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => step(n, code, 'redeem', `order-${n}`)));
  expect(tally(answers)).toEqual({ 200: 1, '409 code-used': 19 });
  expect(await rowOf(code)).toMatchObject({ status: 'redeemed' });
});

it('breaks no invariant', async () => {
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});
