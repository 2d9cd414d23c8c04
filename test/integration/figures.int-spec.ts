import { parseCsv } from '../setup/parse-csv';
import { eventually } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

type Offer = TestProgramme['offer'];

const FEW = { value: null, fewerThan: 10 };
const WITHHELD = { value: null, withheld: true };
const DAY_MS = 86_400_000;

let test: TestApp;
beforeAll(async () => {
  test = await startTestApp();
});
afterAll(() => test.stop());

const refs = (count: number, prefix = 'person') => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

const figure = async (shop: TestProgramme, path: string) => {
  const answer = await test.get(`/v1/figures/${path}`, shop.adminKey);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body;
};
const shareBy = async (shop: TestProgramme, customers: string[], offer: Offer = shop.offer) => {
  for (const customerRef of customers) expect((await shop.share(customerRef, { offer })).status).toBe(201);
};
const revokeBy = async (shop: TestProgramme, customers: string[]) => {
  for (const ref of customers) expect((await shop.revoke(ref, { everything: true })).status).toBe(201);
};

/** History is moved behind the triggers' back, in order, a statement at a time. */
async function inThePast(shop: TestProgramme, ...statements: [string, unknown[]][]): Promise<void> {
  await test.owner.query('BEGIN; SET LOCAL session_replication_role = replica');
  for (const [text, values] of statements) await test.owner.query(text, [test.uuidOf(shop.id), ...values]);
  await test.owner.query('COMMIT');
}
const CUSTOMERS = '(SELECT id FROM customers WHERE programme_id = $1 AND ref = ANY ($2))';
const moveShares = (customers: string[], at: string): [string, unknown[]] => [
  `UPDATE shares SET accepted_at = $3 WHERE programme_id = $1 AND customer_id IN ${CUSTOMERS}`,
  [customers, at],
];
const moveConsents = (customers: string[], given: string, ended?: string): [string, unknown[]] => [
  `UPDATE consents SET given_at = $3, ended_at = $4, status = CASE WHEN $4::timestamptz IS NULL THEN 'active' ELSE 'withdrawn' END
    WHERE programme_id = $1 AND customer_id IN ${CUSTOMERS}`,
  [customers, given, ended ?? null],
];
const today = () => new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin' }).format(new Date());
const dayBefore = (days: number) => new Date(Date.parse(today()) - days * DAY_MS).toISOString().slice(0, 10);
/** The 15th of the month so many before this one, and how it is written. */
function monthBefore(months: number): { month: string; mid: string } {
  const [year = 0, month = 0] = today().split('-').map(Number);
  const date = new Date(Date.UTC(year, month - 1 - months, 15, 12)).toISOString();
  return { month: date.slice(0, 7), mid: date };
}

/** Of 61 persons in 2,048 registers, 0.9 on average meet in one with another: six or more do so once in three thousand times. */
const OFF = 4;

describe('the funnel', () => {
  const counts = async (shop: TestProgramme, query = '') => {
    const { steps } = await figure(shop, `funnel?offer=${shop.offer.id}${query}`);
    return Object.fromEntries(steps.map(({ step, persons }: { step: string; persons: object }) => [step, persons]));
  };
  const ask = async (shop: TestProgramme, customers: string[]) => {
    for (const ref of customers) {
      expect((await test.get(`/v1/customers/${ref}/offers`, shop.storefrontKey)).status).toBe(200);
    }
  };
  const offeredTo = (shop: TestProgramme, about: number) =>
    eventually(
      () => counts(shop),
      ({ offered }) => Math.abs((offered as { value: number }).value - about) <= OFF,
    );

  it('counts each person once a step, however often they were shown it, over days and writes', async () => {
    const shop = await test.programme();
    await ask(shop, refs(40));
    await offeredTo(shop, 41); // They, and the one whom the builder asked for.
    await ask(shop, [...refs(30), ...refs(20, 'another')]);
    await offeredTo(shop, 61);
    await inThePast(shop, ['UPDATE offered_days SET day = day - 3 WHERE programme_id = $1', []]);
    await ask(shop, refs(40));
    // Today's is written when it is there: before that, days that are merged cannot be seen to count nobody twice.
    await eventually(
      () => test.owner.query('SELECT FROM offered_days WHERE programme_id = $1', [test.uuidOf(shop.id)]),
      ({ rowCount }) => rowCount === 2,
    );
    const { offered } = await counts(shop, `&from=${dayBefore(5)}`);
    expect(Math.abs((offered as { value: number }).value - 61)).toBeLessThanOrEqual(OFF);
  });

  it('goes from shared over granted to revoked, and offers nothing to whoever has earned', async () => {
    const shop = await test.programme();
    await shareBy(shop, refs(24));
    await test.grant(shop.id);
    await revokeBy(shop, refs(11));
    await ask(shop, refs(24));
    expect(await counts(shop)).toEqual({
      offered: FEW,
      shared: { value: 24 },
      granted: { value: 24 },
      revoked: { value: 11 },
    });
  });

  it('tells no count of fewer than 10, nor one that would by its difference to another', async () => {
    const shop = await test.programme();
    await shareBy(shop, refs(9));
    expect(await counts(shop)).toEqual({ offered: FEW, shared: FEW, granted: FEW, revoked: FEW });
    await shareBy(shop, refs(12, 'more'));
    await test.grant(shop.id);
    await shareBy(shop, refs(3, 'late'));
    // 24 shared, 21 were granted: that 3 were not is nobody's to know.
    expect(await counts(shop)).toMatchObject({ shared: { value: 24 }, granted: WITHHELD, revoked: FEW });
    await revokeBy(shop, [...refs(9), ...refs(7, 'more')]);
    // 16 revoked, and 8 did not.
    expect(await counts(shop)).toMatchObject({ shared: { value: 24 }, revoked: WITHHELD });
  });

  it('is of the days that were asked for, in the programme’s time zone', async () => {
    const shop = await test.programme();
    await test.owner.query(`UPDATE programmes SET time_zone = 'Asia/Tokyo' WHERE id = $1`, [test.uuidOf(shop.id)]);
    await shareBy(shop, refs(25));
    const [early, late] = [refs(25).slice(0, 10), refs(25).slice(10)];
    // Tokyo's day begins at 15:00 of the day before in UTC.
    await inThePast(shop, moveShares(early, '2026-03-09T14:59:59Z'), moveShares(late, '2026-03-09T15:00:00Z'));
    const shared = async (from: string, to: string) => (await counts(shop, `&from=${from}&to=${to}`))['shared'];
    expect(await shared('2026-03-09', '2026-03-09')).toEqual({ value: 10 });
    expect(await shared('2026-03-10', '2026-03-10')).toEqual({ value: 15 });
    expect(await shared('2026-03-01', '2026-03-31')).toEqual({ value: 25 });
    const wrong = await test.get(
      `/v1/figures/funnel?offer=${shop.offer.id}&from=2026-03-02&to=2026-03-01`,
      shop.adminKey,
    );
    expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/to' }] } });
  });

  it('never fails a quote, nor keeps it waiting, when it cannot be counted', async () => {
    const shop = await test.programme();
    await test.owner.query('REVOKE INSERT ON offered_days FROM gegenwert_app');
    await ask(shop, refs(20));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await test.owner.query('GRANT INSERT ON offered_days TO gegenwert_app');
    expect(await counts(shop)).toMatchObject({ offered: FEW });
    await ask(shop, refs(20));
    await offeredTo(shop, 20);
  });
});

describe('the burn-down', () => {
  const publishedAt = (shop: TestProgramme, at: string) =>
    inThePast(shop, ['UPDATE offer_versions SET published_at = $2 WHERE programme_id = $1', [at]]);

  it('tells a day when at least 10 persons have earned since the last one, with what came before', async () => {
    const shop = await test.programme({ budget: { points: 12_000 } });
    await shareBy(shop, refs(40));
    const on = (days: number) => `${dayBefore(days)}T12:00:00Z`;
    const people = refs(40);
    await publishedAt(shop, on(6));
    await inThePast(
      shop,
      moveShares(people.slice(0, 15), on(6)),
      moveShares(people.slice(15, 19), on(4)),
      moveShares(people.slice(19, 26), on(2)),
      moveShares(people.slice(26, 37), on(1)),
    );
    const { unit, budget, days, forecast } = await figure(shop, `burn-down?offer=${shop.offer.id}`);
    expect({ unit, budget }).toEqual({ unit: 'points', budget: 12_000 });
    expect(days).toEqual([
      { day: dayBefore(6), spent: 15 * 120, left: 12_000 - 15 * 120 },
      { day: dayBefore(5), spent: 0, left: 12_000 - 15 * 120 },
      { day: dayBefore(4), spent: null, left: null },
      { day: dayBefore(3), spent: null, left: null },
      { day: dayBefore(2), spent: 11 * 120, left: 12_000 - 26 * 120 },
      { day: dayBefore(1), spent: 11 * 120, left: 12_000 - 37 * 120 },
      { day: today(), spent: null, left: null },
    ]);
    const elapsed = (Date.now() - Date.parse(on(6))) / DAY_MS;
    expect(forecast.perDay).toBeCloseTo((40 * 120) / elapsed, 0);
    expect(forecast.emptyOn).toBe(dayBefore(-Math.ceil((12_000 - 4_800) / forecast.perDay)));
  });

  it('forecasts nothing from fewer than 10 persons, and no end without a budget', async () => {
    const shop = await test.programme();
    await shareBy(shop, refs(9));
    const burnDown = () => figure(shop, `burn-down?offer=${shop.offer.id}`);
    expect(await burnDown()).toEqual({
      unit: 'points',
      budget: null,
      days: [{ day: today(), spent: null, left: null }],
      forecast: { perDay: null, emptyOn: null },
    });
    await shareBy(shop, ['tenth']);
    expect(await burnDown()).toMatchObject({
      days: [{ day: today(), spent: 1200, left: null }],
      forecast: { perDay: 1200, emptyOn: null },
    });
  });

  it('counts codes where the reward is one', async () => {
    const shop = await test.programme();
    const discount = { kind: 'percent', percent: 10, validDays: 30 };
    const offer = await shop.publish({ reward: { type: 'discount', discount }, budget: { codes: 50 } });
    await shareBy(shop, refs(10), offer);
    expect(await figure(shop, `burn-down?offer=${offer.id}`)).toEqual({
      unit: 'codes',
      budget: 50,
      days: [{ day: today(), spent: 10, left: 40 }],
      forecast: { perDay: 10, emptyOn: dayBefore(-4) },
    });
  });
});

describe('cohorts', () => {
  it('follow those who first gave in a month, and withhold what would tell of fewer than 10', async () => {
    const shop = await test.programme();
    await shareBy(shop, refs(60));
    const people = refs(60);
    const [three, two, one] = [3, 2, 1].map(monthBefore) as { month: string; mid: string }[];
    await inThePast(
      shop,
      // 40 three months ago: 12 ended in the same month, 3 in the next, 10 in the one after.
      moveConsents(people.slice(0, 40), three!.mid),
      moveConsents(people.slice(0, 12), three!.mid, new Date(Date.parse(three!.mid) + 5 * DAY_MS).toISOString()),
      moveConsents(people.slice(12, 15), three!.mid, two!.mid),
      moveConsents(people.slice(15, 25), three!.mid, one!.mid),
      moveConsents(people.slice(40, 49), one!.mid),
    );
    const { cohorts } = await figure(shop, 'cohorts');
    expect(cohorts).toEqual([
      {
        month: three!.month,
        given: { value: 40 },
        kept: [
          { monthsAfter: 0, persons: { value: 28 }, share: 0.7 },
          { monthsAfter: 1, persons: WITHHELD, share: null },
          { monthsAfter: 2, persons: { value: 15 }, share: 0.375 },
          { monthsAfter: 3, persons: { value: 15 }, share: 0.375 },
        ],
      },
      {
        month: one!.month,
        given: FEW,
        kept: [
          { monthsAfter: 0, persons: FEW, share: null },
          { monthsAfter: 1, persons: FEW, share: null },
        ],
      },
      {
        month: today().slice(0, 7),
        given: { value: 11 },
        kept: [{ monthsAfter: 0, persons: { value: 11 }, share: 1 }],
      },
    ]);
  });

  it('keep whoever gives again before the former ends, and lose whoever comes back later', async () => {
    const shop = await test.programme({ perCustomer: { times: 10, everyDays: 1 } });
    const [three, two, one] = [3, 2, 1].map(monthBefore) as { month: string; mid: string }[];
    const people = refs(20);
    await shareBy(shop, people);
    // Half of them gave again at once; the other half a month later.
    await inThePast(shop, moveConsents(people, three!.mid, two!.mid));
    await shareBy(shop, people);
    const second = `UPDATE consents SET given_at = $3 WHERE programme_id = $1 AND status = 'active' AND customer_id IN ${CUSTOMERS}`;
    await inThePast(shop, [second, [people.slice(0, 10), two!.mid]], [second, [people.slice(10), one!.mid]]);
    const { cohorts } = await figure(shop, `cohorts?offer=${shop.offer.id}&purpose=advice`);
    expect(cohorts).toMatchObject([
      { given: { value: 20 }, kept: [20, 10, 10, 10].map((value) => ({ persons: { value } })) },
    ]);
  });

  it('are of one offer, of one purpose, or of one that is not there', async () => {
    const shop = await test.programme();
    const other = await shop.publish({ asks: [{ attribute: 'birthday', purposes: ['greeting'], required: true }] });
    const consents = [{ attribute: 'birthday', purposes: ['greeting'] }];
    for (const ref of refs(12)) expect((await shop.share(ref, { offer: other, consents })).status).toBe(201);
    await shareBy(shop, refs(10, 'both'));
    const given = async (query: string) =>
      (await figure(shop, `cohorts${query}`)).cohorts.map((one: { given: { value: number } }) => one.given.value);
    expect(await given('')).toEqual([22]);
    expect(await given('?purpose=advice')).toEqual([10]);
    expect(await given('?purpose=greeting')).toEqual([22]);
    expect(await given(`?offer=${other.id}`)).toEqual([12]);
    expect(await given(`?offer=${other.id}&purpose=advice`)).toEqual([]);
    for (const query of ['?purpose=nothing', '?offer=off_01k9v5m3c8e1p9r2t4y6u8j0aa']) {
      expect((await test.get(`/v1/figures/cohorts${query}`, shop.adminKey)).status).toBe(404);
    }
  });
});

it('the cost of an attribute is what its shares were given, by those who can still be used', async () => {
  const shop = await test.programme();
  const asks = ['birthday', 'shoeSize'].map((attribute) => ({ attribute, purposes: ['greeting'], required: true }));
  const both = await shop.publish({ asks, reward: { type: 'points', points: 100 } });
  await shareBy(shop, refs(30));
  for (const customerRef of refs(12, 'both')) {
    const consents = asks.map(({ attribute, purposes }) => ({ attribute, purposes }));
    const values = { birthday: '1990-04-01', shoeSize: 38 };
    expect((await shop.share(customerRef, { offer: both, values, consents })).status).toBe(201);
  }
  await revokeBy(shop, refs(2));
  const { attributes } = await figure(shop, 'attribute-costs');
  const title = expect.objectContaining({ de: expect.any(String) });
  // 30 × 120 + 12 × 50 = 4200 for 42 persons: ten got 1000, so 4000; that two of them have revoked cannot be read out of it.
  expect(attributes).toEqual([
    { attribute: 'birthday', title, pointsPaid: 4000, usable: { value: 40 }, pointsPerUsable: 100 },
    { attribute: 'diet', title, pointsPaid: null, usable: FEW, pointsPerUsable: null },
    { attribute: 'shoeSize', title, pointsPaid: 500, usable: { value: 12 }, pointsPerUsable: 41.7 },
  ]);
});

it('the liability is what accounting says, by month', async () => {
  const shop = await test.programme({ validDays: 365 });
  const forever = await shop.publish({ reward: { type: 'points', points: 7 } });
  await shareBy(shop, refs(3));
  await shareBy(shop, refs(2), forever);
  await test.grant(shop.id);
  const month = new Date(Date.parse(today()) + 365 * DAY_MS).toISOString().slice(0, 7);
  const { months, total } = await figure(shop, 'liability');
  expect({ months, total }).toEqual({
    months: [
      { month, points: 360 },
      { month: null, points: 14 },
    ],
    total: 374,
  });
});

describe('stopping times', () => {
  const stops = (shop: TestProgramme) => () =>
    test.owner.query('SELECT FROM revocation_stops WHERE programme_id = $1', [test.uuidOf(shop.id)]);
  const NOTHING = {
    blockedP50Ms: null,
    blockedP95Ms: null,
    erasedP50Seconds: null,
    erasedP95Seconds: null,
    toldP50Seconds: null,
    toldP95Seconds: null,
  };

  it('are those of customers’ revocations, by week, and null of fewer than 10', async () => {
    const shop = await test.programme();
    const people = refs(31);
    await shareBy(shop, people);
    for (const ref of people.slice(0, 12)) expect((await shop.disclose(ref)).status).toBe(200);
    await revokeBy(shop, people);
    await test.erase(shop.id);
    await eventually(stops(shop), ({ rowCount }) => rowCount === 31);
    const revoked = `customer_id IN ${CUSTOMERS}`;
    const times = (customers: string[], weeks: number): [string, unknown[]] => [
      `UPDATE revocations SET blocked_at = now() - make_interval(weeks => $3), erased_at = now() - make_interval(weeks => $3, secs => -2),
              told_at = CASE WHEN $3 = 0 THEN now() + interval '5 s' ELSE told_at END, status = CASE WHEN $3 = 0 THEN 'told' ELSE status END
        WHERE programme_id = $1 AND ${revoked}`,
      [customers, weeks],
    ];
    await inThePast(
      shop,
      times(people.slice(0, 12), 0),
      times(people.slice(12, 27), 1),
      times(people.slice(27), 3),
      [
        `UPDATE revocation_stops s SET microseconds = 1000 * n FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM revocations
          WHERE programme_id = $1 AND ${revoked}) r WHERE s.programme_id = $1 AND s.revocation_id = r.id`,
        [people.slice(0, 11)],
      ],
      [
        `UPDATE revocation_stops s SET microseconds = 11000 FROM revocations r
          WHERE s.programme_id = $1 AND r.id = s.revocation_id AND r.programme_id = $1 AND ${revoked}`,
        [people.slice(11, 12)],
      ],
    );
    const { weeks, all } = await figure(shop, 'stopping-times?weeks=4');
    expect(weeks).toHaveLength(4);
    // Four revoked three weeks ago. With the sum of 31 they could be told, so the smaller of the other weeks is withheld as well.
    expect(weeks[0]).toEqual({ week: expect.stringMatching(/^\d{4}-W\d\d$/), revocations: FEW, ...NOTHING });
    expect(weeks[1]).toMatchObject({ revocations: FEW });
    expect(weeks[2]).toMatchObject({ revocations: { value: 15 }, erasedP50Seconds: 2, toldP50Seconds: null });
    expect(weeks[3]).toMatchObject({ revocations: WITHHELD, ...NOTHING });
    expect(all).toMatchObject({ revocations: { value: 31 }, erasedP95Seconds: 2, toldP50Seconds: 5 });
    const { weeks: recent } = await figure(shop, 'stopping-times?weeks=2');
    expect(recent[1]).toMatchObject({
      revocations: { value: 12 },
      blockedP50Ms: 6.5,
      blockedP95Ms: 11,
      toldP95Seconds: 5,
    });
  });

  it('are of no revocation that nobody asked for by itself', async () => {
    const shop = await test.programme();
    await shareBy(shop, refs(10));
    await inThePast(shop, [`UPDATE consents SET until = now() - interval '1 s' WHERE programme_id = $1`, []]);
    await test.expire(shop.id);
    expect((await figure(shop, 'stopping-times')).all).toEqual({ revocations: FEW, ...NOTHING });
  });

  it('tell nothing of ten revocations by fewer persons', async () => {
    const shop = await test.programme({ perCustomer: { times: 10, everyDays: 1 } });
    for (let n = 0; n < 5; n += 1) {
      await shareBy(shop, refs(2));
      await revokeBy(shop, refs(2));
    }
    await eventually(stops(shop), ({ rowCount }) => rowCount === 10);
    expect((await figure(shop, 'stopping-times')).all).toEqual({ revocations: FEW, ...NOTHING });
  });
});

const PATHS = (offer: string) => [
  `funnel?offer=${offer}`,
  `burn-down?offer=${offer}`,
  'cohorts',
  'attribute-costs',
  'liability',
  'stopping-times',
];

it('each is there as CSV, as text that no spreadsheet calculates', async () => {
  const shop = await test.programme();
  await shareBy(shop, refs(12));
  await test.grant(shop.id);
  await test.owner.query(
    `UPDATE attributes SET title = '{"de":"=1+1","en":"x,\\"y\\""}' WHERE programme_id = $1 AND key = 'birthday'`,
    [test.uuidOf(shop.id)],
  );
  const csvOf = async (path: string) => {
    const response = await fetch(`${test.url}/v1/figures/${path}`, {
      headers: { authorization: `Bearer ${shop.adminKey}`, accept: 'text/csv' },
    });
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    return parseCsv(await response.text());
  };
  const [funnel, burnDown, cohorts, costs, liability, stopping] = await Promise.all(PATHS(shop.offer.id).map(csvOf));
  const month = today().slice(0, 7);
  expect(funnel).toEqual([
    ['step', 'persons', 'from', 'to'],
    ['offered', '<10', today(), today()],
    ['shared', '12', today(), today()],
    ['granted', '12', today(), today()],
    ['revoked', '<10', today(), today()],
  ]);
  expect(burnDown?.at(-1)).toEqual([today(), '1440', '', 'points', '']);
  expect(cohorts).toEqual([
    ['month', 'given', 'monthsAfter', 'persons', 'share'],
    [month, '12', '0', '12', '1'],
  ]);
  expect(costs?.[1]).toEqual(['birthday', "'=1+1", 'x,"y"', '1200', '12', '100']);
  expect(liability?.at(-1)).toEqual(['total', '1440']);
  expect(stopping?.at(-1)).toEqual(['all', '<10', '', '', '', '', '', '']);
  expect(stopping).toHaveLength(14);
});

it('are of staff, each role its own, and of their own programme', async () => {
  const [shop, other] = [await test.programme(), await test.programme()];
  await shareBy(shop, refs(12));
  const staff = async (role: string) =>
    (await test.post('/v1/keys', shop.adminKey, { kind: 'staff', role, name: role })).body['key'] as string;
  const marketing = await staff('marketing');
  const dpo = await staff('dpo');
  const statuses = (key: string, offer = shop.offer.id) =>
    Promise.all(PATHS(offer).map(async (path) => (await test.get(`/v1/figures/${path}`, key)).status));
  expect(await statuses(marketing)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(await statuses(dpo)).toEqual([403, 403, 403, 403, 200, 200]);
  for (const key of [
    shop.storefrontKey,
    shop.recipients.newsletter.apiKey,
    await test.tokenOf(shop.storefrontKey, 'a'),
  ]) {
    expect(await statuses(key)).toEqual([403, 403, 403, 403, 403, 403]);
  }
  expect(await statuses(other.adminKey)).toEqual([404, 404, 200, 200, 200, 200]);
  expect((await figure(other, 'cohorts')).cohorts).toEqual([]);
  for (const offer of ['off_01k9v5m3c8e1p9r2t4y6u8j0aa', 'nonsense', shop.id]) {
    expect(await statuses(marketing, offer)).toEqual([404, 404, 200, 200, 200, 200]);
  }
  for (const path of [
    'funnel',
    `funnel?offer=${shop.offer.id}&from=2026-02-30`,
    'stopping-times?weeks=0',
    'cohorts?format=x',
  ]) {
    expect((await test.get(`/v1/figures/${path}`, marketing)).status).toBe(422);
  }
});
