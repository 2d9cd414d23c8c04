import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { sealHistory } from '../../src/chain/core';
import { leafOf, SEALED as SEALED_TABLES } from '../../src/chain/sealed-tables';
import type { SigningKeys } from '../../src/platform/signing-keys';
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
const TABLES = [
  ...SEALED,
  'accounts',
  'customers',
  'erasure_journal',
  'vault_values',
  'signing_keys',
  'chain_blocks',
  'chain_leaves',
  'chain_heads',
];
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
  if (type === 'boolean') return `NOT ${name}`;
  // The only one there is has two values.
  if (type === 'smallint') return `3 - ${name}`;
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
        await programme.share(`customer-${round}-${n}`);
        await programme.disclose(`customer-${round}-${n}`);
      }
      await programme.revoke(`customer-${round}-0`, { everything: true });
      // As a share states what was stored for it.
      await history.owner.query(`SET session_replication_role = replica`);
      await history.owner.query(
        `UPDATE shares s SET ciphertexts = uuid_send(v.version) || sha256(v.ciphertext) FROM vault_values v
          WHERE v.customer_id = s.customer_id AND s.written_in >= (SELECT coalesce(max(to_transaction), 0) FROM chain_heads)`,
      );
      await history.owner.query(`SET session_replication_role = origin`);
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
  beforeEach(async () => {
    for (const table of TABLES) {
      await sql(`DELETE FROM public.${table}`);
      await sql(`INSERT INTO public.${table} OVERRIDING SYSTEM VALUE SELECT * FROM before_attack.${table}`);
    }
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

    // Below what was ever sealed, and in the middle of it.
    it.each(['-1', '0', '(SELECT from_transaction FROM chain_blocks WHERE number = 2)'])(
      'one that is slipped in under the number %s is named',
      async (number) => {
        const id = await slipIn(table, number);
        expect(await named()).toEqual([`${table} ${id}: inserted`]);
      },
    );

    it('one that is slipped in under a number to come is named', async () => {
      const id = await slipIn(table, '9000000000');
      expect(await named()).toEqual([`${table} ${id}: inserted`]);
    });
  });

  /** A copy of a row that is there, under a number; a consent comes with its share. */
  async function slipIn(table: Sealed, number: string): Promise<string> {
    const { key } = await victim(table);
    const changed: Record<string, string> = {
      [KEYS[table]]: table === 'consent_events' ? '1000000' : 'gen_random_uuid()',
      written_in: number,
      ...(table === 'consents' ? { purpose: "'slipped'" } : {}),
    };
    const [row] = await sql<{ id: string }>(
      `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT ${columns[table].map(({ name }) => changed[name] ?? name).join(', ')}
         FROM ${table} WHERE ${KEYS[table]}::text = $1 RETURNING ${KEYS[table]}::text AS id`,
      [key],
    );
    return row?.id ?? '';
  }

  it('on what of a consent may change is found by the events', async () => {
    const found = async () =>
      Object.keys(await brokenInvariants(testDatabase.url)).filter((view) => view.startsWith('i15'));
    expect(await found()).toEqual([]);
    const revive =
      "UPDATE consents SET status = 'active', ended_at = NULL, revocation_id = NULL WHERE status = 'withdrawn'";
    const [ended] = await sql<{ id: string }>("SELECT id FROM consents WHERE status = 'withdrawn' LIMIT 1");
    await sql(`${revive} AND id = $1`, [ended?.id]);
    expect(await found()).toEqual(['i15_ended_is_ended']);
  });

  it('on the owner of an account is named by its transfers', async () => {
    const [row] = await sql<{ id: string }>(
      `UPDATE accounts SET customer_id = 1000000 + customer_id WHERE id = (SELECT credit_account FROM transfers ORDER BY id LIMIT 1)
       RETURNING (SELECT t.id FROM transfers t WHERE t.credit_account = accounts.id)`,
    );
    expect(await named()).toEqual([`transfers ${row?.id}: changed`]);
  });

  it('on a stored value is named by what its share states', async () => {
    const [row] = await sql<{ customer: string }>(
      `UPDATE vault_values SET ciphertext = ciphertext || '\\x00'::bytea
        WHERE customer_id = (SELECT max(customer_id) FROM vault_values) RETURNING customer_id AS customer`,
    );
    expect(await named()).toEqual([`vault_values customer ${row?.customer}, birthday: changed`]);
  });

  it('is not what erases values and keys: the history is as it was', async () => {
    await sql(
      'INSERT INTO erasure_journal (programme_id, customer_id, attribute, version) SELECT programme_id, customer_id, attribute, version FROM vault_values',
    );
    await sql('DELETE FROM vault_values');
    await sql('UPDATE customers SET ref = NULL');
    expect(await named(checkpoints)).toEqual([]);
  });

  describe('on the chain itself:', () => {
    it.each([
      ['from_transaction', 'from_transaction - 1'],
      ['from_within', `'{"table": "shares", "key": null}'`],
      ['to_transaction', 'to_transaction - 1'],
      ['to_within', `'{"table": "shares", "key": null}'`],
      ['previous_hash', 'sha256(previous_hash)'],
      ['hash', 'sha256(hash)'],
      ['rows', 'rows + 1'],
      ['sealed_at', `sealed_at + interval '1 millisecond'`],
      ['checkpoint', `(SELECT checkpoint FROM chain_blocks WHERE number = 1)`],
    ])('a block of which %s was edited is named', async (column, value) => {
      await sql(`UPDATE chain_blocks SET ${column} = ${value} WHERE number = 2`);
      expect((await named()).filter((one) => one.startsWith('chain_blocks 2: '))).not.toEqual([]);
    });

    it('a leaf that was made to fit an edited row gives its block away', async () => {
      const { key } = await victim('transfers');
      await sql('UPDATE transfers SET points = points + 1 WHERE id = $1', [key]);
      await sql(
        `UPDATE chain_leaves l SET hashes[p.at] = (SELECT ${leafOf(SEALED_TABLES.transfers)} FROM ${SEALED_TABLES.transfers.from} WHERE r.id = $1)
           FROM (SELECT number, array_position(keys, uuid_send($1)) AS at FROM chain_leaves WHERE of_table = 'transfers') p
          WHERE p.at IS NOT NULL AND l.number = p.number AND l.of_table = 'transfers'`,
        [key],
      );
      expect(await named()).toEqual(['chain_leaves 2 transfers: changed']);
      await sql(
        `UPDATE chain_leaves SET digest = (SELECT sha256(string_agg(k || h, '' ORDER BY n)) FROM unnest(keys, hashes) WITH ORDINALITY AS u(k, h, n))`,
      );
      expect(await named()).toEqual(['chain_blocks 2: changed', 'chain_blocks 2: not signed']);
    });

    it('blocks that were removed are named', async () => {
      await sql('DELETE FROM chain_blocks WHERE number = 2');
      expect(await named()).toContain('chain_blocks 2: missing');
      await sql('DELETE FROM chain_blocks WHERE number = 3');
      expect(await named()).toContain('chain_blocks 2 to 3: missing');
    });

    it('a tail that was removed, head and all, is found through a checkpoint that was kept', async () => {
      await cutAfter(1);
      expect(await named()).toEqual([]);
      expect(await named(checkpoints)).toEqual(['chain_blocks 2: missing', 'chain_blocks 3: missing']);
    });

    it('a tail that was sealed anew over an edited row is found through a checkpoint that was kept', async () => {
      const { key } = await victim('transfers');
      await sql('UPDATE transfers SET points = points + 1 WHERE id = $1', [key]);
      await cutAfter(1);
      await history.seal();
      expect(await named()).toEqual([]);
      const kept = 'not the one that was kept';
      expect(await named(checkpoints)).toContain(`chain_blocks 2: ${kept}`);
    });

    it('a chain that was rewritten wholesale is not signed', async () => {
      await cutAfter(0);
      const forger = generateKeyPairSync('ed25519').privateKey;
      const { currentKid } = history.keys;
      const keys = {
        currentKid,
        sign: (kid: string, typ: string, payload: object) => {
          const head = [{ alg: 'EdDSA', kid, typ }, payload].map((part) =>
            Buffer.from(JSON.stringify(part)).toString('base64url'),
          );
          return `${head.join('.')}.${sign(null, Buffer.from(head.join('.')), forger).toString('base64url')}`;
        },
      } as unknown as SigningKeys;
      await sealHistory(history.database, keys, await history.programmeId(), () => false);
      expect(await named()).toEqual(['chain_blocks 1: not signed']);
      // Nor does it help to put the forger's key in the place of the service's.
      const { x } = createPublicKey(forger).export({ format: 'jwk' });
      await sql(`UPDATE signing_keys SET public_jwk = jsonb_set(public_jwk, '{x}', to_jsonb($1::text))`, [x]);
      expect(await named()).toEqual(['chain_blocks 1: not signed']);
    });

    it('a checkpoint that this service has not signed is none', async () => {
      const [head, , signature] = checkpoints.split('\n')[0]!.split('.');
      const payload = Buffer.from('{"programme":"prg_x","block":1}').toString('base64url');
      expect(await named(`${head}.${payload}.${signature}`)).toEqual([
        expect.stringMatching(/^checkpoint .*: not signed$/),
      ]);
    });

    /** As someone does who knows how: nothing in the database tells of what was there. */
    async function cutAfter(number: number): Promise<void> {
      for (const table of ['chain_blocks', 'chain_leaves'])
        await sql(`DELETE FROM ${table} WHERE number > $1`, [number]);
      await sql(
        number === 0
          ? 'DELETE FROM chain_heads'
          : `UPDATE chain_heads h SET number = b.number, hash = b.hash, to_transaction = b.to_transaction, to_within = b.to_within
               FROM chain_blocks b WHERE b.number = ${number} AND b.programme_id = h.programme_id`,
      );
    }
  });
});
