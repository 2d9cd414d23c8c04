import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnService } from '../src/platform/supervisor';
import { median, runLoad } from './load';
import type { Stage } from './stage';

const LOTS_EACH = 5;
const CONNECTIONS = 32;
/** Redemptions whose p99 is one value; of several the median counts. */
const CHUNK = 3_000;
const CHUNKS = 5;

/**
 * Customers with lots that end today, five each, and one that goes on. Written by SQL, as awards leave them but without the
 * transfers that brought them, which neither expiry nor redemption looks at. Lots lie in the order of time, so that those of
 * one customer are far from each other.
 */
async function fill({ client, programme }: Stage, lots: number): Promise<number> {
  const customers = lots / LOTS_EACH;
  await client.query(
    `INSERT INTO customers (programme_id, ref) SELECT $1::uuid, 'due-' || n FROM generate_series(0, $2::int - 1) n`,
    [programme.id, customers],
  );
  await client.query(
    `INSERT INTO accounts (programme_id, customer_id, kind, balance)
       SELECT $1, id, 'available', 10 * $2::int + 1000 FROM customers WHERE programme_id = $1 AND ref LIKE 'due-%' ORDER BY id`,
    [programme.id, LOTS_EACH],
  );
  await client.query(
    `INSERT INTO lots (programme_id, customer_id, id, points, remaining, expires_on)
       SELECT $1::uuid, f.first + n % $2::int,
              (lpad(to_hex(n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
              p.points, p.points, CASE p.points WHEN 10 THEN current_date ELSE current_date + 365 END
         FROM (SELECT min(id) AS first FROM customers WHERE programme_id = $1 AND ref LIKE 'due-%') f,
              generate_series(0, ($2::int * ($3::int + 1)) - 1) n, LATERAL (SELECT CASE WHEN n < $2::int THEN 1000 ELSE 10 END AS points) p`,
    [programme.id, customers, LOTS_EACH],
  );
  await client.query('VACUUM (ANALYZE) lots, accounts, customers');
  await client.query('CHECKPOINT');
  return customers;
}

let calls = 0;

async function redeem({ api, programme }: Stage, customers: number): Promise<number> {
  const { p99Ms, statuses } = await runLoad({
    port: api.port,
    connections: CONNECTIONS,
    requests: CHUNK,
    request: () => {
      const call = calls++;
      return {
        method: 'POST',
        path: '/v1/redemptions',
        headers: { authorization: `Bearer ${programme.storefrontKey}`, 'idempotency-key': `redeem due ${call}` },
        body: JSON.stringify({
          // Not the order in which the lots lie.
          customerRef: `due-${(call * 7_919) % customers}`,
          points: 1,
          orderRef: `order-${call}`,
          capture: true,
        }),
      };
    },
  });
  if (statuses[201] !== CHUNK) throw new Error(`Redemptions were answered with ${JSON.stringify(statuses)}`);
  return p99Ms;
}

/** Their day was the one before yesterday, whatever triggers say; the table is written anew, so that it is as it was. */
async function endTheDay({ client, programme }: Stage): Promise<void> {
  await client.query('SET session_replication_role = replica');
  await client.query(
    `UPDATE lots SET expires_on = current_date - 2 WHERE programme_id = $1 AND expires_on = current_date`,
    [programme.id],
  );
  await client.query('RESET session_replication_role');
  await client.query('VACUUM (FULL, ANALYZE) lots');
  await client.query('CHECKPOINT');
}

async function isDue({ client, programme }: Stage): Promise<boolean> {
  const { rows } = await client.query<{ due: boolean }>(
    `SELECT EXISTS (SELECT FROM lots WHERE programme_id = $1 AND NOT expired AND expires_on < current_date - 1) AS due`,
    [programme.id],
  );
  return rows[0]?.due ?? false;
}

/** With a worker of its own, which is given a while for what it has to do after a start. */
async function besideWorker<T>(stage: Stage, measure: () => Promise<T>): Promise<T> {
  const worker = await spawnService(join(__dirname, '../src/worker.js'), {
    name: 'expiry',
    env: stage.env,
    restart: false,
  });
  await sleep(1_500);
  const measured = await measure();
  await worker.stop();
  return measured;
}

/**
 * p99 of redemptions over HTTP, of the customers whose lots are due, beside a worker that seals them and has no lots to end, and
 * beside one that has; no other worker may run. In ms, and how many seconds the lots took meanwhile.
 */
export async function redemptionWhileExpiring(
  stage: Stage,
  lots: number,
): Promise<{ before: number; during: number; seconds: number }> {
  const customers = await fill(stage, lots);
  await redeem(stage, customers);
  const before = await besideWorker(stage, async () => {
    const p99s: number[] = [];
    while (p99s.length < CHUNKS) p99s.push(await redeem(stage, customers));
    return p99s;
  });
  await endTheDay(stage);
  const started = performance.now();
  const during = await besideWorker(stage, async () => {
    const p99s: number[] = [];
    while (await isDue(stage)) p99s.push(await redeem(stage, customers));
    return p99s;
  });
  const seconds = (performance.now() - started) / 1000;
  if (during.length < CHUNKS) throw new Error('The lots were expired before redemptions could be measured');
  return { before: median(before), during: median(during), seconds };
}
