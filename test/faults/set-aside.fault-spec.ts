import { brokenInvariants } from '../setup/invariants';
import { call, eventually } from '../setup/service';
import { type FaultBench, startBench } from './fault-bench';

/**
 * An award that the database throws out, by a rule that the service does not know of, holds up no other: it is set aside,
 * told of, and done when the rule is gone. Fails, with nothing booked at all, when what is set aside is not skipped (tried).
 */

jest.setTimeout(120_000);

const AWARDS = 60;
/** Of them so many cannot be booked, the first and the last among them. */
const POISONED = [0, 17, 18, AWARDS - 1];
const POISON = 13;

let bench: FaultBench;
beforeAll(async () => {
  bench = await startBench({ backend: 'PostgreSQL', env: { METRICS_PORT: '0' } });
  await bench.sql(`ALTER TABLE lots ADD CONSTRAINT poison CHECK (points <> ${POISON})`);
  await bench.sql(
    `ALTER TABLE discount_codes ADD CONSTRAINT poison CHECK (terms ->> 'percent' IS DISTINCT FROM '${POISON}')`,
  );
});
afterAll(() => bench.stop());

const balanceOf = async (n: number): Promise<number> => (await bench.programme.balance(`customer-${n}`)).available;
const award = (n: number, points: number) =>
  call(bench.service.url, 'POST', '/v1/awards', {
    key: bench.programme.storefrontKey,
    body: { customerRef: `customer-${n}`, points, reason: 'Order', reference: `order-${n}-${points}` },
  });
const owed = (topic: string) =>
  bench.sql<{ tries: number | null; waits: boolean }>(
    'SELECT tries, not_before > now() AS waits FROM outbox WHERE topic = $1',
    [topic],
  );
const setAside = async (): Promise<string | undefined> => {
  const port = String(bench.service.worker?.ready['metricsPort']);
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return /^gegenwert_set_aside_awards (\d+)$/m.exec(text)?.[1];
};

it('books all others of the batch, and what comes after', async () => {
  for (let n = 0; n < AWARDS; n++) expect((await award(n, POISONED.includes(n) ? POISON : 10)).status).toBe(201);
  await bench.service.startWorker();
  await eventually(
    () => owed('points'),
    (rows) => rows.length === POISONED.length && rows.every(({ tries, waits }) => tries === 1 && waits),
    30_000,
  );
  for (let n = 0; n < AWARDS; n++) expect(await balanceOf(n)).toBe(POISONED.includes(n) ? 0 : 10);
  expect((await award(0, 10)).status).toBe(201);
  await eventually(
    () => balanceOf(0),
    (balance) => balance === 10,
  );
  expect(await bench.programme.balance('customer-0')).toMatchObject({ pending: POISON });
  await eventually(setAside, (count) => count === String(POISONED.length));
  expect(bench.service.lines.join('\n')).toMatch(
    /"code":"23514","constraint":"poison".*what a programme is owed could not be done/,
  );
});

it('makes all other codes', async () => {
  const discount = (percent: number) => ({ type: 'discount', discount: { kind: 'percent', percent, validDays: 30 } });
  const [good, bad] = [
    await bench.programme.publish({ reward: discount(10) }),
    await bench.programme.publish({ reward: discount(POISON) }),
  ];
  for (const offer of [bad, good, good, bad, good]) {
    const customerRef = `buyer-${Math.random()}`;
    expect((await bench.programme.share(customerRef, { offer })).status).toBe(201);
  }
  await eventually(
    () => bench.sql('SELECT FROM discount_codes'),
    (codes) => codes.length === 3,
    30_000,
  );
  await eventually(
    () => owed('discount'),
    (rows) => rows.length === 2 && rows.every(({ waits }) => waits),
  );
});

it('is tried again, less and less often, and done once it can be', async () => {
  await bench.sql('UPDATE outbox SET not_before = now() WHERE tries IS NOT NULL');
  await eventually(
    () => owed('points'),
    (rows) => rows.length === POISONED.length && rows.every(({ tries, waits }) => tries === 2 && waits),
    30_000,
  );
  const [longest] = await bench.sql<{ seconds: number }>(
    'SELECT extract(epoch FROM max(not_before) - now())::int AS seconds FROM outbox',
  );
  expect(longest?.seconds).toBeGreaterThan(60);
  expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  await bench.sql('ALTER TABLE lots DROP CONSTRAINT poison');
  await bench.sql('ALTER TABLE discount_codes DROP CONSTRAINT poison');
  await bench.sql('UPDATE outbox SET tries = NULL, not_before = NULL WHERE tries IS NOT NULL');
  await eventually(
    () => bench.sql('SELECT FROM outbox'),
    (rows) => rows.length === 0,
    30_000,
  );
  for (const n of POISONED) expect(await balanceOf(n)).toBe(n === 0 ? 10 + POISON : POISON);
  await eventually(setAside, (count) => count === '0');
  expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
});
