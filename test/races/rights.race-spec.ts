import { setTimeout as sleep } from 'node:timers/promises';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, call } from '../setup/service';
import { startTwoApis, WITHOUT_CUSTOMER_LOCK, type TwoApis } from './two-apis';

/**
 * I4 for pauses, signals and withdrawals: once one has been acknowledged, no release for what it blocks commits. Both guards, the
 * customer's lock and the programme's gate, are taken out at the end, and the same races are then expected to leak.
 */

const ROUNDS = 15;
const CUSTOMERS = ['one', 'two', 'three', 'four'];

/** A release waits before its commit, and writes down when it commits. */
const WITNESSES = `
  CREATE SCHEMA race;
  CREATE TABLE race.released (disclosure uuid, at timestamptz);
  CREATE FUNCTION race.release_commits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN PERFORM pg_sleep(0.005); INSERT INTO race.released VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER committing AFTER INSERT ON disclosures DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION race.release_commits()`;

const COMMITTED_IN_A_PAUSE = `
  SELECT count(*)::int AS count FROM race.released l JOIN disclosures d ON d.id = l.disclosure
    JOIN pauses p ON p.programme_id = d.programme_id AND p.customer_id = d.customer_id
   WHERE l.at > p.started_at AND d.at < coalesce(p.ended_at, p.until)`;
const COMMITTED_AFTER_A_SIGNAL = `
  SELECT count(*)::int AS count FROM race.released l JOIN disclosures d ON d.id = l.disclosure
    JOIN customers m ON m.programme_id = d.programme_id AND m.id = d.customer_id WHERE l.at > m.gpc_at`;
const COMMITTED_AFTER_A_WITHDRAWAL = `
  SELECT count(*)::int AS count FROM race.released l JOIN disclosures d ON d.id = l.disclosure
    JOIN purposes p ON p.programme_id = d.programme_id AND p.key = d.purpose WHERE l.at > p.withdrawn_at`;
const WITHOUT_GATE = `
  CREATE OR REPLACE FUNCTION gate_lock(programme uuid) RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$ SELECT hashtextextended(random()::text, 0) $$`;

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis();
  await apis.sql(WITNESSES);
  for (const customer of CUSTOMERS) await apis.share(0, customer);
});
afterAll(() => apis.stop());

const count = async (query: string): Promise<number> => (await apis.sql<{ count: number }>(query))[0]?.count ?? -1;

/** Readers on both processes while block() runs; answers what was asked for after it was acknowledged. */
async function raceWith(customer: string, block: () => Promise<unknown>): Promise<Answer> {
  let isOver = false;
  const reader = async (process: number): Promise<void> => {
    while (!isOver) await apis.disclose(process, customer);
  };
  const readers = [reader(0), reader(1), reader(0), reader(1)];
  await sleep(Math.random() * 20);
  await block();
  const after = await apis.disclose(1, customer);
  isOver = true;
  await Promise.all(readers);
  return after;
}

async function pauses(rounds: number): Promise<number[]> {
  const lane = async (customer: string): Promise<number[]> => {
    const statuses: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const body = { customerRef: customer, everything: true, until: '2099-01-01T00:00:00Z' };
      let id = '';
      const after = await raceWith(customer, async () => {
        id = (await apis.post(round, '/v1/pauses', body)).body['id'] as string;
      });
      statuses.push(after.status);
      await apis.sql(
        'UPDATE pauses SET ended_at = clock_timestamp() WHERE ended_at IS NULL AND customer_id = (SELECT id FROM customers WHERE ref = $1)',
        [customer],
      );
      expect(id).toMatch(/^pau_/);
    }
    return statuses;
  };
  return (await Promise.all(CUSTOMERS.map(lane))).flat();
}

async function withdrawals(rounds: number): Promise<{ statuses: number[]; late: number }> {
  const { adminKey } = apis.programme;
  const statuses: number[] = [];
  let late = 0;
  for (let round = 0; round < rounds; round++) {
    const after = await raceWith('one', () =>
      apis.post(round, '/v1/purposes/greeting/withdrawal', {}, { key: adminKey }),
    );
    statuses.push(after.status);
    late += await count(COMMITTED_AFTER_A_WITHDRAWAL);
    await apis.sql('UPDATE purposes SET withdrawn_at = NULL');
    await apis.sql('TRUNCATE race.released');
  }
  return { statuses, late };
}

/** The customer's browser says Sec-GPC: 1, of a purpose that is advertising by others. */
async function signals(rounds: number): Promise<{ statuses: number[]; late: number }> {
  const statuses: number[] = [];
  let late = 0;
  await apis.sql(`UPDATE purposes SET third_party_advertising = true WHERE key = 'greeting'`);
  for (let round = 0; round < rounds; round++) {
    const after = await raceWith('two', () =>
      call(apis.urlOf(round), 'GET', '/v1/customers/two/balance', {
        key: apis.programme.storefrontKey,
        headers: { 'sec-gpc': '1' },
      }),
    );
    statuses.push(after.status);
    late += await count(COMMITTED_AFTER_A_SIGNAL);
    await apis.sql(
      'SET session_replication_role = replica; UPDATE customers SET gpc_at = NULL; RESET session_replication_role',
    );
    await apis.sql('TRUNCATE race.released');
  }
  await apis.sql(`UPDATE purposes SET third_party_advertising = false`);
  return { statuses, late };
}

it('a pause lets nothing through that commits after it began', async () => {
  expect(new Set(await pauses(ROUNDS))).toEqual(new Set([403]));
  expect(await count(COMMITTED_IN_A_PAUSE)).toBe(0);
  expect(await count('SELECT count(*)::int AS count FROM race.released')).toBeGreaterThan(ROUNDS);
  await apis.sql('TRUNCATE race.released');
});

it('a browser’s signal lets nothing through that commits after it', async () => {
  const { statuses, late } = await signals(ROUNDS);
  expect(new Set(statuses)).toEqual(new Set([403]));
  expect(late).toBe(0);
});

it('a withdrawal lets nothing through that commits after it', async () => {
  const { statuses, late } = await withdrawals(ROUNDS);
  expect(new Set(statuses)).toEqual(new Set([403]));
  expect(late).toBe(0);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('without the customer’s lock and the gate they let releases through, and are found out', async () => {
  await apis.sql(WITHOUT_GATE);
  expect((await withdrawals(ROUNDS)).late).toBeGreaterThan(0);
  await apis.sql(WITHOUT_CUSTOMER_LOCK);
  await pauses(ROUNDS);
  expect(await count(COMMITTED_IN_A_PAUSE)).toBeGreaterThan(0);
  expect((await signals(ROUNDS)).late).toBeGreaterThan(0);
});
