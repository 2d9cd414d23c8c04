import { setTimeout as sleep } from 'node:timers/promises';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, type Answer } from '../setup/service';
import { killWorker, startBench, stopAt, type FaultBench, type Step } from './fault-bench';

/** Awards without data wait in the same outbox as those of shares, and are booked once whatever becomes of worker and queue. */

jest.setTimeout(120_000);

const ORDERS = 8;
const STEPS: Step[] = [
  { on: 'DELETE', table: 'outbox' },
  { on: 'INSERT', table: 'transfers' },
  { on: 'COMMIT', table: 'transfers' },
];

let bench: FaultBench;
let round = 0;
beforeAll(async () => {
  bench = await startBench({ backend: 'PostgreSQL' });
});
afterAll(() => bench.stop());
beforeEach(() => {
  round += 1;
});

const give = (order: number): Promise<Answer> =>
  call(bench.service.url, 'POST', '/v1/awards', {
    key: bench.programme.storefrontKey,
    body: { customerRef: `customer-${round}`, points: 10, reason: 'Order', reference: `order-${round}-${order}` },
  });
const giveAll = async (): Promise<void> => {
  const answers = await Promise.all(Array.from({ length: ORDERS }, (_, n) => give(n)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
};

async function eachBookedOnce(): Promise<void> {
  await eventually(
    () => bench.programme.balance(`customer-${round}`),
    ({ available, pending }) => available === 10 * ORDERS && pending === 0,
    60_000,
  );
  const [booked] = await bench.sql<{ times: number }>(
    `SELECT count(*)::int AS times FROM transfers t JOIN awards w ON w.programme_id = t.programme_id AND w.id = t.cause
      WHERE starts_with(w.reference, $1)`,
    [`order-${round}-`],
  );
  expect(booked).toEqual({ times: ORDERS });
  expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
}

// Fails when such an award is written without its row in the outbox, or that is struck out apart from the booking.
it.each(STEPS.map((step): [string, Step] => [`${step.on} ${step.table}`, step]))(
  'the worker is killed at %s: another one books them, and references that are sent again give nothing more',
  async (_, step) => {
    await bench.service.startWorker();
    const barrier = await stopAt(bench.databaseUrl, step);
    await giveAll();
    const standing = await barrier.someone();
    await killWorker(bench.service);
    await bench.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [standing]);
    await barrier.letGo();
    await giveAll();
    await bench.service.startWorker();
    await eachBookedOnce();
    await killWorker(bench.service);
  },
);

it('nobody heard the bell: a worker that starts later finds them', async () => {
  await giveAll();
  await sleep(300);
  expect(await bench.programme.balance(`customer-${round}`)).toMatchObject({ available: 0, pending: 10 * ORDERS });
  await bench.service.startWorker();
  await eachBookedOnce();
});
