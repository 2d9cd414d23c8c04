import type { Call } from '../src/idempotency';
import { Database } from '../src/platform/database';
import { KeyRing } from '../src/platform/key-ring';
import { Redemptions } from '../src/redemption';
import { grantOwed } from '../src/rewards';
import type { Stage } from './stage';

const CALLERS = 256;
const CONNECTIONS = 4;
const WARM = 5000;
/** Cold customers: none of them redeems twice in a round. */
const COLD = 25_000;
const POINTS = 1_000_000;

/** Gives the cold customers and the hot one their points, as an order would. */
export async function fillAccounts({ client, databaseUrl, programme }: Stage): Promise<void> {
  await client.query(
    `INSERT INTO customers (programme_id, ref)
       SELECT $1::uuid, 'cold-' || n FROM generate_series(1, $2::int) n UNION ALL SELECT $1, 'hot'`,
    [programme.id, COLD],
  );
  await client.query(
    `WITH award AS (
       INSERT INTO awards (programme_id, id, customer_id, kind, points, expires_on, promised_at, reason, reference)
         SELECT c.programme_id, gen_random_uuid(), c.id, 'points', $2, current_date + 365, now(), 'bench', c.ref
           FROM customers c WHERE c.programme_id = $1 AND (c.ref = 'hot' OR c.ref LIKE 'cold-%') RETURNING id)
     INSERT INTO outbox (programme_id, topic, id) SELECT $1, 'points', id FROM award`,
    [programme.id, POINTS],
  );
  const database = await Database.connect({ url: databaseUrl, connections: 1, entities: [] });
  await grantOwed(database, programme.id, () => false);
  await database.close();
  await client.query('ANALYZE');
}

let calls = 0;

/**
 * Redemptions a second through the service's own method, each captured at once and with an Idempotency-Key of its own, by 256
 * callers in this process: of customers who redeem once each (cold), or of one customer (hot).
 */
export async function redemptionRate(
  { client, databaseUrl, env, programme }: Stage,
  account: 'cold' | 'hot',
  count: number,
): Promise<number> {
  const database = await Database.connect({ url: databaseUrl, connections: CONNECTIONS, entities: [] });
  const keyRing = new KeyRing(Buffer.from(env['GEGENWERT_KEK'] ?? '', 'base64'), database);
  const bell = { ring: () => undefined, healthy: async () => true, close: async () => undefined };
  const redemptions = new Redemptions(database, keyRing, bell);
  const principal = { kind: 'storefront', programmeId: programme.id, callerId: 'bench' } as Call['principal'];
  const reply = { status: () => reply, header: () => reply } as unknown as Call['reply'];
  let next = 0;
  const run = async (until: number): Promise<void> => {
    const caller = async (): Promise<void> => {
      while (next < until) {
        const n = next++;
        const customerRef = account === 'hot' ? 'hot' : `cold-${1 + (n % COLD)}`;
        const body = { customerRef, points: 1, orderRef: `order-${n}`, capture: true };
        const call = { principal, key: `redeem ${calls++}`, route: 'POST /v1/redemptions', body, reply };
        await redemptions.redeem(call, body);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  };
  await run(WARM);
  await client.query('CHECKPOINT');
  const started = process.hrtime.bigint();
  await run(WARM + count);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  await database.close();
  return count / seconds;
}

/** What must be empty after all of it: an account overdrawn, a lot that does not add up, a redemption that is not its transfers. */
export async function brokenBooks({ client }: Stage): Promise<number> {
  const { rows: views } = await client.query<{ name: string }>(
    `SELECT viewname AS name FROM pg_views WHERE schemaname = 'invariants' AND viewname ~ '^i0[67]'`,
  );
  let broken = 0;
  for (const { name } of views) broken += (await client.query(`SELECT FROM invariants.${name}`)).rowCount ?? 0;
  return broken;
}
