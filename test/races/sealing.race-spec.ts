import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { sealHistory, unsealed } from '../../src/chain/core';
import { newId } from '../../src/platform/ids';
import { openHistory, type History } from '../builders/history';
import { createTestDatabase, type TestDatabase } from '../setup/database';

/**
 * What is sealed is what ended transactions wrote: none of it is missed and none of it is there twice, in whatever order
 * they commit, however long they stay open, and whoever seals at the same time.
 */

const WRITERS = 8;
const ROUNDS = 25;

/** Inlined, so that statements are planned anew. */
const HORIZON = (of: 'xmin' | 'xmax'): string =>
  `CREATE OR REPLACE FUNCTION transactions_ended() RETURNS bigint LANGUAGE sql STABLE
     RETURN pg_snapshot_${of}(pg_current_snapshot())::text::bigint + history_offset()`;
const OFFSET = (offset: number): string =>
  `CREATE OR REPLACE FUNCTION history_offset() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE RETURN ${offset}::bigint`;

const TRANSFERS = `INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, credit_account, credit_balance, booked_at)
  SELECT $1, id, 'award', id, 1, 1, 0, 2, 0, now() FROM unnest($2::uuid[]) AS id`;

describe('sealing while others write', () => {
  let testDatabase: TestDatabase;
  let history: History;
  let programmeId: string;

  beforeEach(async () => {
    testDatabase = await createTestDatabase();
    history = await openHistory(testDatabase.url, randomBytes(32));
    programmeId = newId();
    await history.owner.query(
      `INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, 'race', 'Race', 'en', '')`,
      [programmeId],
    );
  });
  afterEach(async () => {
    await history.close();
    await testDatabase.drop();
  });

  const ids = (count: number): string[] => Array.from({ length: count }, () => newId());

  async function connect(): Promise<Client> {
    const client = new Client({ connectionString: testDatabase.url });
    await client.connect();
    return client;
  }

  /** Transactions of every kind: short, long, given up, with savepoints. Answers the ids of what was committed. */
  async function write(client: Client): Promise<string[]> {
    const committed: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const first = ids(1 + Math.floor(Math.random() * 20));
      const second = ids(3);
      await client.query('BEGIN');
      await client.query(TRANSFERS, [programmeId, first]);
      await sleep(Math.random() < 0.1 ? 300 : Math.random() * 10);
      await client.query('SAVEPOINT half');
      await client.query(TRANSFERS, [programmeId, second]);
      const keepsHalf = Math.random() < 0.5;
      if (keepsHalf) await client.query('ROLLBACK TO half');
      const givesUp = Math.random() < 0.2;
      await client.query(givesUp ? 'ROLLBACK' : 'COMMIT');
      if (!givesUp) committed.push(...first, ...(keepsHalf ? [] : second));
    }
    return committed;
  }

  /** Eight that write and two that seal. Answers what was committed and never sealed, and what was sealed more than once. */
  async function race(): Promise<{ missed: number; twice: number; committed: number }> {
    const clients = await Promise.all(Array.from({ length: WRITERS }, connect));
    let writing = true;
    const sealers = [1, 2].map(async () => {
      while (writing) {
        await sealHistory(history.database, history.keys, programmeId, () => false);
        await sleep(1);
      }
    });
    const committed = (await Promise.all(clients.map(write))).flat();
    writing = false;
    await Promise.all([...sealers, ...clients.map((client) => client.end())]);
    await history.seal();
    const { rows } = await history.owner.query<{ missed: number; twice: number }>(
      `WITH leaves AS (SELECT key, count(*) AS times FROM chain_leaves, unnest(keys) AS key GROUP BY key)
       SELECT count(*) FILTER (WHERE l.key IS NULL)::int AS missed, count(*) FILTER (WHERE l.times > 1)::int AS twice
         FROM unnest($1::uuid[]) AS id LEFT JOIN leaves l ON l.key = uuid_send(id)`,
      [committed],
    );
    return { ...rows[0]!, committed: committed.length };
  }

  it('misses nothing and has nothing twice', async () => {
    const { committed, ...wrong } = await race();
    expect(wrong).toEqual({ missed: 0, twice: 0 });
    expect(committed).toBeGreaterThan(WRITERS * ROUNDS);
    const { findings, programmes } = await history.verify();
    expect(findings).toEqual([]);
    expect(programmes).toEqual([expect.objectContaining({ rows: committed, unsealedSeconds: null })]);
    expect(programmes[0]?.blocks).toBeGreaterThan(10);
  });

  it('would miss what commits late if it went as far as transactions have begun, and verify would say so', async () => {
    await history.owner.query(HORIZON('xmax'));
    const { missed, twice } = await race();
    expect(missed).toBeGreaterThan(0);
    expect(twice).toBe(0);
    const { findings } = await history.verify();
    expect(findings.filter(({ change }) => change === 'inserted')).toHaveLength(missed);
  });

  it('waits for a transaction that stays open, and says since when', async () => {
    const open = await connect();
    await open.query('BEGIN');
    await open.query(TRANSFERS, [programmeId, ids(1)]);
    await history.owner.query(TRANSFERS, [programmeId, ids(1)]);
    await sealHistory(history.database, history.keys, programmeId, () => false);
    expect(await unsealed(history.database)).toEqual([
      { programmeId, seconds: expect.any(Number) as number, ready: false },
    ]);
    expect((await history.verify()).programmes).toEqual([expect.objectContaining({ blocks: 0, rows: 0, findings: 0 })]);
    await open.query('COMMIT');
    await open.end();
    await history.seal();
    expect(await unsealed(history.database)).toEqual([]);
    expect((await history.verify()).programmes).toEqual([expect.objectContaining({ blocks: 1, rows: 2, findings: 0 })]);
  });

  it('seals a transaction that is too large for a block in parts, and goes on where it was stopped', async () => {
    await largeTransaction();
    const deadline = Date.now() + 60_000;
    while ((await unsealed(history.database)).length > 0) {
      // One block, and then another worker; none while somebody else's transaction is open, be it in another database.
      let asked = 0;
      await sealHistory(history.database, history.keys, programmeId, () => asked++ > 0);
      if (Date.now() > deadline) throw new Error('There is no end to it');
    }
    const { findings, programmes } = await history.verify();
    expect(findings).toEqual([]);
    expect(programmes).toEqual([expect.objectContaining({ rows: 12_001 + 5_000 + 2 * 5_000 + 7_000 + 1 })]);
    expect(programmes[0]?.blocks).toBeGreaterThan(5);
    expect(programmes[0]?.blocks).toBeLessThan(30);
    // Into the middle of a part, before all parts and after them.
    await history.owner.query('SET session_replication_role = replica');
    const slipped = ['00000000-0000-7000-8000-000000000000', newId(), 'ffffffff-ffff-7fff-bfff-ffffffffffff'];
    await history.owner.query(
      `INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, credit_account, credit_balance, booked_at, written_in)
         SELECT programme_id, n, kind, n, points, debit_account, debit_balance, credit_account, credit_balance, booked_at, written_in
           FROM (SELECT * FROM transfers WHERE points = 2 LIMIT 1) t, unnest($1::uuid[]) AS n`,
      [slipped],
    );
    const again = await history.verify();
    expect(again.findings.map(({ id, change }) => `${/\((.*)\)/.exec(id)?.[1]} ${change}`).sort()).toEqual(
      slipped.map((id) => `${id} inserted`).sort(),
    );
  });

  /** One that writes more than a block holds into four of the tables, and a small one before and after. */
  async function largeTransaction(): Promise<void> {
    const { owner } = history;
    await owner.query(TRANSFERS, [programmeId, ids(1)]);
    await owner.query('BEGIN; SET LOCAL session_replication_role = replica');
    await owner.query(TRANSFERS.replace(', 1, 1, 0, 2,', ', 2, 1, 0, 2,'), [programmeId, ids(12_000)]);
    await owner.query(
      `INSERT INTO shares (programme_id, customer_id, id, offer_id, offer_version, notice_id, channel, refused, receipt_kid, accepted_at)
         SELECT $1, n % 700, gen_random_uuid(), $1, 1, $1, 'test', '{}', 'kid', now() FROM generate_series(1, 5000) n`,
      [programmeId],
    );
    await owner.query(
      `INSERT INTO consents (programme_id, customer_id, share_id, attribute, purpose, id, recipients, given_at, until)
         SELECT programme_id, customer_id, id, 'birthday', purpose, gen_random_uuid(), '{}', now(), now() FROM shares, unnest('{a,b}'::text[]) AS purpose`,
    );
    await owner.query(
      `INSERT INTO consent_events (programme_id, customer_id, event, share_id, consents, at)
         SELECT $1, n % 700, 'given', gen_random_uuid(), ARRAY[gen_random_uuid()], now() FROM generate_series(1, 7000) n`,
      [programmeId],
    );
    await owner.query('COMMIT');
    await owner.query(
      `INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, credit_account, credit_balance, booked_at)
         VALUES ($1, $2, 'award', $2, 1, 1, 0, 2, 0, now())`,
      [programmeId, randomUUID()],
    );
  }

  it('goes on after what it has when the cluster counts from lower, as one does into which a database is restored', async () => {
    await history.owner.query(OFFSET(1_000_000_000));
    await history.owner.query(TRANSFERS, [programmeId, ids(5)]);
    await history.seal();
    // Not sealed any more where it was written.
    await history.owner.query(TRANSFERS, [programmeId, ids(3)]);
    await history.owner.query(OFFSET(0));
    const continued = async () =>
      (await history.owner.query<{ continued: boolean }>('SELECT continued FROM come_home(NULL, NULL, 0)')).rows;
    expect(await continued()).toEqual([{ continued: true }]);
    expect(await continued()).toEqual([{ continued: false }]);
    await history.owner.query(TRANSFERS, [programmeId, ids(2)]);
    await history.seal();
    const { findings, programmes } = await history.verify();
    expect(findings).toEqual([]);
    expect(programmes).toEqual([expect.objectContaining({ rows: 10, unsealedSeconds: null })]);
  });

  it('takes what would be written below what was sealed for slipped in, without that', async () => {
    await history.owner.query(OFFSET(1_000_000_000));
    await history.owner.query(TRANSFERS, [programmeId, ids(5)]);
    await history.seal();
    await history.owner.query(OFFSET(0));
    await history.owner.query(TRANSFERS, [programmeId, ids(2)]);
    expect((await history.verify()).findings.map(({ change }) => change)).toEqual(['inserted', 'inserted']);
  });
});
