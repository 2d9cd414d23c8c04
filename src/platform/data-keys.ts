import { Database, type Statement } from './database';

const KEEP: Statement = {
  name: 'keep_data_keys',
  // Again, when a batch is tried anew: the same key. What has become a tombstone stays one, and the value does not open.
  text: `INSERT INTO key_store.data_keys (programme_id, id, wrapped_key) SELECT $1, * FROM unnest($2::uuid[], $3::bytea[])
         ON CONFLICT ON CONSTRAINT data_keys_pk DO NOTHING`,
};
const FIND: Statement = {
  name: 'find_data_keys',
  text: `SELECT id, wrapped_key FROM key_store.data_keys WHERE programme_id = $1 AND id = ANY ($2) AND wrapped_key IS NOT NULL`,
};
const DESTROY: Statement = {
  name: 'destroy_data_keys',
  // Also of a key that is not there: a store that was restored does not get it back, either.
  text: `INSERT INTO key_store.data_keys AS k (programme_id, id, destroyed_at) SELECT $1, id, clock_timestamp() FROM unnest($2::uuid[]) AS id
         ON CONFLICT ON CONSTRAINT data_keys_pk DO UPDATE SET wrapped_key = NULL, destroyed_at = excluded.destroyed_at
           WHERE k.destroyed_at IS NULL`,
};
const SWEPT: Statement = {
  name: 'data_keys_swept',
  text: 'SELECT through FROM key_store.swept WHERE programme_id = $1',
};
const UNSWEPT: Statement = {
  name: 'data_keys_to_sweep',
  text: `SELECT id FROM key_store.data_keys WHERE programme_id = $1 AND id > $2 AND destroyed_at IS NULL
           AND kept_at < now() - interval '1 hour' ORDER BY id LIMIT $3`,
};
const SWEEP: Statement = {
  name: 'sweep_data_keys',
  text: `INSERT INTO key_store.swept (programme_id, through) VALUES ($1, $2)
         ON CONFLICT ON CONSTRAINT swept_pk DO UPDATE SET through = excluded.through`,
};
const SWEEP_ANEW: Statement = {
  name: 'sweep_data_keys_anew',
  text: 'DELETE FROM key_store.swept WHERE programme_id = $1',
};
const IDENTITY: Statement = { name: 'key_store_identity', text: 'SELECT id, reached FROM key_store.identity' };
const REACH: Statement = {
  name: 'key_store_reach',
  text: 'UPDATE key_store.identity SET reached = $1 WHERE reached < $1',
};
const APPLIED: Statement = {
  name: 'applied_key_migrations',
  text: 'SELECT key_store.applied_migrations() AS applied',
};

const FIRST = '00000000-0000-0000-0000-000000000000';

/** The data keys of values in a database of their own, which a backup of the values does not hold. */
export class DataKeys {
  private constructor(private readonly database: Database) {}

  /** Nothing is asked of the database yet. */
  static async connect(url: string, connections: number): Promise<DataKeys> {
    return new DataKeys(await Database.connect({ url, connections, entities: [] }));
  }

  /** How many migrations its database has seen. Rejects when it is away, or has seen none. */
  async appliedMigrations(): Promise<number> {
    return (await this.database.query<{ applied: number }>(APPLIED))[0]?.applied ?? 0;
  }

  /** Keeps keys, each under the version of its value, and commits: the values may follow. */
  async keep(programmeId: string, keys: { version: string; wrappedKey: Buffer }[]): Promise<void> {
    const ids = keys.map(({ version }) => version);
    const wrapped = keys.map(({ wrappedKey }) => wrappedKey);
    await this.database.inProgramme(programmeId, (tx) => tx.query(KEEP, [programmeId, ids, wrapped]));
  }

  /** By version; those that were destroyed or never there are absent. */
  async find(programmeId: string, versions: string[]): Promise<Map<string, Buffer>> {
    const rows = await this.database.inProgramme(programmeId, (tx) =>
      tx.query<{ id: string; wrapped_key: Buffer }>(FIND, [programmeId, versions]),
    );
    return new Map(rows.map((row) => [row.id, row.wrapped_key]));
  }

  async destroy(programmeId: string, versions: string[]): Promise<void> {
    await this.database.inProgramme(programmeId, (tx) => tx.query(DESTROY, [programmeId, versions]));
  }

  /** Versions whose keys are there, were kept an hour ago or longer and were not swept yet, in their order. */
  async unswept(programmeId: string, limit: number): Promise<string[]> {
    return this.database.inProgramme(programmeId, async (tx) => {
      const [swept] = await tx.query<{ through: string }>(SWEPT, [programmeId]);
      const rows = await tx.query<{ id: string }>(UNSWEPT, [programmeId, swept?.through ?? FIRST, limit]);
      return rows.map(({ id }) => id);
    });
  }

  async sweepTo(programmeId: string, through: string): Promise<void> {
    await this.database.inProgramme(programmeId, (tx) => tx.query(SWEEP, [programmeId, through]));
  }

  /** All keys are to be looked at again: the values are others than they were. */
  async sweepAnew(programmeId: string): Promise<void> {
    await this.database.inProgramme(programmeId, (tx) => tx.query(SWEEP_ANEW, [programmeId]));
  }

  /** Which store this is, and how far the database of the values had come when it last said so. */
  async identity(): Promise<{ id: string; reached: bigint }> {
    const [row] = await this.database.query<{ id: string; reached: string }>(IDENTITY);
    if (!row) throw new Error('The key store has no identity');
    return { id: row.id, reached: BigInt(row.reached) };
  }

  /** The database of the values has come so far. */
  async reach(transaction: bigint): Promise<void> {
    await this.database.query(REACH, [transaction.toString()]);
  }

  close(): Promise<void> {
    return this.database.close();
  }
}
