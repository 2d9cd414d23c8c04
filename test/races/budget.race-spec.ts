import { brokenInvariants } from '../setup/invariants';
import type { Answer } from '../setup/service';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * I8: an offer never promises more than its budget, however many accept at once, and an exhausted one refuses before
 * anything is stored.
 */

const CUSTOMERS = 400;
const points = (each: number, budget: number) => ({
  reward: { type: 'points', points: each },
  budget: { points: budget },
});
const codes = (budget: number) => ({
  reward: { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } },
  budget: { codes: budget },
});

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis();
});
afterAll(() => apis.stop());

describe.each([
  ['1 point each out of 100', points(1, 100), 100],
  ['10 points each out of 1000', points(10, 1000), 100],
  // 8 stripes of 125 or 126 points hold 17 awards each and a rest: the last ones are put together from the rests.
  ['7 points each out of 1003', points(7, 1003), 143],
  ['a code each out of 100', codes(100), 100],
])('a budget that 400 customers ask for at once: %s', (_name, terms, promised) => {
  let offer: Awaited<ReturnType<typeof apis.programme.publish>>;
  let answers: Answer[];
  beforeAll(async () => {
    offer = await apis.programme.publish(terms);
    const customers = Array.from({ length: CUSTOMERS }, (_, n) => n);
    answers = await Promise.all(customers.map((n) => apis.share(n, `${offer.id}-${n}`, { offer })));
  });

  it('is promised to the last unit, and no further', async () => {
    expect(tally(answers)).toEqual({ 201: promised, '409 offer-exhausted': CUSTOMERS - promised });
    expect(answers.filter(({ body }) => body['award']?.status === 'pending')).toHaveLength(promised);
  });

  it('leaves nothing of those who were refused', async () => {
    const left = await apis.sql<{ count: number }>(
      `WITH c AS (SELECT id FROM customers WHERE starts_with(ref, $1))
       SELECT count(*)::int AS count FROM c
       UNION ALL SELECT count(*)::int FROM vault_values JOIN c ON c.id = customer_id
       UNION ALL SELECT count(*)::int FROM shares JOIN c ON c.id = customer_id
       UNION ALL SELECT count(*)::int FROM awards JOIN c ON c.id = customer_id
       UNION ALL SELECT count(*)::int / 2 FROM consents JOIN c ON c.id = customer_id`,
      [offer.id],
    );
    expect(left.map(({ count }) => count)).toEqual(left.map(() => promised));
  });
});

it('nothing of a refused share is left in what is kept without the customer', async () => {
  const [left] = await apis.sql(`SELECT
    (SELECT count(*)::int FROM shares) AS shares, (SELECT count(*)::int FROM outbox) AS owed,
    (SELECT count(*)::int FROM earned_marks) AS marks,
    (SELECT count(*)::int FROM idempotency_keys WHERE answer ? 'earns') AS keys`);
  expect(left).toEqual({ shares: 443, owed: 443, marks: 443, keys: 443 });
});

it('every invariant is kept, and no two shares have waited for each other', async () => {
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  const [{ deadlocks } = { deadlocks: '?' }] = await apis.sql<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(deadlocks).toBe('0');
});
