import { postAwards } from '../../src/ledger';
import { Database } from '../../src/platform/database';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually } from '../setup/service';
import { killWorker, startBench, stopAt, type FaultBench, type Step } from './fault-bench';

/** Lots and holds end once whatever becomes of the worker that was about to end them. */

jest.setTimeout(120_000);

const LOTS = 8;

let bench: FaultBench;
let database: Database;
let customer = '';
let round = 0;
beforeAll(async () => {
  bench = await startBench({ backend: 'PostgreSQL' });
  database = await Database.connect({ url: bench.databaseUrl, connections: 1, entities: [] });
});
afterAll(async () => {
  await database.close();
  await bench.stop();
});
beforeEach(() => {
  customer = `customer-${(round += 1)}`;
});

/** So many lots of 10 points that end on this day, counted from today. */
async function lots(count: number, day: number): Promise<void> {
  const programmeId = parsePublicId('prg', bench.programme.id)!;
  await bench.sql('INSERT INTO customers (programme_id, ref) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    programmeId,
    customer,
  ]);
  await bench.sql(
    `WITH award AS (
       INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, reason, reference, promised_at)
         SELECT $1, gen_random_uuid(), c.id, 'points', 10, (now() AT TIME ZONE 'Europe/Berlin')::date + $4::int, 'Order', gen_random_uuid()::text, now()
           FROM customers c, generate_series(1, $3::int) WHERE c.programme_id = $1 AND c.ref = $2 RETURNING id)
     INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'points', id FROM award`,
    [programmeId, customer, count, day],
  );
  await postAwards(database, programmeId, 1000);
}

async function transfers(kind: string): Promise<{ times: number; points: number }> {
  const [row] = await bench.sql<{ times: number; points: number }>(
    `SELECT count(*)::int AS times, coalesce(sum(t.points), 0)::int AS points FROM transfers t
       JOIN accounts a ON a.id IN (t.debit_account, t.credit_account) AND a.kind = 'available'
       JOIN customers c ON c.programme_id = a.programme_id AND c.id = a.customer_id
      WHERE t.kind = $1 AND c.ref = $2`,
    [kind, customer],
  );
  return row!;
}

/** A worker comes to the step and dies there; the next one goes on. */
async function dieAt(step: Step): Promise<void> {
  const barrier = await stopAt(bench.databaseUrl, step);
  await bench.service.startWorker();
  const standing = await barrier.someone();
  await killWorker(bench.service);
  await bench.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [standing]);
  await barrier.letGo();
  await bench.service.startWorker();
}

const named = (steps: Step[]): [string, Step][] => steps.map((step) => [`${step.on} ${step.table}`, step]);

// Fails when the lots are emptied apart from their transfers.
it.each(
  named([
    { on: 'UPDATE', table: 'lots' },
    { on: 'INSERT', table: 'lot_moves' },
    { on: 'INSERT', table: 'transfers' },
    { on: 'COMMIT', table: 'transfers' },
  ]),
)('a worker is killed at %s: each lot ends once', async (_, step) => {
  await lots(LOTS, -1);
  await lots(1, 30);
  await dieAt(step);
  await eventually(
    () => transfers('expiry'),
    ({ times }) => times === LOTS,
    30_000,
  );
  await killWorker(bench.service);
  expect(await transfers('expiry')).toEqual({ times: LOTS, points: 10 * LOTS });
  expect(await bench.programme.balance(customer)).toMatchObject({ available: 10, held: 0 });
  expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
});

// Fails when the redemption changes apart from its transfer.
it.each(
  named([
    { on: 'INSERT', table: 'transfers' },
    { on: 'UPDATE', table: 'redemptions' },
    { on: 'COMMIT', table: 'redemptions' },
  ]),
)('a worker is killed at %s: the hold is released once', async (_, step) => {
  await lots(2, 30);
  const { body } = await call(bench.service.url, 'POST', '/v1/redemptions', {
    key: bench.programme.storefrontKey,
    body: { customerRef: customer, points: 15, orderRef: 'order-1', capture: false, holdSeconds: 1 },
  });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await dieAt(step);
  const redemption = await eventually(
    () => call(bench.service.url, 'GET', `/v1/redemptions/${body['id']}`, { key: bench.programme.storefrontKey }),
    (answer) => answer.body['status'] === 'released',
    30_000,
  );
  await killWorker(bench.service);
  expect(redemption.body).toMatchObject({ releasedBy: 'expiry' });
  expect(await transfers('release')).toEqual({ times: 1, points: 15 });
  expect(await bench.programme.balance(customer)).toMatchObject({ available: 20, held: 0 });
  expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
});
