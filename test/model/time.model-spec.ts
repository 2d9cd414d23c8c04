import * as fc from 'fast-check';
import { Database } from '../../src/platform/database';
import { brokenInvariants } from '../setup/invariants';
import { anyDay, daysAfter, type PlannedDay, TwoYears } from './two-years';
import { startWorld, type World } from './world';

/**
 * Two years of a programme, day by day under a clock of our own: points earned with and without an end, queued over midnight,
 * spent, held, given back, refunded, expired by the worker's own sweeps (which are away some nights), and shares taken back
 * in between. After every day balances, what expires when and what has expired are those of a reference that keeps each
 * point by itself and knows nothing of revocations; and the invariant views are empty.
 *
 * SEED=1 runs another one.
 */
const SEED = Number(process.env['SEED'] ?? 20_260_329);
const DAYS = 730;
/** What breaks a rule stays, since nothing that is booked changes: it is enough to look now and then. */
const LOOK_EVERY = 30;

interface Day {
  /** YYYY-MM-DD */
  today: string;
  starts: Date;
  ends: Date;
}

let world: World;
let database: Database;
beforeAll(async () => {
  world = await startWorld();
  database = await Database.connect({ url: world.databaseUrl, connections: 2, entities: [] });
  await world.sql(`
    CREATE FUNCTION end_early() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET session_replication_role = replica AS $$
      BEGIN PERFORM 'nothing'; RETURN NULL; END $$;
    CREATE TRIGGER end_early AFTER INSERT ON revocations FOR EACH ROW EXECUTE FUNCTION end_early()`);
});
afterAll(async () => {
  await database.close();
  await world.stop();
});

/** By PostgreSQL's calendar: of 23, 24 or 25 hours each. */
const calendar = (timeZone: string): Promise<Day[]> =>
  world.sql<Day>(
    `SELECT d::date::text AS today, d AT TIME ZONE $1 AS starts, (d + interval '1 day') AT TIME ZONE $1 AS ends
       FROM generate_series(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01' + ($2 - 1) * interval '1 day', '1 day') d`,
    [timeZone, DAYS],
  );

async function live(run: TwoYears, { today, starts, ends }: Day, { actions, works }: PlannedDay): Promise<void> {
  const length = ends.getTime() - 1 - starts.getTime();
  const timed = actions.map(([when, does]) => ({ at: new Date(starts.getTime() + when * length), does }));
  for (const { at, does } of timed.sort((a, b) => a.at.getTime() - b.at.getTime())) await run.act(does, at, today);
  const tomorrow = daysAfter(today, 1);
  if (works) {
    await run.work(ends, tomorrow);
    await run.expectSwept(tomorrow);
  }
  await run.expectAgreement(ends, tomorrow);
}

async function twoYears(timeZone: string, eachDay: (n: number) => Promise<void>): Promise<TwoYears> {
  const run = new TwoYears(world, database, await world.foundProgramme(), timeZone);
  await run.begin();
  const plans = fc.sample(anyDay, { numRuns: DAYS, seed: SEED });
  for (const [n, day] of (await calendar(timeZone)).entries()) {
    await live(run, day, plans[n]!);
    await eachDay(n);
  }
  return run;
}

it.each(['Europe/Berlin', 'America/Santiago'])(
  'two years in %s agree with the reference every day',
  async (timeZone) => {
    const { tally } = await twoYears(timeZone, async (n) => {
      if (n % LOOK_EVERY === 0 || n === DAYS - 1) expect(await brokenInvariants(world.databaseUrl)).toEqual({});
    });
    // Not all of it was refused: each way of each step was gone often.
    for (const what of [
      'redeem held',
      'redeem captured',
      'redeem insufficient-points',
      'capture captured',
      'capture redemption-state',
      'release released',
      'release redemption-state',
      'refund captured',
      'refund redemption-state',
      'hold expired',
      'lots expired',
      'revoked',
    ]) {
      expect({ what, often: (tally[what] ?? 0) > 20 }).toEqual({ what, often: true });
    }
  },
  300_000,
);

/** That the above can fail: each of these is a mistake that the service could make, made by the database for it. */
it.each([
  ['lots end by the days of UTC', 'expire_lots', 'p.time_zone', `'UTC'`],
  ['lots end on their last day', 'lock_due_lots', 'l.expires_on < today', 'l.expires_on <= today'],
  ['lots end a day late', 'lock_due_lots', 'l.expires_on < today', 'l.expires_on < today - 1'],
  ['a lot that was booked late is forgotten', 'lock_due_lots', 'l.expires_on < today', 'l.expires_on = today - 1'],
  ['points are spent by the days of UTC', 'open_books', 'p.time_zone', `'UTC'`],
  [
    'a revocation shortens lots',
    'end_early',
    `PERFORM 'nothing'`,
    `UPDATE lots SET expires_on = '2026-01-01' WHERE customer_id = NEW.customer_id`,
  ],
])(
  'is found out when %s',
  async (_, name, right, wrong) => {
    const [was] = await world.sql<{ text: string }>(`SELECT pg_get_functiondef($1::regproc) AS text`, [name]);
    expect(was?.text).toContain(right);
    await world.sql(was!.text.replaceAll(right, wrong));
    const error: unknown = await twoYears('Europe/Berlin', () => Promise.resolve()).catch((thrown: unknown) => thrown);
    await world.sql(was!.text);
    // By an expectation, not by an error on the way.
    expect(error).toHaveProperty('matcherResult');
  },
  300_000,
);
