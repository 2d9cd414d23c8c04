import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';
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
    await runner.query(REWRAP);
    await runner.query(HOME);
    await publishInvariants(runner, VIEWS);
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
  -- not enough, since a transaction that began earlier may commit later. It is the way to the key, so that one index does for both.
  ALTER TABLE erasure_journal ADD COLUMN written_in bigint NOT NULL DEFAULT transaction_number();
  ALTER TABLE erasure_journal DROP CONSTRAINT erasure_journal_pk,
    ADD CONSTRAINT erasure_journal_pk PRIMARY KEY (programme_id, written_in, sequence);

  -- A pause stops use as a revocation does, and is copied away as well: as it is after the transaction that began or ended it.
  ALTER TABLE pauses ADD COLUMN changed_in bigint NOT NULL DEFAULT transaction_number();
  CREATE INDEX pauses_changed_in ON pauses (programme_id, changed_in, id);
  GRANT UPDATE (changed_in) ON pauses TO gegenwert_app;

  -- Customers and revocations are never deleted, and one statement writes the journal, from both: to ask for them again, row by
  -- row, was three quarters of an erasure's time. A view says what the keys did.
  ALTER TABLE erasure_journal DROP CONSTRAINT erasure_journal_customer_fk, DROP CONSTRAINT erasure_journal_revocation_fk;`;

const REWRAP = `
  -- What the KEK wraps is wrapped anew by another one.
  GRANT UPDATE (wrapped_key) ON programmes TO gegenwert_app;
  GRANT UPDATE (wrapped_private) ON signing_keys TO gegenwert_app;

  -- What keys of the service itself come from, of no programme. Not from the KEK, which changes.
  CREATE TABLE service_secret (
    one boolean NOT NULL DEFAULT true CONSTRAINT service_secret_pk PRIMARY KEY CONSTRAINT service_secret_one CHECK (one),
    wrapped bytea NOT NULL
  );
  GRANT SELECT, INSERT, UPDATE (wrapped) ON service_secret TO gegenwert_app;

  CREATE FUNCTION programmes_to_rewrap(prefix bytea, at_most integer) RETURNS TABLE (programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 100 AS $$
      SELECT p.id FROM programmes p WHERE substring(p.wrapped_key FROM 1 FOR octet_length(prefix)) <> prefix ORDER BY p.id LIMIT at_most
    $$;
  ${handToLookup('programmes_to_rewrap(bytea, integer)')}`;

const HOME = `
  -- Where this database was when it was last in use. One that finds itself elsewhere, or behind what its key store knows of, has
  -- been restored: it is closed until the journal of what was erased since has been replayed. Of no programme.
  CREATE TABLE home (
    one boolean NOT NULL DEFAULT true CONSTRAINT home_pk PRIMARY KEY CONSTRAINT home_one CHECK (one),
    place text NOT NULL,
    -- Of an embedded cluster: which files these are.
    files text,
    -- Where the keys lie apart: in which store.
    key_store uuid,
    closed_at timestamptz,
    why text,
    -- How far it had come when it was restored: where the journal must begin, or before.
    reached bigint,
    -- When it was opened again: what was released after the backup had been made is not in it.
    opened_at timestamptz,
    CONSTRAINT home_closed_why CHECK ((closed_at IS NULL) = (why IS NULL))
  );
  GRANT SELECT ON home TO gegenwert_app;

  -- Cluster, database and timeline: a dump is restored into another one of the first two, and a backup with the log played
  -- back goes on in a timeline of its own, as a standby that takes over does.
  CREATE FUNCTION database_place() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT s.system_identifier || '/' || d.oid || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
      FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
  $$;

  -- Every process says so before it does anything. Answers why the database is closed, or null, and whether its transactions had
  -- to be counted on (ADR 10). reached: how far the key store knows this database to have come.
  CREATE FUNCTION come_home(of_files text, of_key_store uuid, reached bigint) RETURNS TABLE (closed text, continued boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  DECLARE
    known public.home;
    here text := public.database_place();
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gegenwert home', 0));
    continued := public.continue_history();
    SELECT * INTO known FROM public.home;
    IF known.one IS NULL THEN
      INSERT INTO public.home (place, files, key_store) VALUES (here, of_files, of_key_store) RETURNING * INTO known;
    END IF;
    IF known.key_store IS NOT NULL AND known.key_store IS DISTINCT FROM of_key_store THEN
      RAISE EXCEPTION 'the keys of these values lie in another store' USING ERRCODE = 'GW001';
    END IF;
    closed := CASE
      WHEN known.closed_at IS NOT NULL THEN known.why
      WHEN known.key_store IS NOT NULL AND reached > public.transactions_to_come()
        THEN 'the key store knows of later transactions than there are here'
      WHEN rtrim(known.place, '0123456789ABCDEF') <> rtrim(here, '0123456789ABCDEF') THEN 'it was restored into another cluster or database'
      -- A standby that took over has lost nothing that the key store knew of.
      WHEN known.place <> here AND known.key_store IS NULL THEN 'it goes on in another timeline, as after a restore or a failover'
      WHEN known.files <> of_files THEN 'its files are not those that it had'
      WHEN continued THEN 'its transactions are counted anew' END;
    IF closed IS NOT NULL THEN
      -- Recipients ask for the notices after the last that they have: those to come are numbered above any that were lost. By the
      -- microsecond of now, since a second restoration, of the same backup or of one made while it was closed, knows nothing of
      -- what was numbered after the first.
      PERFORM setval('public.revocation_notices_sequence_seq',
        greatest(nextval('public.revocation_notices_sequence_seq') + 1000000, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint));
    END IF;
    UPDATE public.home SET closed_at = CASE WHEN closed IS NOT NULL THEN coalesce(closed_at, clock_timestamp()) END, why = closed,
      reached = CASE WHEN closed IS NOT NULL THEN coalesce(known.reached, public.history_reached() + 1) END,
      place = CASE WHEN closed IS NULL THEN here ELSE place END, files = CASE WHEN closed IS NULL THEN coalesce(of_files, files) ELSE files END,
      key_store = coalesce(key_store, of_key_store)
     WHERE (closed IS DISTINCT FROM known.why OR known.place <> here OR of_files IS DISTINCT FROM coalesce(known.files, of_files)
        OR known.files IS DISTINCT FROM coalesce(of_files, known.files) OR known.key_store IS DISTINCT FROM coalesce(known.key_store, of_key_store));
    RETURN NEXT;
  END $$;

  -- What was erased since is erased again: it is at home here. What is written from now on comes after all that the journal knew.
  CREATE FUNCTION open_home(of_files text, after bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gegenwert history', 0));
    IF after >= public.transactions_to_come() THEN
      EXECUTE format('CREATE OR REPLACE FUNCTION public.history_offset() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE RETURN %s::bigint', after + 1);
    END IF;
    UPDATE public.home SET place = public.database_place(), files = coalesce(of_files, files),
      opened_at = CASE WHEN closed_at IS NULL THEN opened_at ELSE clock_timestamp() END, closed_at = NULL, why = NULL, reached = NULL;
  END $$;
  DO $$ DECLARE f text; BEGIN
    FOREACH f IN ARRAY ARRAY['come_home(text, uuid, bigint)', 'open_home(text, bigint)'] LOOP
      EXECUTE 'REVOKE ALL ON FUNCTION ' || f || ' FROM PUBLIC';
      EXECUTE 'GRANT EXECUTE ON FUNCTION ' || f || ' TO gegenwert_app';
    END LOOP;
  END $$;`;

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
