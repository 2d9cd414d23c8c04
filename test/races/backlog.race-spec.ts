import { postAwards } from '../../src/ledger';
import { Database } from '../../src/platform/database';
import { grantOwed } from '../../src/rewards';
import { brokenInvariants } from '../setup/invariants';
import { startTwoApis, type TwoApis } from './two-apis';

/** A backlog is booked by two lanes in each worker: each award once, whoever takes it. */

const AWARDS = 20_000;
const CUSTOMERS = 300;
const POISONED = 8;

let apis: TwoApis;
let workers: Database[];
let programmeId: string;
beforeAll(async () => {
  apis = await startTwoApis();
  const [programme] = await apis.sql<{ id: string }>('SELECT id FROM programmes');
  programmeId = programme!.id;
  await apis.sql(
    `INSERT INTO customers (programme_id, ref) SELECT $1, 'owed-' || n FROM generate_series(1, $2::int) n`,
    [programmeId, CUSTOMERS],
  );
  const connect = () => Database.connect({ url: apis.databaseUrl, connections: 2, entities: [] });
  workers = await Promise.all([connect(), connect()]);
});
afterAll(async () => {
  await Promise.all(workers.map((one) => one.close()));
  await apis.stop();
});

/** Half of them to one customer: a lane has more to do than the other. */
async function owe(points: number): Promise<void> {
  await apis.sql(
    `WITH award AS (
       INSERT INTO awards (programme_id, id, customer_id, kind, points, reason, reference, promised_at)
         SELECT $1, gen_random_uuid(), c.first + CASE WHEN n % 2 = 0 THEN 0 ELSE n % $3::int END, 'points', $4, 'backlog', gen_random_uuid()::text, now()
           FROM generate_series(1, $2::int) n, (SELECT min(id) AS first FROM customers WHERE programme_id = $1 AND ref LIKE 'owed-%') c
         RETURNING id)
     INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'points', id FROM award`,
    [programmeId, AWARDS, CUSTOMERS, points],
  );
}

const bookAll = () => Promise.allSettled(workers.map((one) => grantOwed(one, programmeId, () => false)));

async function booked(points: number): Promise<number> {
  const [row] = await apis.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM transfers WHERE kind = 'award' AND points = $1`,
    [points],
  );
  return row!.count;
}

// Fails when a lane takes what comes first, whoever's it is, and when lanes share a stripe: the second is told to give up its wait.
it('is booked by lanes that do not wait for each other', async () => {
  await owe(5);
  const second = (): Promise<number> =>
    workers[1]!.inProgramme(programmeId, async (tx) => {
      await tx.query({ name: 'give_up', text: `SELECT set_config('lock_timeout', '5s', true)` }, []);
      return postAwards(tx, programmeId, AWARDS, { lane: 1, lanes: 2 });
    });
  const [first, other] = await workers[0]!.inProgramme(programmeId, async (tx) => [
    await postAwards(tx, programmeId, AWARDS, { lane: 0, lanes: 2 }),
    await second(),
  ]);
  expect(first).toBeGreaterThan(AWARDS / 5);
  expect(first).toBeLessThan((AWARDS * 4) / 5);
  expect(other).toBe(AWARDS - first!);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('is booked once, by two workers and their lanes at the same time', async () => {
  await owe(7);
  expect((await bookAll()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await booked(7)).toBe(AWARDS);
  expect(await apis.sql('SELECT FROM outbox')).toHaveLength(0);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('is booked but for those that the database throws out, which two workers look for at the same time', async () => {
  await apis.sql('ALTER TABLE lots ADD CONSTRAINT poison CHECK (points <> 13)');
  await owe(8);
  await apis.sql(
    `WITH award AS (INSERT INTO awards (programme_id, id, customer_id, kind, points, reason, reference, promised_at)
       SELECT $1, gen_random_uuid(), max(id), 'points', 13, 'backlog', 'poison-' || n, now()
         FROM customers, generate_series(1, $2::int) n WHERE ref LIKE 'owed-%' GROUP BY n RETURNING id)
     INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'points', id FROM award`,
    [programmeId, POISONED],
  );
  await bookAll();
  expect(await booked(8)).toBe(AWARDS);
  expect(await booked(13)).toBe(0);
  expect(await apis.sql('SELECT tries FROM outbox')).toEqual(Array.from({ length: POISONED }, () => ({ tries: 1 })));
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});
