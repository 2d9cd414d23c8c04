import { brokenInvariants } from '../setup/invariants';
import type { Answer } from '../setup/service';
import { startTwoApis, tally, type TwoApis } from './two-apis';

/**
 * I8: an offer never promises more than its budget, however many accept at once, and an exhausted one refuses before
 * anything is stored.
 *
 * Its guards are three. Tried, with each taken out of `src/offers/budgets.ts`: without `promised + $4 <= cap` the CHECK
 * offer_budgets_hold refuses the last ones with 500, and up to 4 awards of the budget are never made; without FOR UPDATE
 * on the stripes the same happens to those who meet; without it and the CHECK, more is promised than the budget holds.
 */

/** What is left is read, and then it takes a while until it is promised: whoever does not lock it meets another. */
const SLOW_PROMISES = `
  CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $$;
  CREATE TRIGGER slow BEFORE UPDATE ON offer_budgets FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`;
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
  await apis.sql(SLOW_PROMISES);
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

it('the last of a budget is promised once, when each process could promise it', async () => {
  for (let round = 0; round < 15; round++) {
    const offer = await apis.programme.publish(points(1, 3));
    const all = await Promise.all(Array.from({ length: 6 }, (_, n) => apis.share(n, `last-${round}-${n}`, { offer })));
    expect(tally(all)).toEqual({ 201: 3, '409 offer-exhausted': 3 });
  }
});

it('nothing of a refused share is left in what is kept without the customer', async () => {
  const [left] = await apis.sql(`SELECT
    (SELECT count(*)::int FROM shares) AS shares, (SELECT count(*)::int FROM outbox) AS owed,
    (SELECT count(*)::int FROM earned_marks) AS marks,
    (SELECT count(*)::int FROM idempotency_keys WHERE answer::jsonb ? 'earns') AS keys`);
  const accepted = 443 + 45;
  expect(left).toEqual({ shares: accepted, owed: accepted, marks: accepted, keys: accepted });
});

it('every invariant is kept, and no two shares have waited for each other', async () => {
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  const [{ deadlocks } = { deadlocks: '?' }] = await apis.sql<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(deadlocks).toBe('0');
});
