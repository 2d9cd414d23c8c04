import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { median, runLoad } from './load';
import { oweAwards, postingRate } from './posting';
import type { Stage } from './stage';

const LOTS_EACH = 10;
/** So few that two cores have room for the drain: a balance is to be timed, not the queue for a core. */
const CONNECTIONS = 2;
/** Requests whose p99 is one value; of several the median counts. */
const CHUNK = 3_000;
const ROUNDS = 5;
const AWARDS = 100_000;
/** Customers whose balance is asked for when there is nothing else. */
const FEW = 20_000;

/**
 * So many customers with ten awards booked each, one after the other as time goes: accounts, transfers and lots, written by SQL
 * with the triggers off, which only refuse changes. From the nth customer on.
 */
async function fill({ client, databaseUrl, programme }: Stage, from: number, customers: number): Promise<void> {
  const other = new Client({ connectionString: databaseUrl });
  await other.connect();
  for (const one of [client, other])
    await one.query(`SET session_replication_role = replica; SET synchronous_commit = off`);
  await client.query(
    `INSERT INTO accounts (programme_id, customer_id, kind, stripe) VALUES ($1, 0, 'issued', 99) ON CONFLICT DO NOTHING`,
    [programme.id],
  );
  await client.query(
    `INSERT INTO customers (programme_id, ref) SELECT $1::uuid, 'balance-' || n + $2::int FROM generate_series(0, $3::int - 1) n`,
    [programme.id, from, customers],
  );
  const { rows } = await client.query<{ id: string }>('SELECT id FROM customers WHERE programme_id = $1 AND ref = $2', [
    programme.id,
    `balance-${from}`,
  ]);
  const first = rows[0]?.id;
  await client.query(
    `INSERT INTO accounts (programme_id, customer_id, kind, balance, transfers, last_transfer)
       SELECT $1::uuid, $2::bigint + n, 'available', 10 * $3::int, $3::int, ${idOf(`${from * LOTS_EACH} + ${(LOTS_EACH - 1) * customers} + n`)}
         FROM generate_series(0, $4::int - 1) n`,
    [programme.id, first, LOTS_EACH, customers],
  );
  const entries = `(SELECT n, n % ${customers} AS customer, n / ${customers} AS before, ${idOf(`${from * LOTS_EACH} + n`)} AS id
                      FROM generate_series(0, ${customers * LOTS_EACH} - 1) n) e`;
  await Promise.all([
    client.query(
      `INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, credit_account, credit_balance,
                              credit_previous, booked_at)
         SELECT $1::uuid, e.id, 'award', e.id, 10, issued.id, -10 * (e.n + 1), first.id + e.customer, 10 * (e.before + 1),
                CASE WHEN e.before > 0 THEN ${idOf(`${from * LOTS_EACH} + e.n - ${customers}`)} END, now() - interval '1 day'
           FROM ${entries}, (SELECT id FROM accounts WHERE programme_id = $1 AND customer_id = $2) first,
                (SELECT id FROM accounts WHERE programme_id = $1 AND customer_id = 0 AND kind = 'issued' AND stripe = 99) issued`,
      [programme.id, first],
    ),
    other.query(
      `INSERT INTO lots (programme_id, customer_id, id, points, remaining, expires_on)
         SELECT $1::uuid, $2::bigint + e.customer, e.id, 10, 10, CASE e.before % 2 WHEN 0 THEN current_date + 100 + e.before END
           FROM ${entries}`,
      [programme.id, first],
    ),
  ]);
  await other.end();
  await client.query('RESET session_replication_role; RESET synchronous_commit');
  await client.query('VACUUM (ANALYZE) customers, accounts, transfers, lots');
  await client.query('CHECKPOINT');
}

/** SQL of a uuid that goes up with n, as those of awards do with time. */
const idOf = (n: string): string =>
  `(lpad(to_hex(${n}), 12, '0') || '7' || substr(md5((${n})::text), 1, 3) || '8' || substr(md5((${n})::text), 4, 15))::uuid`;

async function ask({ api, programme }: Stage, customers: number): Promise<number> {
  const { p99Ms, statuses } = await runLoad({
    port: api.port,
    connections: CONNECTIONS,
    requests: CHUNK,
    request: () => ({
      method: 'GET',
      path: `/v1/customers/balance-${Math.floor(Math.random() * customers)}/balance`,
      headers: { authorization: `Bearer ${programme.storefrontKey}` },
      body: '',
    }),
  });
  if (statuses[200] !== CHUNK) throw new Error(`Balances were answered with ${JSON.stringify(statuses)}`);
  return p99Ms;
}

async function times(measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let n = 0; n < ROUNDS; n++) values.push(await measure());
  return median(values);
}

export interface BalanceFigures {
  /** p99 over HTTP, in ms, of customers with ten lots each. */
  p99: { few: number; many: number; draining: number };
  /** Awards a second. */
  drain: { few: number; many: number };
}

/** Balances and the drain when there are next to no entries, and when there are so many. No worker may run. */
export async function balancesAmong(
  stage: Stage,
  entries: number,
  progress: (text: string) => void,
): Promise<BalanceFigures> {
  progress('(e) balances and drain among few entries');
  await fill(stage, 0, FEW);
  await ask(stage, FEW);
  await postingRate(stage, AWARDS);
  const few = { p99: await times(() => ask(stage, FEW)), drain: await times(() => postingRate(stage, AWARDS)) };
  progress(`(e) writing ${entries} entries`);
  const customers = FEW + entries / LOTS_EACH;
  await fill(stage, FEW, entries / LOTS_EACH);
  progress('(e) balances and drain among many');
  await ask(stage, customers);
  const many = { p99: await times(() => ask(stage, customers)), drain: await times(() => postingRate(stage, AWARDS)) };
  const draining: number[] = [];
  while (draining.length < ROUNDS) draining.push(...(await whileDraining(stage, customers)));
  return {
    p99: { few: few.p99, many: many.p99, draining: median(draining) },
    drain: { few: few.drain, many: many.drain },
  };
}

/** Of those only that were asked for from first to last while another process booked awards. */
async function whileDraining(stage: Stage, customers: number): Promise<number[]> {
  await oweAwards(stage.client, stage.programme.id, 3 * AWARDS);
  const drain = fork(join(__dirname, 'drain.js'), [stage.databaseUrl, stage.programme.id]);
  const ended = once(drain, 'exit');
  await Promise.race([once(drain, 'message'), ended]);
  const p99s: number[] = [];
  while (drain.exitCode === null) {
    const p99 = await ask(stage, customers);
    if (drain.exitCode === null) p99s.push(p99);
  }
  await ended;
  if (drain.exitCode !== 0) throw new Error('The drain has failed');
  return p99s;
}
