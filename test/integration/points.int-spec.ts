import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import * as fc from 'fast-check';
import { becauseOf } from '../../src/customer-view/because';
import { lineageOf } from '../../src/customer-view/lineage';
import { Database, type Statement, type Tx } from '../../src/platform/database';
import { newId, parsePublicId, toPublicId } from '../../src/platform/ids';
import { PointsHistory, type HistoryStep } from '../builders/points-history';
import { brokenInvariants } from '../setup/invariants';
import { parseCsv } from '../setup/parse-csv';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

let test: TestApp;
let shop: TestProgramme;
let database: Database;
let histories = 0;
beforeAll(async () => {
  test = await startTestApp();
  shop = await test.programme({ title: { de: '=Zum "Geburtstag"', en: 'On your birthday' } });
  database = await Database.connect({ url: test.databaseUrl, connections: 2, entities: [] });
});
afterAll(async () => {
  await database.close();
  await test.stop();
});

const begin = async (customers = 1): Promise<PointsHistory> => {
  histories += 1;
  const refs = Array.from({ length: customers }, (_, n) => `history-${histories}-${n}`);
  const history = new PointsHistory(test.owner, database, test.uuidOf(shop.id), refs);
  await history.begin();
  return history;
};
const get = (path: string, key = shop.storefrontKey) => test.get(`/v1${path}`, key);
const fetchText = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${test.url}/v1${path}`, { headers: { authorization: `Bearer ${shop.storefrontKey}`, ...headers } });
const fault = (pointer: string) => ({
  status: 422,
  body: { type: 'urn:gegenwert:problem:invalid-request', errors: [{ pointer }] },
});
const award = (points: number, more: Partial<HistoryStep & { do: 'award' }> = {}): HistoryStep => ({
  do: 'award',
  customer: 0,
  points,
  validDays: undefined,
  promisedBefore: 0,
  ...more,
});
const redeem = (points: number, holdSeconds?: number): HistoryStep => ({
  do: 'redeem',
  customer: 0,
  points,
  holdSeconds,
});

describe('over random histories', () => {
  const points = fc.integer({ min: 1, max: 120 });
  const which = fc.nat({ max: 20 });
  const customer = fc.nat({ max: 1 });
  const step: fc.Arbitrary<HistoryStep> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('award' as const),
        customer,
        points,
        validDays: fc.constantFrom(undefined, 0, 1, 30),
        // Its booking can be days late, also after others that were promised later.
        promisedBefore: fc.constantFrom(0, 1, 3_600_000, 100 * 3_600_000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('redeem' as const),
        customer,
        points,
        holdSeconds: fc.constantFrom(undefined, 60, 86_400),
      }),
    },
    fc.record({
      do: fc.constantFrom('capture' as const, 'release' as const, 'expire-hold' as const),
      redemption: which,
    }),
    { weight: 2, arbitrary: fc.record({ do: fc.constant('refund' as const), redemption: which, points }) },
    fc.record({ do: fc.constant('reverse' as const), award: which, points }),
    fc.record({ do: fc.constant('expire-lots' as const) }),
  );
  /** From four days before summer time ends in Berlin on; most steps hours apart, some at the same instant. */
  const script = fc.array(fc.tuple(step, fc.constantFrom(0, 1, 3_600_000, 11 * 3_600_000, 40 * 86_400_000)), {
    minLength: 10,
    maxLength: 40,
  });
  const START = Date.parse('2026-10-21T21:59:59.999Z');

  // Fails when an expiry counts from its booking, or when equal instants are not kept in the order of their booking.
  it('statements are the fold of the transfers, and lineage leads to the awards and adds up', async () => {
    const run = async (steps: [HistoryStep, number][], pick: number) => {
      const history = await begin(2);
      let now = START;
      for (const [one, pause] of steps) await history.take(one, new Date((now += pause)));
      for (const ref of history.customers) await checkStatements(ref, pick);
      for (const redemption of history.redemptions) await checkLineage(redemption);
    };
    await fc.assert(fc.asyncProperty(script, fc.nat(), run), { numRuns: 8, interruptAfterTimeLimit: 45_000 });
    expect(await brokenInvariants(test.databaseUrl)).toEqual({});
  });

  async function checkStatements(ref: string, pick: number): Promise<void> {
    const booked = await transfersOf(ref);
    for (const by of ['booked', 'effective'] as const) {
      const sorted = [...booked].sort((a, b) => a[by] - b[by]);
      const instants = [...new Set(sorted.map((one) => one[by]))];
      const [from, to] = [instants[pick % instants.length], instants[(pick * 7) % instants.length]].sort(
        (a, b) => a! - b!,
      );
      for (const range of [{}, { from }, { to }, { from, to }]) {
        const { status, body } = await get(`/customers/${ref}/statement?by=${by}${queryOf(range)}`);
        expect(status).toBe(200);
        const until = sorted.filter((one) => range.to === undefined || one[by] < range.to);
        const within = until.filter((one) => range.from === undefined || one[by] >= range.from);
        const sum = (some: typeof booked) => some.reduce((all, one) => all + one.points, 0);
        expect(body['closingBalance']).toBe(sum(until));
        expect(body['openingBalance']).toBe(sum(until) - sum(within));
        expect(body['entries'].map(({ transferId }: { transferId: string }) => transferId)).toEqual(
          within.map(({ id }) => toPublicId('trf', id)),
        );
        let balance = body['openingBalance'] as number;
        for (const entry of body['entries']) {
          expect(entry.balanceBefore).toBe(balance);
          expect((balance += entry.points)).toBe(entry.balanceAfter);
        }
      }
    }
    const { body } = await get(`/customers/${ref}/balance`);
    const { body: whole } = await get(`/customers/${ref}/statement`);
    const { rows } = await test.owner.query<{ points: string }>(
      `SELECT coalesce(sum(l.remaining), 0) AS points FROM lots l JOIN customers c ON c.id = l.customer_id AND c.programme_id = l.programme_id
         JOIN programmes p ON p.id = l.programme_id WHERE c.ref = $1 AND l.expires_on < (now() AT TIME ZONE p.time_zone)::date`,
      [ref],
    );
    // What is over and not booked is no balance any more, and still in the books.
    expect(whole['closingBalance']).toBe(body['available'] + Number(rows[0]?.points));
  }

  const queryOf = (range: { from?: number; to?: number }): string =>
    Object.entries(range)
      .filter(([, at]) => at !== undefined)
      .map(([name, at]) => `&${name}=${new Date(at).toISOString()}`)
      .join('');

  /** As the tables have it, in the order of booking; effective by the end of the day as Intl knows it. */
  async function transfersOf(ref: string) {
    const { rows } = await test.owner.query(
      `SELECT t.id, CASE WHEN t.debit_account = a.id THEN -t.points ELSE t.points END::int AS points, t.kind, t.booked_at,
              CASE WHEN t.debit_account = a.id THEN t.debit_previous ELSE t.credit_previous END AS previous,
              w.promised_at, l.expires_on::text
         FROM customers c JOIN accounts a ON a.programme_id = c.programme_id AND a.customer_id = c.id AND a.kind = 'available'
         JOIN transfers t ON a.id IN (t.debit_account, t.credit_account)
         LEFT JOIN awards w ON t.kind = 'award' AND w.id = t.id LEFT JOIN lots l ON t.kind = 'expiry' AND l.id = t.cause
        WHERE c.ref = $1`,
      [ref],
    );
    const after = new Map(rows.map((row) => [row.previous as string | null, row]));
    const found: { id: string; points: number; booked: number; effective: number }[] = [];
    for (let row = after.get(null); row; row = after.get(row.id)) {
      const booked = (row.booked_at as Date).getTime();
      const effective = row.promised_at?.getTime() ?? (row.expires_on ? endOfDay(row.expires_on as string) : booked);
      found.push({ id: row.id, points: row.points, booked, effective });
    }
    expect(found).toHaveLength(rows.length);
    return found;
  }

  async function checkLineage(redemption: string): Promise<void> {
    const id = toPublicId('red', redemption);
    const { status, body } = await get(`/redemptions/${id}/lineage`);
    expect(status).toBe(200);
    const { rows: moves } = await test.owner.query(
      `SELECT m.lot_id, -m.points::int AS points FROM lot_moves m WHERE m.transfer_id = $1 ORDER BY m.lot_id`,
      [redemption],
    );
    const { rows: lots } = await test.owner.query('SELECT id, origin FROM lots');
    const originOf = new Map(lots.map((lot) => [lot.id as string, lot.origin as string | null]));
    const rootOf = (lot: string): string => (originOf.get(lot) ? rootOf(originOf.get(lot)!) : lot);
    const expected = moves.map(({ lot_id: lot, points: taken }) => ({
      lot: toPublicId('lot', lot as string),
      award: toPublicId('awd', rootOf(lot as string)),
      points: taken as number,
    }));
    const told = (body['data'] as typeof expected).map(({ lot, award: by, points: taken }) => ({
      lot,
      award: by,
      points: taken,
    }));
    expect(told.sort((a, b) => (a.lot < b.lot ? -1 : 1))).toEqual(expected);
    expect(told.reduce((sum, one) => sum + one.points, 0)).toBe(body['points']);
  }
});

/** The instant at which this day ends in Berlin, found by trying. */
function endOfDay(day: string): number {
  const dayOf = (at: number) => new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin' }).format(at);
  let at = Date.parse(`${day}T20:00:00Z`);
  while (dayOf(at) === day) at += 3_600_000;
  return at;
}

describe('an expiry happens when the lot’s last day ends in Berlin:', () => {
  it.each([
    ['2026-03-28', '2026-03-28T23:00:00.000Z'],
    // On this day there is an hour less.
    ['2026-03-29', '2026-03-29T22:00:00.000Z'],
    ['2026-10-24', '2026-10-24T22:00:00.000Z'],
    // On this day there is an hour more.
    ['2026-10-25', '2026-10-25T23:00:00.000Z'],
    ['2026-12-31', '2026-12-31T23:00:00.000Z'],
  ])('%s at %s', async (day, end) => {
    const history = await begin();
    await history.take(award(10, { validDays: 0 }), new Date(`${day}T10:00:00Z`));
    await history.take({ do: 'expire-lots' }, new Date(Date.parse(end) + 12 * 3_600_000));
    const ref = history.customers[0]!;
    const { body } = await get(`/customers/${ref}/statement?by=effective`);
    expect(body['entries'][1]).toMatchObject({
      kind: 'expiry',
      points: -10,
      effectiveAt: end,
      because: { expiredOn: day },
    });
    const at = async (by: string, instant: string) =>
      (await get(`/customers/${ref}/statement?by=${by}&from=${instant}&to=${instant}`)).body;
    const before = new Date(Date.parse(end) - 1).toISOString();
    const after = new Date(Date.parse(end) + 1).toISOString();
    expect(await at('effective', end)).toMatchObject({ openingBalance: 10, closingBalance: 10, entries: [] });
    expect(await at('effective', before)).toMatchObject({ closingBalance: 10 });
    expect(await at('effective', after)).toMatchObject({ closingBalance: 0 });
    expect(await at('booked', after)).toMatchObject({ closingBalance: 10 });
  });
});

describe('entries say why:', () => {
  it('an award, what it was spent on, what came back, what was reversed and what expired', async () => {
    const history = await begin();
    const at = (hour: number) => new Date(Date.UTC(2026, 5, 1, hour));
    await history.take(award(100, { validDays: 0 }), at(1));
    await history.take(redeem(30, 600), at(2));
    await history.take({ do: 'capture', redemption: 0 }, at(2));
    await history.take({ do: 'refund', redemption: 0, points: 10 }, at(3));
    await history.take({ do: 'reverse', award: 0, points: 20 }, at(4));
    await history.take({ do: 'expire-lots' }, at(40));
    const ref = history.customers[0]!;
    const id = toPublicId('awd', history.awards[0]!);
    const redemption = toPublicId('red', history.redemptions[0]!);
    const earned = { award: id, reason: '=order', reference: history.awards[0] };
    const spent = { cause: redemption, orderRef: '@order-1', redemptionStatus: 'captured' };
    const { body } = await get(`/customers/${ref}/entries`);
    expect(body['data']).toMatchObject([
      {
        kind: 'expiry',
        points: -60,
        balanceBefore: 60,
        balanceAfter: 0,
        because: { ...earned, expiredOn: '2026-06-01' },
      },
      { kind: 'reversal', points: -20, balanceBefore: 80, because: { ...earned, reversedFor: 'error' } },
      { kind: 'refund', points: 10, balanceBefore: 70, because: spent },
      { kind: 'hold', points: -30, balanceBefore: 100, because: spent },
      { kind: 'award', points: 100, balanceBefore: 0, because: { cause: id, reason: '=order' } },
    ]);
    expect(body['data'][0].because.cause).toBe(toPublicId('lot', history.awards[0]!));
    expect(body['data'][1].because.cause).toMatch(/^rvs_/);
    const token = await test.tokenOf(shop.storefrontKey, ref);
    const { body: mine } = await get('/me/entries', token);
    const told = (entry: { because: object }) => ({ ...entry, because: { ...entry.because, reversedFor: undefined } });
    expect(mine['data']).toEqual(body['data'].map(told));
    // Nor is it said in any other form.
    for (const path of ['/me/entries', '/me/statement', '/me/statement?format=csv', '/me/export']) {
      const text = await (
        await fetch(`${test.url}/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
      ).text();
      expect(text).toContain(id);
      expect(text).not.toMatch(/"reversedFor":|,error,/);
      expect(text).not.toContain('seen');
    }
  });

  it('and those of a share lead to the version of the offer that was accepted, spent ones as well', async () => {
    const ref = `sharer-${(histories += 1)}`;
    const { body: share } = await shop.share(ref);
    await test.grant(shop.id);
    const { body: redemption } = await test.post('/v1/redemptions', shop.storefrontKey, {
      customerRef: ref,
      points: 50,
      orderRef: 'order-1',
      capture: true,
    });
    const earned = {
      share: share['id'],
      offer: shop.offer.id,
      offerVersion: 1,
      offerKey: expect.any(String),
      title: '=Zum "Geburtstag"',
    };
    const whole = await get(`/redemptions/${redemption['id']}/lineage`);
    expect(whole).toMatchObject({ status: 200 });
    expect(whole.body).toEqual({
      redemption: redemption['id'],
      points: 50,
      data: [
        {
          points: 50,
          lot: toPublicId('lot', parsePublicId('shr', share['id'])!),
          award: toPublicId('awd', parsePublicId('shr', share['id'])!),
          earnedAt: expect.stringMatching(/^\d{4}-.*Z$/),
          ...earned,
        },
      ],
    });
    const token = await test.tokenOf(shop.storefrontKey, ref);
    expect((await get(`/me/redemptions/${redemption['id']}/lineage`, token)).body).toEqual(whole.body);
    expect((await get(`/redemptions/${redemption['id']}/lineage?locale=en`)).body['data'][0].title).toBe(
      'On your birthday',
    );
    const someoneElse = await test.tokenOf(shop.storefrontKey, 'someone-else');
    const unknown = toPublicId('red', newId());
    for (const [path, key] of [
      [`/me/redemptions/${redemption['id']}/lineage`, someoneElse],
      [`/redemptions/${unknown}/lineage`, shop.storefrontKey],
      ['/redemptions/nonsense/lineage', shop.storefrontKey],
    ] as const) {
      expect((await get(path, key)).status).toBe(404);
    }
    expect((await get(`/redemptions/${redemption['id']}/lineage`, shop.adminKey)).status).toBe(403);
  });
});

describe('a statement', () => {
  let history: PointsHistory;
  let ref: string;
  beforeAll(async () => {
    history = await begin();
    ref = history.customers[0]!;
    const at = (hour: number) => new Date(Date.UTC(2026, 1, 1, hour));
    await history.take(award(100, { promisedBefore: 90_000_000 }), at(1));
    await history.take(redeem(30), at(2));
    await history.take(redeem(20, 600), at(3));
    await history.take({ do: 'release', redemption: 1 }, at(3));
  });

  it('sums up by kind', async () => {
    const { body } = await get(`/customers/${ref}/statement`);
    expect(body).toMatchObject({ customerRef: ref, by: 'booked', openingBalance: 0, closingBalance: 70 });
    expect(body['sums'].sort((a: { kind: string }, b: { kind: string }) => (a.kind < b.kind ? -1 : 1))).toEqual([
      { kind: 'award', entries: 1, points: 100 },
      { kind: 'capture', entries: 1, points: -30 },
      { kind: 'hold', entries: 1, points: -20 },
      { kind: 'release', entries: 1, points: 20 },
    ]);
    expect(body).not.toHaveProperty('from');
  });

  it('is the same as CSV, where no text is a formula', async () => {
    const answer = await fetchText(`/customers/${ref}/statement?format=csv&from=2026-01-01T00:00:00Z`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="statement.csv"');
    const [header, ...records] = parseCsv(await answer.text());
    const rows = records.map((cells) => Object.fromEntries(cells.map((cell, n) => [header![n]!, cell])));
    const { body } = await get(`/customers/${ref}/statement?from=2026-01-01T00:00:00Z`);
    expect(rows.map(({ kind }) => kind)).toEqual(['opening', 'award', 'capture', 'hold', 'release', 'closing']);
    expect(rows[0]).toMatchObject({ bookedAt: '2026-01-01T00:00:00.000Z', balanceAfter: '0' });
    expect(rows.at(-1)).toMatchObject({ bookedAt: '', balanceBefore: '70', balanceAfter: '70' });
    for (const [n, entry] of (body['entries'] as Record<string, any>[]).entries()) {
      expect(rows[n + 1]).toMatchObject({
        transferId: entry['transferId'],
        bookedAt: entry['at'],
        effectiveAt: entry['effectiveAt'],
        points: String(entry['points']),
        balanceBefore: String(entry['balanceBefore']),
        balanceAfter: String(entry['balanceAfter']),
        cause: entry['because'].cause,
      });
    }
    expect(rows[1]).toMatchObject({ reason: `'=order`, reference: history.awards[0] });
    expect(rows[2]).toMatchObject({ orderRef: `'@order-1`, redemptionStatus: 'captured' });
  });

  it('comes as CSV where that is accepted, unless JSON is asked for', async () => {
    const type = async (query: string, accept: string) =>
      (await fetchText(`/customers/${ref}/statement${query}`, { accept })).headers.get('content-type')?.split(';')[0];
    expect(await type('', 'text/csv')).toBe('text/csv');
    expect(await type('?format=json', 'text/csv')).toBe('application/json');
    expect(await type('', '*/*')).toBe('application/json');
    expect(await type('', 'application/json, text/csv;q=0.5')).toBe('application/json');
  });

  it('of one never seen is empty', async () => {
    const { status, body } = await get('/customers/never-seen/statement');
    expect([status, body]).toEqual([
      200,
      { customerRef: 'never-seen', by: 'booked', openingBalance: 0, closingBalance: 0, sums: [], entries: [] },
    ]);
    const csv = await (await fetchText('/customers/never-seen/statement?format=csv')).text();
    expect(parseCsv(csv).map(([kind]) => kind)).toEqual(['kind', 'opening', 'closing']);
    expect((await get('/customers/a%20b/statement')).status).toBe(404);
  });

  it.each([
    ['from=yesterday', '/from'],
    ['from=2026-02-30T00:00:00Z', '/from'],
    ['to=2026-01-01', '/to'],
    ['to=2026-01-01T00:00:00', '/to'],
    ['from=2026-06-30T23:59:60Z', '/from'],
    ['from=2026-02-01T00:00:00Z&to=2026-01-31T23:59:59Z', '/to'],
    ['by=hope', '/by'],
    ['format=xml', '/format'],
    ['from=2026-01-01T00:00:00Z&from=2026-01-02T00:00:00Z', '/from'],
  ])('refuses %s', async (query, pointer) => {
    expect(await get(`/customers/${ref}/statement?${query}`)).toMatchObject(fault(pointer));
  });

  it('is the storefront’s and the customer’s own', async () => {
    const token = await test.tokenOf(shop.storefrontKey, ref);
    expect((await get('/me/statement', token)).body).toEqual((await get(`/customers/${ref}/statement`)).body);
    for (const key of [shop.adminKey, shop.recipients.newsletter.apiKey, token]) {
      expect((await get(`/customers/${ref}/statement`, key)).status).toBe(403);
    }
    const other = await test.programme();
    expect((await get(`/customers/${ref}/statement`, other.storefrontKey)).body['entries']).toEqual([]);
  });
});

describe('a statement of 50,000 entries', () => {
  const ENTRIES = 50_000;
  const ref = 'busy';
  beforeAll(() => manyEntries(ref, ENTRIES));
  afterEach(() => jest.restoreAllMocks());

  it('is whole', async () => {
    const answer = await fetchText(`/customers/${ref}/statement?format=csv`);
    const records = parseCsv(await answer.text());
    expect(records).toHaveLength(ENTRIES + 3);
    const balances = records.slice(2, -1).map((record) => Number(record[5]));
    expect(balances).toEqual(balances.map((_, n) => n + 1));
  }, 120_000);

  // Fails when the pages are not left to the reader's pace: with `lines` pushed instead of pulled all 200 are read at once.
  it('is read as far as the reader has come, and not at all once they are gone', async () => {
    const pages = jest.spyOn(Database.prototype, 'inProgramme');
    // Not by fetch, which opens a connection in place of one that it aborts.
    const asked = request(`${test.url}/v1/customers/${ref}/statement`, {
      headers: { authorization: `Bearer ${shop.storefrontKey}` },
      agent: false,
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const surveyed = pages.mock.calls.length;
    await once(answer, 'readable');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ahead = pages.mock.calls.length;
    // Sockets and streams hold some: each page is two reads and some 150 kB.
    expect(ahead - 103).toBeLessThan(120);
    expect(surveyed).toBeGreaterThan(100);
    answer.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const left = pages.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(pages.mock.calls.length).toBe(left);
  });

  it.each(['json', 'csv'])('that fails in the middle does not look whole as %s', async (format) => {
    const { inProgramme } = Database.prototype;
    let reads = 0;
    jest.spyOn(Database.prototype, 'inProgramme').mockImplementation(function (this: Database, ...call) {
      reads += 1;
      return reads > 150 ? Promise.reject(new Error('gone')) : (inProgramme.apply(this, call as never) as never);
    });
    const answer = await fetchText(`/customers/${ref}/statement?format=${format}`);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('that fails before it begins is a problem', async () => {
    jest.spyOn(Database.prototype, 'inProgramme').mockRejectedValue(new Error('gone'));
    expect((await fetchText(`/customers/${ref}/statement`)).status).toBe(500);
  });
});

/** A customer with so many awards of 1 point, one after the other. */
async function manyEntries(ref: string, count: number): Promise<void> {
  const programme = test.uuidOf(shop.id);
  await test.owner.query(
    `WITH own AS (INSERT INTO customers (programme_id, ref) VALUES ($1, $2) RETURNING id),
          account AS (INSERT INTO accounts (programme_id, customer_id, kind, balance, transfers, last_transfer)
                        SELECT $1, id, 'available', $3::int, $3::int, lpad(to_hex($3::int), 32, '0')::uuid FROM own RETURNING id, customer_id),
          source AS (INSERT INTO accounts (programme_id, customer_id, kind, stripe, balance, transfers, last_transfer)
                       VALUES ($1, 0, 'issued', 100, -$3::int, $3::int, lpad(to_hex($3::int), 32, '0')::uuid) RETURNING id),
          one AS (SELECT n, lpad(to_hex(n), 32, '0')::uuid AS id, CASE WHEN n > 1 THEN lpad(to_hex(n - 1), 32, '0')::uuid END AS before
                    FROM generate_series(1, $3::int) n),
          promised AS (INSERT INTO awards (programme_id, id, customer_id, kind, points, reason, reference, promised_at)
                         SELECT $1, one.id, account.customer_id, 'points', 1, 'Order', one.id, '2026-01-01'::timestamptz + make_interval(secs => n)
                           FROM one, account),
          lot AS (INSERT INTO lots (programme_id, customer_id, id, points, remaining) SELECT $1, account.customer_id, one.id, 1, 1 FROM one, account)
     INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, debit_previous, credit_account,
                            credit_balance, credit_previous, booked_at)
       SELECT $1, one.id, 'award', one.id, 1, source.id, -n, before, account.id, n, before, '2026-01-01'::timestamptz + make_interval(secs => n)
         FROM one, account, source`,
    [programme, ref, count],
  );
  await test.owner.query('ANALYZE');
}

describe('for the role of the services', () => {
  // Fails without the index lots_derived: each step from a lot to its origin then reads all lots.
  it.each([
    ['lineage', (tx: Tx) => lineageOf(tx, toPublicId('red', newId()), { language: 'de' })],
    [
      'why an entry expired',
      (tx: Tx) =>
        becauseOf(tx, '1', [{ transferId: newId(), kind: 'expiry', cause: newId() }], {
          language: 'de',
          isCustomer: false,
        }),
    ],
  ])('%s is found by indexes alone', async (_, work) => {
    const { owner } = test;
    const plans: string[] = [];
    await owner.query('BEGIN');
    await owner.query(
      `WITH lot AS (INSERT INTO lots (programme_id, customer_id, id, points, remaining, origin)
                      SELECT $1, n, gen_random_uuid(), 1, 0, CASE WHEN n % 2 = 0 THEN gen_random_uuid() END FROM generate_series(1, 30000) n RETURNING *)
       INSERT INTO lot_moves (programme_id, customer_id, transfer_id, lot_id, points) SELECT $1, customer_id, gen_random_uuid(), id, -1 FROM lot`,
      [test.uuidOf(shop.id)],
    );
    await owner.query('ANALYZE lots, lot_moves; SET LOCAL ROLE gegenwert_app');
    await owner.query(`SELECT set_config('gegenwert.programme', $1, true)`, [test.uuidOf(shop.id)]);
    const query = async ({ text }: Statement, values: unknown[]) => {
      plans.push((await owner.query(`EXPLAIN ${text}`, values)).rows.map((row) => row['QUERY PLAN']).join('\n'));
      return /FROM redemptions/.test(text) ? [{ customer_id: '1', points: '0' }] : [];
    };
    await work({ programmeId: test.uuidOf(shop.id), query } as unknown as Tx);
    await owner.query('ROLLBACK');
    const recursive = plans.filter((plan) => plan.includes('Recursive Union'));
    expect(recursive).toHaveLength(1);
    expect(recursive[0]).not.toMatch(/Seq Scan on (lots|awards|lot_moves|transfers)/);
    expect(recursive[0]).toMatch(/lots_derived.*\n\s*Index Cond: .*\(id = /);
  });
});
