import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';
import { lookAtHistory, SEALED_AT_FIRST } from './sealed-history';

/**
 * Transfers, shares with their consents, the events of consents and disclosures are sealed in a chain of hashes, one a
 * programme (ADR 10): by the worker, after they were written, so that whoever writes them pays for one number and one entry
 * at the end of an index.
 */
export class SealHistory1764000000011 implements MigrationInterface {
  name = 'SealHistory1764000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NUMBERS);
    for (const table of Object.keys(SEALED_AT_FIRST)) {
      // The default is not volatile, so no table is written anew: what was there counts as written by this migration. The
      // index grows at its end, and holds a transaction's rows as one list. It is partial, though nothing is left out, so that
      // only who asks by number can use it: the planner, before the first ANALYZE, takes it for as good as a primary key.
      await runner.query(`
        ALTER TABLE ${table} ADD COLUMN written_in bigint NOT NULL DEFAULT transaction_number();
        CREATE INDEX ${table}_written_in ON ${table} (programme_id, written_in) WHERE written_in IS NOT NULL;`);
    }
    await runner.query(CIPHERTEXTS);
    await runner.query(CHAIN);
    await runner.query(LOOKUP);
    await publishInvariants(runner, { i15_ended_is_ended: ENDED_IS_ENDED });
  }

  async down(): Promise<void> {
    throw new Error('A seal is not broken: restore a backup instead.');
  }
}

const NUMBERS = `
  -- Where the numbers of this cluster's transactions begin. 0, until the database is restored into a cluster that counts
  -- from lower: continue_history() then puts a higher number here, so that what is written from then on comes after. STABLE,
  -- though it is a constant: of one that is called immutable, prepared statements would keep the value.
  CREATE FUNCTION history_offset() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE RETURN 0::bigint;

  -- The number of the transaction at hand, in which it writes; and that below which every transaction has ended, so that
  -- what it wrote is there to be seen or never will be. Both are inlined: an INSERT does not pay for a call.
  CREATE FUNCTION transaction_number() RETURNS bigint LANGUAGE sql STABLE
    RETURN pg_current_xact_id()::text::bigint + history_offset();
  CREATE FUNCTION transactions_ended() RETURNS bigint LANGUAGE sql STABLE
    RETURN pg_snapshot_xmin(pg_current_snapshot())::text::bigint + history_offset();
  -- No transaction has had this number or a higher one.
  CREATE FUNCTION transactions_to_come() RETURNS bigint LANGUAGE sql STABLE
    RETURN pg_snapshot_xmax(pg_current_snapshot())::text::bigint + history_offset();`;

const CIPHERTEXTS = `
  -- What was stored for a share: for each value its version (16 bytes) and the SHA-256 of its ciphertext (32), one after
  -- the other. It stays when the value is erased, and gives nothing of it away.
  ALTER TABLE shares ADD COLUMN ciphertexts bytea NOT NULL DEFAULT ''
    CONSTRAINT shares_ciphertexts_form CHECK (octet_length(ciphertexts) % 48 = 0);`;

const CHAIN = `
  -- A block covers what a programme's transactions with numbers from .. to (exclusive) wrote in the sealed tables. One
  -- transaction that wrote too much for a block is covered in parts: then from_within and to_within say after which row,
  -- and up to which, of which table ({"table", "key"}). Its hash is over its header, the hash before it and the digests
  -- of its leaves; the checkpoint is its signature (JWS).
  CREATE TABLE chain_blocks (
    programme_id uuid NOT NULL CONSTRAINT chain_blocks_programme_fk REFERENCES programmes,
    number bigint NOT NULL CONSTRAINT chain_blocks_from_one CHECK (number >= 1),
    from_transaction bigint NOT NULL,
    from_within jsonb,
    to_transaction bigint NOT NULL,
    to_within jsonb,
    previous_hash bytea NOT NULL CONSTRAINT chain_blocks_previous_sha256 CHECK (octet_length(previous_hash) = 32),
    hash bytea NOT NULL CONSTRAINT chain_blocks_sha256 CHECK (octet_length(hash) = 32),
    rows integer NOT NULL,
    sealed_at timestamptz NOT NULL,
    checkpoint text NOT NULL,
    CONSTRAINT chain_blocks_pk PRIMARY KEY (programme_id, number),
    CONSTRAINT chain_blocks_forward CHECK (to_transaction >= from_transaction)
  );
  CALL keep_tenants_apart('chain_blocks');
  CALL keep_forever('chain_blocks');
  GRANT SELECT, INSERT ON chain_blocks TO gegenwert_app;

  -- Key and hash of each row that a block covers, by table: so that it can be said which one was changed. Written in one
  -- piece, in the order of the keys, and not compressed: hashes cannot be.
  CREATE TABLE chain_leaves (
    programme_id uuid NOT NULL,
    number bigint NOT NULL,
    of_table text NOT NULL CONSTRAINT chain_leaves_table_known
      CHECK (of_table IN ('transfers', 'shares', 'consents', 'consent_events', 'disclosures')),
    keys bytea[] NOT NULL,
    hashes bytea[] NOT NULL,
    digest bytea NOT NULL CONSTRAINT chain_leaves_sha256 CHECK (octet_length(digest) = 32),
    CONSTRAINT chain_leaves_pk PRIMARY KEY (programme_id, number, of_table),
    CONSTRAINT chain_leaves_block_fk FOREIGN KEY (programme_id, number) REFERENCES chain_blocks DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT chain_leaves_in_pairs CHECK (cardinality(keys) > 0 AND cardinality(keys) = cardinality(hashes))
  );
  ALTER TABLE chain_leaves ALTER COLUMN keys SET STORAGE EXTERNAL, ALTER COLUMN hashes SET STORAGE EXTERNAL;
  CALL keep_tenants_apart('chain_leaves');
  CALL keep_forever('chain_leaves');
  GRANT SELECT, INSERT ON chain_leaves TO gegenwert_app;

  -- How far a programme's chain has come. Whoever seals holds its row: one at a time.
  CREATE TABLE chain_heads (
    programme_id uuid CONSTRAINT chain_heads_pk PRIMARY KEY CONSTRAINT chain_heads_programme_fk REFERENCES programmes,
    number bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    to_transaction bigint NOT NULL DEFAULT 0,
    to_within jsonb
  ) WITH (fillfactor = 50);
  CALL keep_tenants_apart('chain_heads');
  GRANT SELECT, INSERT, UPDATE (number, hash, to_transaction, to_within) ON chain_heads TO gegenwert_app;
  CREATE TRIGGER chain_heads_forward BEFORE UPDATE ON chain_heads FOR EACH ROW
    WHEN (NEW.number <> OLD.number + 1 OR NEW.to_transaction < OLD.to_transaction) EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER chain_heads_stay BEFORE DELETE OR TRUNCATE ON chain_heads FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();`;

const LOOKUP = `
  -- Whoever verifies needs the public halves.
  GRANT SELECT (kid, public_jwk) ON signing_keys TO gegenwert_audit;

  CREATE POLICY lookup ON transfers FOR SELECT TO gegenwert_lookup USING (true);
  CREATE POLICY lookup ON shares FOR SELECT TO gegenwert_lookup USING (true);
  CREATE POLICY lookup ON consent_events FOR SELECT TO gegenwert_lookup USING (true);
  CREATE POLICY lookup ON disclosures FOR SELECT TO gegenwert_lookup USING (true);
  CREATE POLICY lookup ON chain_heads FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT (programme_id, written_in, booked_at) ON transfers TO gegenwert_lookup;
  GRANT SELECT (programme_id, written_in, accepted_at) ON shares TO gegenwert_lookup;
  GRANT SELECT (programme_id, written_in, at) ON consent_events, disclosures TO gegenwert_lookup;
  GRANT SELECT ON chain_heads TO gegenwert_lookup;

  ${lookAtHistory(SEALED_AT_FIRST)}
  ${handToLookup('unsealed_programmes()', 'history_reached()')}

  -- A cluster into which a database was restored counts its transactions from the beginning, below what was sealed. This
  -- goes on after what was written, and says whether it had to. Of the owner, because it replaces a function.
  CREATE FUNCTION continue_history() RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  DECLARE
    reached bigint;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gegenwert history', 0));
    reached := public.history_reached();
    IF reached < public.transactions_to_come() THEN RETURN false; END IF;
    EXECUTE format('CREATE OR REPLACE FUNCTION public.history_offset() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE RETURN %s::bigint', reached + 1);
    RETURN true;
  END $$;
  REVOKE ALL ON FUNCTION continue_history() FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION continue_history() TO gegenwert_app;
  DO $$ BEGIN EXECUTE format('GRANT EXECUTE ON FUNCTION history_reached() TO %I', current_user); END $$;`;

// 15: what ended stays ended, and nothing that is said of a consent differs from its events.
const ENDED_IS_ENDED = `
  SELECT c.programme_id, 'consent that ended counts as ' || c.status AS broken, c.id::text AS what
    FROM consent_events e CROSS JOIN LATERAL unnest(e.consents) AS ended(id)
    JOIN consents c ON c.programme_id = e.programme_id AND c.customer_id = e.customer_id AND c.id = ended.id
   WHERE e.event <> 'given' AND (c.status <> e.event OR c.ended_at IS DISTINCT FROM e.at
      OR c.revocation_id IS DISTINCT FROM e.revocation_id)`;
