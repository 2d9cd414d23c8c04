import { Client } from 'pg';
import { expireLots, postAwards } from '../../src/ledger';
import { Database } from '../../src/platform/database';
import { newId } from '../../src/platform/ids';
import { Problem } from '../../src/platform/problem';
import { commitSteps, type Step } from '../../src/redemption';
import { expireHolds } from '../../src/redemption/core';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';

/**
 * Midnight, as two workers and three API processes have it at once: lots end and holds are released while their customers
 * redeem, capture, get refunds and are given new points. Each has connections of its own, so that only the database puts in
 * order what they do; and a statement that moves balances takes a while. Those who came before midnight say so with their
 * clock, whenever they get their turn.
 *
 * That it can fail: the second test takes the guards out, one by one.
 */
const BEFORE = new Date('2026-05-01T21:59:59.000Z');
const AFTER = new Date('2026-05-01T22:00:00.000Z');
const TODAY = '2026-05-01';
const CUSTOMERS = 40;
const LOTS = 30;
const never = (): boolean => false;
const range = (length: number): number[] => Array.from({ length }, (_, n) => n);

let testDatabase: TestDatabase;
let owner: Client;
let processes: Database[];
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  owner = new Client({ connectionString: testDatabase.url });
  await owner.connect();
  processes = await Promise.all(
    range(6).map(() => Database.connect({ url: testDatabase.url, connections: 2, entities: [] })),
  );
  await owner.query(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.005); RETURN NULL; END $$;
    CREATE TRIGGER slow BEFORE UPDATE ON accounts FOR EACH STATEMENT EXECUTE FUNCTION dawdle();
    CREATE TRIGGER slow BEFORE UPDATE ON lots FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`);
});
afterEach(async () => {
  await Promise.all(processes.map((one) => one.close()));
  await owner.end();
  await testDatabase.drop();
});

class Midnight {
  readonly id = newId();
  /** Of redemptions that hold points until just before midnight, and of captured ones. */
  holds: string[] = [];
  captured: string[] = [];

  async begin(): Promise<void> {
    await owner.query(
      `INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, $2, 'Race', 'de', '')`,
      [this.id, `p${this.id}`],
    );
    await owner.query(
      `INSERT INTO customers (programme_id, ref) SELECT $1, 'c' || n FROM generate_series(0, $2::int) n`,
      [this.id, CUSTOMERS - 1],
    );
    await this.promise(LOTS, TODAY);
    await this.promise(3, '2027-01-01');
    await postAwards(processes[0]!, this.id, 10_000);
    for (const n of range(CUSTOMERS)) {
      this.captured.push(await this.redeem(0, n, 15, undefined, new Date('2026-04-01T10:00:00Z')));
      this.holds.push(await this.redeem(0, n, 25, 1, new Date(AFTER.getTime() - 1001)));
    }
  }

  /** Each customer so many lots of 10 points. */
  async promise(lots: number, expiresOn: string): Promise<void> {
    await owner.query(
      `WITH award AS (
         INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, reason, reference, promised_at)
           SELECT c.programme_id, gen_random_uuid(), c.id, 'points', 10, $3::date, 'Race', gen_random_uuid()::text, now()
             FROM customers c, generate_series(1, $2::int) WHERE c.programme_id = $1 RETURNING id)
       INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'points', id FROM award`,
      [this.id, lots, expiresOn],
    );
  }

  async step(process: number, step: Step, at: Date): Promise<string> {
    const [outcome] = await processes[process]!.inProgramme(this.id, (tx, commit) =>
      commitSteps(tx, commit, [{ step, idempotency: undefined }], at),
    );
    return outcome instanceof Problem ? outcome.type : outcome!.redemption.status;
  }

  async redeem(process: number, n: number, points: number, holdSeconds: number | undefined, at: Date): Promise<string> {
    const id = newId();
    const order = { orderRef: 'order-1', order: undefined };
    await this.step(process, { do: 'redeem', id, customerRef: `c${n % CUSTOMERS}`, points, holdSeconds, ...order }, at);
    return id;
  }

  /** All at once; how many lots and holds the two workers ended, and how many holds were captured. */
  async strike(): Promise<{ lots: number; holds: number; captures: number }> {
    await this.promise(2, TODAY);
    await this.promise(1, '2027-01-01');
    // So that captures are under way when the holds are looked for.
    let tell = (): void => undefined;
    const halfWay = new Promise<void>((resolve) => (tell = resolve));
    const worker = async (process: number) => {
      const [lots, holds] = await Promise.all([
        expireLots(processes[process]!, this.id, never, AFTER),
        halfWay.then(() => expireHolds(processes[process]!, this.id, never, AFTER)),
      ]);
      return { lots, holds };
    };
    const inTurn = async <T>(list: T[], act: (one: T, n: number) => Promise<string>): Promise<string[]> => {
      const told: string[] = [];
      for (const [n, one] of list.entries()) told.push(await act(one, n));
      return told;
    };
    const working = Promise.all([worker(0), worker(1)]);
    const capturing = inTurn(this.holds, (id, n) => {
      if (n === CUSTOMERS / 2) tell();
      return this.step(4, { do: 'capture', id }, new Date(AFTER.getTime() - 500));
    }).finally(tell);
    const others = [
      inTurn(range(4 * CUSTOMERS), (n) => this.redeem(2, n, 20, n % 3 === 0 ? 900 : undefined, BEFORE)),
      inTurn(this.captured, (id, n) => this.step(3, { do: 'refund', id, points: 1 + (n % 15) }, AFTER)),
      inTurn(range(20), async () => String(await postAwards(processes[5]!, this.id, 7))),
    ];
    await Promise.allSettled([working, capturing, ...others]);
    await Promise.all(others);
    const workers = await working;
    const sum = (of: 'lots' | 'holds'): number => workers.reduce((total, one) => total + one[of], 0);
    return {
      lots: sum('lots'),
      holds: sum('holds'),
      captures: (await capturing).filter((told) => told === 'captured').length,
    };
  }

  /** Whom they were busy with then, they find later. */
  async settle(): Promise<number> {
    await postAwards(processes[0]!, this.id, 10_000);
    return expireLots(processes[0]!, this.id, never, AFTER);
  }

  async count(text: string): Promise<number> {
    const { rows } = await owner.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${text}`, [this.id]);
    return rows[0]!.count;
  }
}

it('lots and holds end once, whatever their customers do at that moment', async () => {
  const midnight = new Midnight();
  await midnight.begin();
  const { lots, holds, captures } = await midnight.strike();
  const later = await midnight.settle();
  expect(await midnight.count(`transfers WHERE programme_id = $1 AND kind = 'expiry'`)).toBe(lots + later);
  expect(await midnight.count(`lots WHERE programme_id = $1 AND NOT expired AND expires_on <= '${TODAY}'`)).toBe(0);
  expect(await midnight.count(`lots WHERE programme_id = $1 AND expired`)).toBe(CUSTOMERS * (LOTS + 2));
  expect(holds + captures).toBe(CUSTOMERS);
  expect(await midnight.count(`redemptions WHERE programme_id = $1 AND released_by = 'expiry'`)).toBe(holds);
  // Both won somewhere, or nothing was shown.
  expect({ holds: holds > 0, captures: captures > 0, lots: lots > 0 }).toEqual({
    holds: true,
    captures: true,
    lots: true,
  });
  expect(await brokenInvariants(testDatabase.url)).toEqual({});
}, 120_000);

it.each([
  ['a worker asks for no lock', 'lock_due_lots', 'FOR NO KEY UPDATE OF a SKIP LOCKED', ''],
  ['a redemption asks for no lock', 'open_books', 'FOR NO KEY UPDATE', ''],
  ['an award asks for no lock', 'lock_available_accounts', 'FOR NO KEY UPDATE', ''],
])(
  'that is shown when %s',
  async (_, name, guard, nothing) => {
    const { rows } = await owner.query<{ text: string }>('SELECT pg_get_functiondef($1::regproc) AS text', [name]);
    expect(rows[0]?.text).toContain(guard);
    await owner.query(rows[0]!.text.replaceAll(guard, nothing));
    const midnight = new Midnight();
    await midnight.begin();
    const failure: unknown = await midnight
      .strike()
      .then(() => midnight.settle())
      .then(() => brokenInvariants(testDatabase.url))
      .catch((error: unknown) => ({ error }));
    await owner.query(rows[0]!.text);
    expect(failure).not.toEqual({});
  },
  120_000,
);
