import { MigrationInterface, QueryRunner } from 'typeorm';
import { KEY_STORE } from './key-store';

/**
 * Each value's data key moves into a store of its own, and its destruction leaves a tombstone (ADR 16): a ciphertext that comes
 * back, from a backup say, finds no key beside it.
 */
export class KeepKeysApart1764000000016 implements MigrationInterface {
  name = 'KeepKeysApart1764000000016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(KEY_STORE);
    await runner.query(MOVE);
    await runner.query(OWED);
    await runner.query(JOURNAL);
    for (const [name, select] of Object.entries(VIEWS)) {
      await runner.query(`GRANT CREATE ON SCHEMA invariants TO gegenwert_audit;
        CREATE OR REPLACE VIEW invariants.${name} AS ${select}; ALTER VIEW invariants.${name} OWNER TO gegenwert_audit;
        REVOKE CREATE ON SCHEMA invariants FROM gegenwert_audit`);
    }
  }

  async down(): Promise<void> {
    throw new Error('Destroyed keys do not come back.');
  }
}

// Row-level security is forced on the owner as well, who is of no programme: it rests while rows move.
const MOVE = `
  ALTER TABLE vault_values NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE erasure_journal NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE key_store.data_keys NO FORCE ROW LEVEL SECURITY;
  INSERT INTO key_store.data_keys (programme_id, id, wrapped_key) SELECT programme_id, version, wrapped_key FROM vault_values;
  INSERT INTO key_store.data_keys (programme_id, id, destroyed_at)
    SELECT programme_id, version, min(erased_at) FROM erasure_journal GROUP BY programme_id, version ON CONFLICT DO NOTHING;
  ALTER TABLE key_store.data_keys FORCE ROW LEVEL SECURITY;
  ALTER TABLE erasure_journal FORCE ROW LEVEL SECURITY;
  ALTER TABLE vault_values FORCE ROW LEVEL SECURITY;
  ALTER TABLE vault_values DROP COLUMN wrapped_key;

  -- Whoever audits sees which keys are destroyed, and no key.
  GRANT USAGE ON SCHEMA key_store TO gegenwert_audit;
  CREATE POLICY audit ON key_store.data_keys FOR SELECT TO gegenwert_audit USING (true);
  GRANT SELECT (programme_id, id, destroyed_at) ON key_store.data_keys TO gegenwert_audit;`;

// A key that lies in another database is destroyed after the erasure has committed, and owed until then. Added to what can be
// owed, whatever that is by now.
const OWED = `
  DO $$ DECLARE topics text; BEGIN
    SELECT replace(pg_get_constraintdef(oid), 'ARRAY[', 'ARRAY[''key''::text, ') INTO STRICT topics
      FROM pg_constraint WHERE conrelid = 'outbox'::regclass AND conname = 'outbox_topic_known';
    EXECUTE 'ALTER TABLE outbox DROP CONSTRAINT outbox_topic_known, ADD CONSTRAINT outbox_topic_known ' || topics;
  END $$;`;

const JOURNAL = `
  -- Without a revocation: a newer version took its place. When it was written is what the journal is copied away by: a time is
  -- not enough, since a transaction that began earlier may commit later.
  ALTER TABLE erasure_journal ADD COLUMN written_in bigint NOT NULL DEFAULT transaction_number();
  CREATE INDEX erasure_journal_written_in ON erasure_journal (programme_id, written_in) WHERE written_in IS NOT NULL;

  -- Customers and revocations are never deleted, and one statement writes the journal, from both: to ask for them again, row by
  -- row, was three quarters of an erasure's time. A view says what the keys did.
  ALTER TABLE erasure_journal DROP CONSTRAINT erasure_journal_customer_fk, DROP CONSTRAINT erasure_journal_revocation_fk;`;

const VIEWS: Record<string, string> = {
  // 10: of a value that is gone the key is destroyed, and of one that is there it is not.
  i10_keys_destroyed: `
    SELECT j.programme_id, 'erased, its key is not destroyed' AS broken, j.version::text AS what
      FROM erasure_journal j JOIN key_store.data_keys k ON k.programme_id = j.programme_id AND k.id = j.version
     WHERE k.destroyed_at IS NULL
    UNION ALL
    SELECT v.programme_id, 'value whose key was destroyed', v.version::text
      FROM vault_values v JOIN key_store.data_keys k ON k.programme_id = v.programme_id AND k.id = v.version
     WHERE k.destroyed_at IS NOT NULL
    UNION ALL
    SELECT k.programme_id, 'key of a value that is not there', k.id::text
      FROM key_store.data_keys k LEFT JOIN vault_values v ON v.programme_id = k.programme_id AND v.version = k.id
     WHERE k.destroyed_at IS NULL AND v.version IS NULL`,
  i10_journal_of_someone: `
    SELECT j.programme_id, 'erased for no one' AS broken, j.version::text AS what
      FROM erasure_journal j LEFT JOIN customers c ON c.programme_id = j.programme_id AND c.id = j.customer_id
     WHERE c.id IS NULL
    UNION ALL
    SELECT j.programme_id, 'erased by no revocation', j.version::text
      FROM erasure_journal j LEFT JOIN revocations r
        ON r.programme_id = j.programme_id AND r.id = j.revocation_id AND r.customer_id = j.customer_id
     WHERE j.revocation_id IS NOT NULL AND r.id IS NULL`,
  i13_tenants_never_meet: `
    SELECT t.programme_id, 'transfer between programmes' AS broken, t.id::text AS what
      FROM transfers t JOIN accounts d ON d.id = t.debit_account JOIN accounts c ON c.id = t.credit_account
     WHERE d.programme_id <> t.programme_id OR c.programme_id <> t.programme_id
    UNION ALL
    SELECT NULL, 'table without forced row-level security', c.oid::regclass::text
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'programme_id' AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, 'key_store'::regnamespace)
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
};
