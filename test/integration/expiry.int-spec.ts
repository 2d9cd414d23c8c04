import { Client } from 'pg';
import { balanceOf, expireLots, postAwards, withDueLots } from '../../src/ledger';
import { Database } from '../../src/platform/database';
import { newId } from '../../src/platform/ids';
import { Problem } from '../../src/platform/problem';
import { commitSteps, type Redemption, type Step } from '../../src/redemption';
import { expireHolds } from '../../src/redemption/core';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';

/** Lots end with their last day in the programme's time zone, whatever the clocks do there, and once. */

const never = (): boolean => false;

let testDatabase: TestDatabase;
let owner: Client;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = new Client({ connectionString: testDatabase.url });
  await owner.connect();
  database = await Database.connect({ url: testDatabase.url, connections: 4, entities: [] });
});
const holds = async (): Promise<void> => expect(await brokenInvariants(testDatabase.url)).toEqual({});
afterEach(holds);
afterAll(async () => {
  await database.close();
  await owner.end();
  await testDatabase.drop();
});

class Programme {
  readonly id = newId();
  customerId = '';

  /** With one customer. */
  static async found(timeZone = 'Europe/Berlin'): Promise<Programme> {
    const made = new Programme();
    await owner.query(
      `INSERT INTO programmes (id, slug, name, locale, time_zone, wrapped_key) VALUES ($1, $2, 'Test', 'de', $3, '')`,
      [made.id, `p${made.id}`, timeZone],
    );
    const { rows } = await owner.query<{ id: string }>(
      `INSERT INTO customers (programme_id, ref) VALUES ($1, 'anna') RETURNING id`,
      [made.id],
    );
    made.customerId = rows[0]!.id;
    return made;
  }

  async promise(points: number, expiresOn: string | null): Promise<string> {
    const id = newId();
    await owner.query(
      `WITH award AS (INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, reason, reference, promised_at)
         VALUES ($1, $2, $3, 'points', $4, $5, 'Order', gen_random_uuid()::text, now()))
       INSERT INTO outbox (programme_id, topic, id) VALUES ($1, 'points', $2)`,
      [this.id, id, this.customerId, points, expiresOn],
    );
    return id;
  }

  async award(points: number, expiresOn: string | null): Promise<string> {
    const id = await this.promise(points, expiresOn);
    await postAwards(database, this.id, 10);
    return id;
  }

  step(at: string, step: Step): Promise<Redemption | Problem> {
    return database.inProgramme(this.id, async (tx, commit) => {
      const [outcome] = await commitSteps(tx, commit, [{ step, idempotency: undefined }], new Date(at));
      return outcome instanceof Error ? outcome : outcome!.redemption;
    });
  }

  redeem(at: string, points: number, holdSeconds?: number): Promise<Redemption | Problem> {
    const order = { orderRef: 'order-1', order: undefined };
    return this.step(at, { do: 'redeem', id: newId(), customerRef: 'anna', points, holdSeconds, ...order });
  }

  balance(at: string) {
    return database.inProgramme(this.id, (tx) => balanceOf(tx, this.customerId, new Date(at)));
  }

  expire(at: string): Promise<number> {
    return expireLots(database, this.id, never, new Date(at));
  }

  async expiries(): Promise<{ cause: string; points: number }[]> {
    const { rows } = await owner.query<{ cause: string; points: number }>(
      `SELECT cause, points::int FROM transfers WHERE programme_id = $1 AND kind = 'expiry' ORDER BY id`,
      [this.id],
    );
    return rows;
  }
}

const made = (outcome: Redemption | Problem): Redemption => {
  if (outcome instanceof Problem) throw outcome;
  return outcome;
};

// The last instant of the day, and the first of the next: 23 and 25 hours later where the clocks change.
it.each([
  ['a day in winter', 'Europe/Berlin', '2026-01-15', '2026-01-15T22:59:59.999Z', '2026-01-15T23:00:00Z'],
  ['the day of 23 hours', 'Europe/Berlin', '2026-03-29', '2026-03-29T21:59:59.999Z', '2026-03-29T22:00:00Z'],
  ['the day before it', 'Europe/Berlin', '2026-03-28', '2026-03-28T22:59:59.999Z', '2026-03-28T23:00:00Z'],
  ['the day of 25 hours', 'Europe/Berlin', '2026-10-25', '2026-10-25T22:59:59.999Z', '2026-10-25T23:00:00Z'],
  ['the day before it', 'Europe/Berlin', '2026-10-24', '2026-10-24T21:59:59.999Z', '2026-10-24T22:00:00Z'],
  ['the last day of a year', 'Europe/Berlin', '2026-12-31', '2026-12-31T22:59:59.999Z', '2026-12-31T23:00:00Z'],
  ['29 February', 'Europe/Berlin', '2028-02-29', '2028-02-29T22:59:59.999Z', '2028-02-29T23:00:00Z'],
  ['the far east', 'Pacific/Auckland', '2026-12-31', '2026-12-31T10:59:59.999Z', '2026-12-31T11:00:00Z'],
  ['the far west', 'America/Los_Angeles', '2026-12-31', '2027-01-01T07:59:59.999Z', '2027-01-01T08:00:00Z'],
  ['a day without its midnight', 'America/Santiago', '2026-09-05', '2026-09-06T03:59:59.999Z', '2026-09-06T04:00:00Z'],
])('%s (%s, %s) is over at midnight there', async (_, timeZone, day, last, over) => {
  const programme = await Programme.found(timeZone);
  const lot = await programme.award(100, day);
  expect(await programme.expire(last)).toBe(0);
  expect(await programme.balance(last)).toMatchObject({ available: 100, expiring: [{ points: 100, on: day }] });
  expect(await programme.redeem(last, 40)).toMatchObject({ status: 'captured' });
  // Nobody has booked it yet, and it counts no more.
  expect(await programme.balance(over)).toMatchObject({ available: 0, expiring: [] });
  expect(await programme.redeem(over, 1)).toMatchObject({ type: 'insufficient-points' });
  expect(await programme.expire(over)).toBe(1);
  expect(await programme.expire(over)).toBe(0);
  expect(await programme.balance(over)).toMatchObject({ available: 0, expiring: [] });
  expect(await programme.expiries()).toEqual([{ cause: lot, points: 60 }]);
});

it('takes each lot on its own, leaves those that go on, and does not book what was used up', async () => {
  const programme = await Programme.found();
  const [used, open] = [await programme.award(10, '2026-05-01'), await programme.award(20, '2026-05-02')];
  const later = [await programme.award(40, '2026-05-03'), await programme.award(80, null)];
  made(await programme.redeem('2026-05-01T10:00:00Z', 15));
  expect(await programme.expire('2026-05-02T22:00:00Z')).toBe(1);
  expect(await programme.expiries()).toEqual([{ cause: open, points: 15 }]);
  const { rows } = await owner.query<{ id: string; expired: boolean }>(
    'SELECT id, expired FROM lots WHERE programme_id = $1 AND expired ORDER BY id',
    [programme.id],
  );
  expect(rows.map(({ id }) => id)).toEqual([used, open]);
  expect(await programme.balance('2026-05-03T10:00:00Z')).toMatchObject({
    available: 120,
    expiring: [{ points: 40, on: '2026-05-03' }],
  });
  expect(await programme.expire('2126-05-03T22:00:00Z')).toBe(1);
  expect((await programme.expiries()).map(({ cause }) => cause)).toEqual([open, later[0]]);
});

it('more lots of more customers than a batch holds end each once', async () => {
  const programme = await Programme.found();
  await owner.query(
    `INSERT INTO customers (programme_id, ref) SELECT $1, 'customer-' || n FROM generate_series(1, 40) n`,
    [programme.id],
  );
  await owner.query(
    `WITH award AS (
       INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, reason, reference, promised_at)
         SELECT c.programme_id, gen_random_uuid(), c.id, 'points', 1 + n, DATE '2026-01-01' + n % 7, 'Order', c.ref || '-' || n, now()
           FROM customers c, generate_series(1, 30) n WHERE c.programme_id = $1 RETURNING id)
     INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'points', id FROM award`,
    [programme.id],
  );
  await postAwards(database, programme.id, 10_000);
  expect(await programme.expire('2026-01-05T12:00:00Z')).toBe(41 * 18);
  expect(await programme.expire('2026-06-01T12:00:00Z')).toBe(41 * 12);
  expect(await programme.balance('2026-06-01T12:00:00Z')).toMatchObject({ available: 0, expiring: [] });
});

it('an award that waited over midnight keeps the day that was promised', async () => {
  const programme = await Programme.found();
  const late = await programme.promise(50, '2026-05-01');
  await programme.promise(30, '2026-05-02');
  expect(await programme.expire('2026-05-01T22:00:01Z')).toBe(0);
  await postAwards(database, programme.id, 10);
  const at = '2026-05-01T22:00:02Z';
  expect(await programme.balance(at)).toMatchObject({ available: 30, expiring: [{ points: 30, on: '2026-05-02' }] });
  expect(await programme.redeem(at, 31)).toMatchObject({ type: 'insufficient-points' });
  expect(await programme.expire(at)).toBe(1);
  expect(await programme.expiries()).toEqual([{ cause: late, points: 50 }]);
});

describe('a refund', () => {
  const DAY = '2026-05-01';
  async function spent(): Promise<{ programme: Programme; redemption: Redemption; lot: string }> {
    const programme = await Programme.found();
    const lot = await programme.award(100, DAY);
    return { programme, redemption: made(await programme.redeem('2026-04-01T10:00:00Z', 60)), lot };
  }
  const refund = (programme: Programme, { id }: Redemption, at: string, points?: number) =>
    programme.step(at, { do: 'refund', id, points });

  it('on the last day goes back into the lot, and ends with it', async () => {
    const { programme, redemption, lot } = await spent();
    made(await refund(programme, redemption, '2026-05-01T21:59:59Z'));
    expect(await programme.balance('2026-05-01T21:59:59Z')).toMatchObject({ expiring: [{ points: 100, on: DAY }] });
    await programme.expire('2026-05-01T22:00:00Z');
    expect(await programme.expiries()).toEqual([{ cause: lot, points: 100 }]);
  });

  it.each([true, false])('on the day after is given 30 days (expiry booked before: %s)', async (booked) => {
    const { programme, redemption, lot } = await spent();
    const at = '2026-05-01T22:00:00Z';
    if (booked) await programme.expire(at);
    made(await refund(programme, redemption, at, 25));
    const expiring = [{ points: 25, on: '2026-06-01' }];
    expect(await programme.balance(at)).toMatchObject({ available: 25, expiring });
    await programme.expire('2026-06-01T21:59:59Z');
    expect(await programme.balance('2026-06-01T21:59:59Z')).toMatchObject({ available: 25, expiring });
    expect(await programme.expire('2026-06-01T22:00:00Z')).toBe(1);
    expect((await programme.expiries()).map(({ points }) => points)).toEqual([40, 25]);
    expect((await programme.expiries())[0]?.cause).toBe(lot);
  });

  it('of what was given 30 days is given 30 more when they are over', async () => {
    const { programme, redemption } = await spent();
    made(await refund(programme, redemption, '2026-05-10T10:00:00Z'));
    const again = made(await programme.redeem('2026-06-09T10:00:00Z', 60));
    await programme.expire('2026-06-09T22:00:00Z');
    made(await refund(programme, again, '2026-07-01T10:00:00Z'));
    expect(await programme.balance('2026-07-01T10:00:00Z')).toMatchObject({
      available: 60,
      expiring: [{ points: 60, on: '2026-07-31' }],
    });
  });
});

it('a hold whose release the database throws out holds up no other', async () => {
  const programme = await Programme.found();
  await programme.award(50, null);
  const held = [];
  for (let n = 0; n < 5; n++) held.push(made(await programme.redeem('2026-01-01T12:00:00Z', 10, 60 + n)));
  const [, second, , fourth] = held;
  await owner.query(`
    CREATE FUNCTION refuse_release() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$;
    CREATE TRIGGER refused BEFORE INSERT ON transfers FOR EACH ROW
      WHEN (NEW.cause IN ('${second!.id}', '${fourth!.id}')) EXECUTE FUNCTION refuse_release()`);
  const at = new Date('2026-01-01T13:00:00Z');
  await expect(expireHolds(database, programme.id, never, at)).rejects.toThrow();
  expect(await programme.balance('2026-01-01T13:00:00Z')).toMatchObject({ available: 30, held: 20 });
  await expect(expireHolds(database, programme.id, never, at)).rejects.toThrow();
  await owner.query('DROP FUNCTION refuse_release CASCADE');
  expect(await expireHolds(database, programme.id, never, at)).toBe(2);
  expect(await programme.balance('2026-01-01T13:00:00Z')).toMatchObject({ available: 50, held: 0 });
});

it('a lot whose end the database throws out holds up no other', async () => {
  const programme = await Programme.found();
  const lots = [];
  for (let n = 0; n < 6; n++) lots.push(await programme.award(10, '2026-01-01'));
  await owner.query(`
    CREATE FUNCTION refuse_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$;
    CREATE TRIGGER refused BEFORE INSERT ON transfers FOR EACH ROW
      WHEN (NEW.cause IN ('${lots[1]!}', '${lots[3]!}')) EXECUTE FUNCTION refuse_end()`);
  const ended = async () => (await programme.expiries()).map(({ cause }) => cause).sort();
  await expect(programme.expire('2026-01-02T12:00:00Z')).rejects.toThrow();
  expect(await ended()).toEqual([lots[0], lots[2], lots[4], lots[5]].sort());
  await expect(programme.expire('2026-01-02T12:00:00Z')).rejects.toThrow();
  await owner.query('DROP FUNCTION refuse_end CASCADE');
  expect(await programme.expire('2026-01-02T12:00:00Z')).toBe(2);
  expect(await ended()).toEqual([...lots].sort());
});

it('says whose lots are due, and for how long', async () => {
  const programme = await Programme.found();
  await programme.award(1, '2999-01-01');
  const mine = async () => (await withDueLots(database)).find(({ programmeId }) => programmeId === programme.id);
  expect(await mine()).toBeUndefined();
  await programme.award(1, '2026-01-01');
  const since = (Date.now() - Date.parse('2026-01-01T23:00:00Z')) / 1000;
  expect(Math.abs((await mine())!.seconds - since)).toBeLessThan(60);
  await expireLots(database, programme.id, never);
  expect(await mine()).toBeUndefined();
});

it('a lot that ends on another day than was promised is found, whoever changed it, and so is one that goes on with it', async () => {
  const programme = await Programme.found();
  const lot = await programme.award(10, '2026-01-10');
  const spent = made(await programme.redeem('2026-01-05T12:00:00Z', 10));
  await programme.step('2026-02-01T12:00:00Z', { do: 'refund', id: spent.id, points: undefined });
  const set = (day: string, which: string) =>
    owner.query(`BEGIN; SET LOCAL session_replication_role = replica;
      UPDATE lots SET expires_on = ${day} WHERE programme_id = '${programme.id}' AND ${which}; COMMIT`);
  const found = async () => (await brokenInvariants(testDatabase.url))['i14_lots_end_as_promised'];
  expect(await found()).toBeUndefined();
  for (const [day, which, back] of [
    [`'2026-01-11'`, 'origin IS NULL', `'2026-01-10'`],
    ['NULL', 'origin IS NULL', `'2026-01-10'`],
    [`'2026-01-09'`, 'origin IS NOT NULL', `'2026-03-03'`],
    ['NULL', 'origin IS NOT NULL', `'2026-03-03'`],
  ] as const) {
    await set(day, which);
    expect(await found()).toBeDefined();
    await set(back, which);
  }
  expect(await programme.balance('2026-02-01T12:00:00Z')).toMatchObject({
    expiring: [{ points: 10, on: '2026-03-03' }],
  });
  expect((await owner.query('SELECT FROM lots WHERE id = $1 AND remaining = 0', [lot])).rowCount).toBe(1);
});

it('the database lets no lot come back that has expired', async () => {
  const programme = await Programme.found();
  const lot = await programme.award(10, '2026-01-01');
  await programme.expire('2026-02-01T00:00:00Z');
  const change = (set: string) => owner.query(`UPDATE lots SET ${set} WHERE id = $1`, [lot]);
  await expect(change('remaining = 1')).rejects.toMatchObject({ constraint: 'lots_expired_is_empty' });
  await expect(change('expired = false')).rejects.toThrow();
});
