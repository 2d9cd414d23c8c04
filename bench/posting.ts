import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { Database } from '../src/platform/database';
import { grantOwed } from '../src/rewards';
import type { Stage } from './stage';

const CUSTOMERS = 20_000;

/** Owes awards to customers that have accounts, the way shares do, written by SQL. */
export async function oweAwards(client: Client, programmeId: string, count: number): Promise<void> {
  await client.query(
    `WITH award AS (
       INSERT INTO awards (programme_id, id, customer_id, kind, points, reason, reference, promised_at)
         SELECT $1, (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n / 65536), 3, '0') || '8' ||
                     lpad(to_hex(n % 65536), 4, '0') || substr(md5(random()::text), 1, 11))::uuid,
                (SELECT min(id) FROM customers WHERE programme_id = $1 AND ref LIKE 'posting-%') + (random() * $3)::int, 'points', 10, 'bench', gen_random_uuid()::text, now()
           FROM generate_series(1, $2::int) n RETURNING id)
     INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'points', id FROM award ORDER BY id`,
    [programmeId, count, CUSTOMERS - 1],
  );
}

/** Awards booked a second by the code of one worker. The worker process must not run. */
export async function postingRate({ client, databaseUrl, programme }: Stage, count: number): Promise<number> {
  await client.query(
    `INSERT INTO customers (programme_id, ref) SELECT $1, 'posting-' || n FROM generate_series(1, $2::int) n ON CONFLICT DO NOTHING`,
    [programme.id, CUSTOMERS],
  );
  await oweAwards(client, programme.id, count);
  await client.query('ANALYZE');
  await client.query('CHECKPOINT');
  const database = await Database.connect({ url: databaseUrl, connections: 2, entities: [] });
  const started = process.hrtime.bigint();
  await grantOwed(database, programme.id, () => false);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const { rows } = await client.query<{ owed: string }>(`SELECT count(*) AS owed FROM outbox WHERE topic = 'points'`);
  await database.close();
  if (rows[0]?.owed !== '0') throw new Error('Awards were left');
  return count / seconds;
}

/** The limit: durable one-row INSERTs, each its own commit, on so many connections. */
export async function insertRate(databaseUrl: string, clients: number, count: number): Promise<number> {
  const connections = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new Client({ connectionString: databaseUrl });
      await client.connect();
      return client;
    }),
  );
  let next = 0;
  const started = process.hrtime.bigint();
  await Promise.all(
    connections.map(async (client) => {
      while (next++ < count)
        await client.query({ name: 'ins', text: 'INSERT INTO bench_ins (body) VALUES ($1)', values: ['x'] });
    }),
  );
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  await Promise.all(connections.map((client) => client.end()));
  return count / seconds;
}

/** How it is done without thinking: one TypeORM transaction an award, balance read, changed and written. */
export async function ormRate(databaseUrl: string, count: number): Promise<number> {
  const source = await new DataSource({ type: 'postgres', url: databaseUrl }).initialize();
  await source.query('CREATE TABLE IF NOT EXISTS bench_accounts (id int PRIMARY KEY, balance bigint NOT NULL)');
  await source.query(
    'CREATE TABLE IF NOT EXISTS bench_entries (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int NOT NULL, points bigint NOT NULL)',
  );
  await source.query('INSERT INTO bench_accounts SELECT n, 0 FROM generate_series(0, 1000) n ON CONFLICT DO NOTHING');
  const started = process.hrtime.bigint();
  for (let n = 0; n < count; n++) {
    await source.transaction(async (manager) => {
      for (const [account, points] of [
        [0, -10],
        [1 + (n % 1000), 10],
      ] as const) {
        await manager.query('SELECT balance FROM bench_accounts WHERE id = $1 FOR UPDATE', [account]);
        await manager.query('UPDATE bench_accounts SET balance = balance + $2 WHERE id = $1', [account, points]);
        await manager.query('INSERT INTO bench_entries (account, points) VALUES ($1, $2)', [account, points]);
      }
    });
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  await source.destroy();
  return count / seconds;
}
