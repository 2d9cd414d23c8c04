import { openHistory, type History } from '../builders/history';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { startService, type RunningService } from '../setup/service';

/**
 * An auditor's attack: rows are changed by a superuser, triggers and foreign keys off, CHECKs dropped. `npm run verify` names
 * each, and names nothing else. Everything is put back after each attack, and then it verifies again.
 */

const SEALED = ['transfers', 'shares', 'consents', 'consent_events', 'disclosures'] as const;
type Sealed = (typeof SEALED)[number];
const TABLES = [...SEALED, 'accounts', 'vault_values', 'signing_keys', 'chain_blocks', 'chain_leaves', 'chain_heads'];
/** What of a consent may change; `invariants.i15_*` hold it against the events. */
const MUTABLE: Partial<Record<string, string[]>> = { consents: ['status', 'ended_at', 'revocation_id'] };
const KEYS: Record<Sealed, string> = {
  transfers: 'id',
  shares: 'id',
  consents: 'id',
  consent_events: 'sequence',
  disclosures: 'id',
};
const CUSTOMERS = 6;

interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

/** Another value of the type, as near as can be. */
function otherValue({ name, type }: Column): string {
  if (type === 'uuid') return 'gen_random_uuid()';
  if (type === 'bigint' || type === 'integer') return `coalesce(${name}, 0) + 1`;
  if (type.startsWith('timestamp')) return `${name} + interval '1 microsecond'`;
  if (type === 'uuid[]') return `${name} || gen_random_uuid()`;
  if (type === 'text[]') return `${name} || 'x'::text`;
  if (type === 'bytea') return `${name} || decode(repeat('00', 48), 'hex')`;
  if (type === 'text' || type === 'catalogue_key') return `${name} || 'x'`;
  throw new Error(`No other value of ${type}`);
}

describe('an auditor’s attack', () => {
  let testDatabase: TestDatabase;
  let service: RunningService;
  let programme: TestProgramme;
  let history: History;
  let columns: Record<Sealed, Column[]>;
  let checkpoints: string;

  const sql = async <Row extends object = Record<string, any>>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await history.owner.query<Row>(text, values)).rows;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    service = await startService({ databaseUrl: testDatabase.url, worker: false });
    programme = await createProgramme(service);
    history = await openHistory(testDatabase.url, Buffer.from(service.env['GEGENWERT_KEK'] ?? '', 'base64'));
    // In three blocks, something of each kind in each.
    for (const round of [1, 2, 3]) {
      for (let n = 0; n < CUSTOMERS; n++) {
        const ref = `customer-${round}-${n}`;
        expect((await programme.share(ref)).status).toBe(201);
        expect((await programme.disclose(ref)).status).toBe(200);
      }
      expect((await programme.revoke(`customer-${round}-0`, { everything: true })).status).toBe(201);
      await history.post();
      await history.seal();
    }
    columns = {} as typeof columns;
    for (const table of SEALED) {
      columns[table] = await sql<Column>(
        `SELECT attname AS name, format_type(atttypid, NULL) AS type, NOT attnotnull AS nullable FROM pg_attribute
          WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
        [table],
      );
    }
    checkpoints = (await sql<{ checkpoint: string }>('SELECT checkpoint FROM chain_blocks'))
      .map((row) => row.checkpoint)
      .join('\n');
    await sql(`SET session_replication_role = replica`);
    const checks = await sql<{ table: string; name: string }>(
      `SELECT conrelid::regclass::text AS table, conname AS name FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text = ANY ($1)`,
      [TABLES],
    );
    for (const { table, name } of checks) await sql(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
    await sql('CREATE SCHEMA before_attack');
    for (const table of TABLES) await sql(`CREATE TABLE before_attack.${table} AS TABLE public.${table}`);
  });
  afterAll(async () => {
    await history.close();
    await service.stop();
    await testDatabase.drop();
  });
  afterEach(async () => {
    for (const table of TABLES) {
      const list = (
        await sql<{ list: string }>(
          `SELECT string_agg(quote_ident(attname), ', ') AS list FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
          [table],
        )
      )[0]?.list;
      await sql(`DELETE FROM public.${table}`);
      await sql(
        `INSERT INTO public.${table} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM before_attack.${table}`,
      );
    }
    expect((await history.verify(checkpoints)).findings).toEqual([]);
  });

  /** A row of the second block: its key as text, and its place. */
  const victim = async (table: Sealed) => {
    const [{ key, ctid } = { key: '', ctid: '' }] = await sql<{ key: string; ctid: string }>(
      `SELECT r.${KEYS[table]}::text AS key, r.ctid::text FROM ${table} r
         ${table === 'consents' ? 'JOIN shares s ON s.id = r.share_id' : ''}
        WHERE ${table === 'consents' ? 's' : 'r'}.written_in BETWEEN (SELECT from_transaction FROM chain_blocks WHERE number = 2)
          AND (SELECT to_transaction - 1 FROM chain_blocks WHERE number = 2) ORDER BY 1 LIMIT 1`,
    );
    expect(key).not.toBe('');
    return { key, ctid };
  };
  /** What verify said, briefly. */
  const named = async (kept?: string) =>
    (await history.verify(kept)).findings
      .map(({ table, id, change }) => `${table} ${/\((.*)\)/.exec(id)?.[1] ?? id}: ${change}`)
      .sort();

  it('on nothing finds nothing, over all rows', async () => {
    const { findings, programmes } = await history.verify(checkpoints);
    expect(findings).toEqual([]);
    const [rows] = await sql<{ count: number }>(
      `SELECT ((SELECT count(*) FROM transfers) + (SELECT count(*) FROM shares) + (SELECT count(*) FROM consents)
             + (SELECT count(*) FROM consent_events) + (SELECT count(*) FROM disclosures))::int AS count`,
    );
    expect(programmes).toEqual([
      expect.objectContaining({ blocks: 3, rows: rows?.count, findings: 0, unsealedSeconds: null }),
    ]);
    expect(rows?.count).toBeGreaterThan(3 * CUSTOMERS * 5);
  });

  describe.each(SEALED)('on %s', (table) => {
    it('an edited column is named, whichever it is', async () => {
      const edited = columns[table].filter(({ name }) => !MUTABLE[table]?.includes(name));
      expect(edited.length).toBeGreaterThan(5);
      const seen: Record<string, string[]> = {};
      const wanted: Record<string, string[]> = {};
      for (const column of edited) {
        const { key } = await victim(table);
        const where = `${KEYS[table]}::text = '${key}'`;
        const [row] = await sql(`SELECT * FROM ${table} WHERE ${where}`);
        const [{ ctid } = { ctid: '' }] = await sql<{ ctid: string }>(
          `UPDATE ${table} SET ${column.name} = ${otherValue(column)} WHERE ${where} RETURNING ctid::text`,
        ).catch(async (error: Error) => {
          // A column that is generated always takes no value of ours in an UPDATE: deleted and inserted it does.
          if (!/can only be updated to DEFAULT/.test(error.message)) throw error;
          await sql(`WITH gone AS (DELETE FROM ${table} WHERE ${where} RETURNING *)
            INSERT INTO ${table} (${columns[table].map(({ name }) => name).join(', ')}) OVERRIDING SYSTEM VALUE
              SELECT ${columns[table].map(({ name }) => (name === column.name ? `${name} + 1000000` : name)).join(', ')} FROM gone`);
          return sql<{ ctid: string }>(`SELECT ctid::text FROM ${table} WHERE ${column.name} = ${key} + 1000000`);
        });
        // A row that is said to be of another transaction is missed where it was, and may be found where it was not.
        seen[column.name] = (await named()).filter(
          (one) => column.name !== 'written_in' || one !== `${table} ${key}: inserted`,
        );
        const [now] = await sql(`SELECT * FROM ${table} WHERE ctid = '${ctid}'`);
        const other = String(now?.[KEYS[table]]);
        wanted[column.name] =
          column.name === KEYS[table] || column.name === 'programme_id'
            ? [
                `${table} ${key}: removed`,
                ...(column.name === 'programme_id' ? [] : [`${table} ${other}: inserted`]),
              ].sort()
            : [`${table} ${key}: changed`];
        await sql(`DELETE FROM ${table} WHERE ctid = '${ctid}'`);
        await sql(`INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM before_attack.${table} WHERE ${where}`);
        expect(row).toBeDefined();
      }
      expect(seen).toEqual(wanted);
    });

    it('a removed row is named', async () => {
      const { key } = await victim(table);
      await sql(`DELETE FROM ${table} WHERE ${KEYS[table]}::text = $1`, [key]);
      expect(await named()).toEqual([`${table} ${key}: removed`]);
    });
  });
});
