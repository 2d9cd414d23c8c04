import { MigrationInterface, QueryRunner } from 'typeorm';
import { KEY_STORE } from '../key-store';

/** The key store in a database of its own, which has a migration path of its own. */
export class FoundKeyStore1764000000001 implements MigrationInterface {
  name = 'FoundKeyStore1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ROLE);
    await runner.query(KEY_STORE);
    await runner.query(BESIDE);
  }

  async down(): Promise<void> {
    throw new Error('Keys are not thrown away by a migration.');
  }
}

const ROLE = `
  DO $$
  BEGIN
    -- Roles belong to the cluster: databases that are migrated side by side must not trip over each other.
    PERFORM pg_advisory_xact_lock(hashtextextended('gegenwert roles', 0));
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gegenwert_app') THEN
      BEGIN
        CREATE ROLE gegenwert_app NOLOGIN;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
    BEGIN
      GRANT gegenwert_app TO CURRENT_USER;
    EXCEPTION WHEN insufficient_privilege THEN
      IF NOT pg_has_role(current_user, 'gegenwert_app', 'MEMBER') THEN RAISE; END IF;
    END;
  END $$;`;

const BESIDE = `
  -- By the clock of this database: those of the processes that keep keys, and of the one that sweeps, may differ by days.
  ALTER TABLE key_store.data_keys ADD COLUMN kept_at timestamptz NOT NULL DEFAULT now();

  -- Which store this is: the database of the values writes it down, and takes no other.
  CREATE TABLE key_store.identity (
    one boolean NOT NULL DEFAULT true CONSTRAINT identity_pk PRIMARY KEY CONSTRAINT identity_one CHECK (one),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    -- How far the transactions of the values' database had come when it was last heard of: one that has not come so far is an
    -- older one.
    reached bigint NOT NULL DEFAULT 0
  );
  INSERT INTO key_store.identity DEFAULT VALUES;
  GRANT SELECT, UPDATE (reached) ON key_store.identity TO gegenwert_app;

  -- Up to which version, in their order, it was seen that every key has its value.
  CREATE TABLE key_store.swept (
    programme_id uuid CONSTRAINT swept_pk PRIMARY KEY,
    through uuid NOT NULL
  );
  ALTER TABLE key_store.swept ENABLE ROW LEVEL SECURITY;
  ALTER TABLE key_store.swept FORCE ROW LEVEL SECURITY;
  CREATE POLICY one_programme ON key_store.swept TO gegenwert_app
    USING (programme_id = (SELECT current_setting('gegenwert.programme')::uuid));
  GRANT SELECT, INSERT, UPDATE (through), DELETE ON key_store.swept TO gegenwert_app;

  CREATE FUNCTION key_store.applied_migrations() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$ SELECT count(*)::int FROM migrations $$;
  GRANT EXECUTE ON FUNCTION key_store.applied_migrations() TO gegenwert_app;`;
