import { brokenInvariants } from '../setup/invariants';
import { eventually, type Answer } from '../setup/service';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * One award a reference, and never more reversed than awarded, whoever asks at once in two processes.
 *
 * The guards, taken out and tried: without the unique index on the reference, and the ON CONFLICT that goes by it, ten of 50
 * customers get an award under one reference; without ON CONFLICT alone, those who come second are answered 500. Without the
 * lock of the customer's account in `reverse_award`, reversals that meet each other, or a redemption, come to constraints and
 * are answered 500.
 */

const TIMES = 50;
const range = (length: number): number[] => Array.from({ length }, (_, n) => n);

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis({ worker: true });
  // Between what was read and the commit it takes a while.
  await apis.sql(
    `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $$`,
  );
  await apis.sql('CREATE TRIGGER slow AFTER INSERT ON awards FOR EACH STATEMENT EXECUTE FUNCTION dawdle()');
  await apis.sql('CREATE TRIGGER slow AFTER INSERT ON reversals FOR EACH STATEMENT EXECUTE FUNCTION dawdle()');
});
afterAll(() => apis.stop());

const give = (api: number, customerRef: string, points: number, reference: string): Promise<Answer> =>
  apis.post(api, '/v1/awards', { customerRef, points, reason: 'Order', reference });
const reversal = (api: number, award: string, points?: number): Promise<Answer> =>
  apis.post(
    api,
    `/v1/awards/${award}/reversals`,
    { reason: 'error', evidence: 'x', ...(points === undefined ? {} : { points }) },
    { key: apis.programme.adminKey },
  );
const count = async (text: string, values: unknown[]): Promise<number> =>
  (await apis.sql<{ count: number }>(`SELECT count(*)::int AS count FROM ${text}`, values))[0]?.count ?? -1;
async function granted(customerRef: string, points: number, reference: string): Promise<string> {
  const { body } = await give(0, customerRef, points, reference);
  await eventually(
    () => apis.programme.balance(customerRef),
    ({ pending }) => pending === 0,
  );
  return body['id'] as string;
}

it('one reference 50 times at once: one award and one transfer', async () => {
  const answers = await Promise.all(range(TIMES).map((n) => give(n, 'anna', 70, 'order-1')));
  expect(tally(answers)).toEqual({ 201: TIMES });
  expect(new Set(answers.map(({ body }) => body['id'] as string)).size).toBe(1);
  await eventually(
    () => apis.programme.balance('anna'),
    ({ available, pending }) => available === 70 && pending === 0,
  );
  expect(await count('awards WHERE reference = $1', ['order-1'])).toBe(1);
  expect(await count(`transfers t JOIN awards w ON w.id = t.cause WHERE w.reference = $1`, ['order-1'])).toBe(1);
});

it('one reference for 50 customers at once: one of them gets it, and nothing is left of the others', async () => {
  const answers = await Promise.all(range(TIMES).map((n) => give(n, `customer-${n}`, 70, 'order-2')));
  expect(tally(answers)).toEqual({ 201: 1, '409 reference-used': TIMES - 1 });
  expect(await count('awards WHERE reference = $1', ['order-2'])).toBe(1);
  expect(await count(`customers WHERE starts_with(ref, $1)`, ['customer-'])).toBe(1);
});

it('50 references of one new customer at once: each is awarded', async () => {
  const answers = await Promise.all(range(TIMES).map((n) => give(n, 'ben', 2, `order-3-${n}`)));
  expect(tally(answers)).toEqual({ 201: TIMES });
  await eventually(
    () => apis.programme.balance('ben'),
    ({ available, pending }) => available === 2 * TIMES && pending === 0,
  );
});

it('20 reversals of one award at once take it once', async () => {
  await granted('carla', 1000, 'order-4');
  const wrong = await granted('carla', 100, 'order-5');
  const answers = await Promise.all(range(20).map((n) => reversal(n, wrong, 15)));
  expect(tally(answers)).toEqual({ 201: 6, '409 reversal-exceeds-award': 14 });
  const rest = await Promise.all(range(6).map((n) => reversal(n, wrong)));
  expect(tally(rest)).toEqual({ 201: 1, '409 reversal-exceeds-award': 5 });
  expect(await apis.programme.balance('carla')).toMatchObject({ available: 1000 });
});

it('a reversal and redemptions of the same points at once: each point goes once', async () => {
  for (const round of range(10)) {
    const customer = `dora-${round}`;
    const wrong = await granted(customer, 100, `order-6-${round}`);
    const redeem = (n: number): Promise<Answer> =>
      apis.post(n, '/v1/redemptions', {
        customerRef: customer,
        points: 15,
        orderRef: `order-${n}`,
        capture: n % 3 > 0,
      });
    const [reversed, ...redeemed] = await Promise.all([reversal(round, wrong), ...range(8).map(redeem)]);
    const spent = 15 * redeemed.filter(({ status }) => status === 201).length;
    const taken = reversed.body['reversed'] as number;
    expect([reversed.status, taken + (reversed.body['uncovered'] as number)]).toEqual([201, 100]);
    const { available } = await apis.programme.balance(customer);
    expect(available + spent + taken).toBe(100);
    expect(available).toBe(0);
  }
});

it('breaks no invariant', async () => {
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});
