import { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The exchange: customers, shares, consents with their history, the vault, awards and what is owed.
 * Keys begin with (programme, customer) wherever a customer's own rows are meant: the customer is the unit of locking.
 */
export class ExchangeValues1764000000003 implements MigrationInterface {
  name = 'ExchangeValues1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE customers (
        programme_id uuid NOT NULL CONSTRAINT customers_programme_fk REFERENCES programmes,
        id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        ref text CONSTRAINT customers_ref_form CHECK (ref ~ '^[A-Za-z0-9._:@|-]{1,128}$'),
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT customers_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT customers_ref_unique UNIQUE (programme_id, ref)
      );
      CALL keep_tenants_apart('customers');
      GRANT SELECT, INSERT, UPDATE (ref) ON customers TO gegenwert_app;

      -- What share, correction, erasure and revocation hold exclusively, and a release shared, until they commit.
      -- Of the reference, not the id: a customer must be locked before there is a row for them.
      CREATE FUNCTION customer_lock(programme uuid, ref text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT hashtextextended(programme::text || ref, 0) $$;

      CREATE TABLE shares (
        programme_id uuid NOT NULL,
        customer_id bigint NOT NULL,
        id uuid NOT NULL,
        offer_id uuid NOT NULL,
        offer_version integer NOT NULL,
        notice_id uuid NOT NULL,
        channel text NOT NULL,
        -- 'attribute:purpose' that was asked and not granted: the refusal is kept.
        refused text[] NOT NULL,
        -- Which key signs the receipt. Ed25519 signs deterministically, so the receipt itself follows from the row.
        receipt_kid text NOT NULL,
        accepted_at timestamptz NOT NULL,
        CONSTRAINT shares_pk PRIMARY KEY (programme_id, customer_id, id),
        CONSTRAINT shares_id_unique UNIQUE (programme_id, id),
        CONSTRAINT shares_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
        -- The notice that was shown is one of this version: the version is there as well, by the notice's own key.
        CONSTRAINT shares_notice_of_version_fk FOREIGN KEY (programme_id, notice_id, offer_id, offer_version)
          REFERENCES notices (programme_id, id, offer_id, offer_version)
      );
      CALL keep_tenants_apart('shares');
      CALL keep_forever('shares');
      GRANT SELECT, INSERT ON shares TO gegenwert_app;

      CREATE TABLE consents (
        programme_id uuid NOT NULL,
        customer_id bigint NOT NULL,
        share_id uuid NOT NULL,
        attribute catalogue_key NOT NULL,
        purpose catalogue_key NOT NULL,
        id uuid NOT NULL,
        -- Who the customer was told would get it: a recipient that registers later is not covered.
        recipients uuid[] NOT NULL,
        status text NOT NULL DEFAULT 'active'
          CONSTRAINT consents_status_known CHECK (status IN ('active', 'withdrawn', 'expired', 'superseded')),
        given_at timestamptz NOT NULL,
        until timestamptz NOT NULL,
        ended_at timestamptz,
        revocation_id uuid,
        CONSTRAINT consents_pk PRIMARY KEY (programme_id, customer_id, share_id, attribute, purpose),
        CONSTRAINT consents_share_fk FOREIGN KEY (programme_id, customer_id, share_id) REFERENCES shares,
        CONSTRAINT consents_ended_when CHECK ((status = 'active') = (ended_at IS NULL)),
        CONSTRAINT consents_ended_by CHECK (status <> 'active' OR revocation_id IS NULL)
      );
      -- A consent ends once: nothing brings one back, only a new share gives a new one.
      CREATE TRIGGER consents_end_once BEFORE UPDATE ON consents
        FOR EACH ROW WHEN (OLD.status <> 'active' OR NEW.status = 'active') EXECUTE FUNCTION refuse_change();
      CREATE TRIGGER consents_stay BEFORE DELETE OR TRUNCATE ON consents
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
      CALL keep_tenants_apart('consents');
      GRANT SELECT, INSERT, UPDATE (status, ended_at, revocation_id) ON consents TO gegenwert_app;

      -- One row an act of the customer (or of the retention), over the consents it gave or ended; the identity decides the order.
      CREATE TABLE consent_events (
        programme_id uuid NOT NULL,
        customer_id bigint NOT NULL,
        sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        event text NOT NULL CONSTRAINT consent_events_known CHECK (event IN ('given', 'withdrawn', 'expired', 'superseded')),
        share_id uuid,
        revocation_id uuid,
        consents uuid[] NOT NULL CONSTRAINT consent_events_some CHECK (cardinality(consents) > 0),
        at timestamptz NOT NULL,
        CONSTRAINT consent_events_pk PRIMARY KEY (programme_id, customer_id, sequence),
        CONSTRAINT consent_events_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
        CONSTRAINT consent_events_cause CHECK ((event = 'given') = (share_id IS NOT NULL))
      );
      CALL keep_tenants_apart('consent_events');
      CALL keep_forever('consent_events');
      GRANT SELECT, INSERT ON consent_events TO gegenwert_app;

      -- One current value a customer and attribute. Row, ciphertext and data key go together: deleting it destroys all three.
      CREATE TABLE vault_values (
        programme_id uuid NOT NULL,
        customer_id bigint NOT NULL,
        attribute catalogue_key NOT NULL,
        version uuid NOT NULL,
        ciphertext bytea NOT NULL,
        wrapped_key bytea NOT NULL,
        stored_at timestamptz NOT NULL,
        CONSTRAINT vault_values_pk PRIMARY KEY (programme_id, customer_id, attribute),
        CONSTRAINT vault_values_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers
      );
      CALL keep_tenants_apart('vault_values');
      GRANT SELECT, INSERT, DELETE, UPDATE (version, ciphertext, wrapped_key, stored_at) ON vault_values TO gegenwert_app;

      CREATE TABLE erasure_journal (
        programme_id uuid NOT NULL,
        sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        customer_id bigint NOT NULL,
        attribute catalogue_key NOT NULL,
        version uuid NOT NULL,
        revocation_id uuid,
        erased_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT erasure_journal_pk PRIMARY KEY (programme_id, sequence),
        CONSTRAINT erasure_journal_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers
      );
      CREATE INDEX erasure_journal_by_revocation ON erasure_journal (programme_id, revocation_id);
      CALL keep_tenants_apart('erasure_journal');
      CALL keep_forever('erasure_journal');
      GRANT SELECT, INSERT ON erasure_journal TO gegenwert_app;

      -- That a customer earned from an offer, by keyed hash: it outlives the customer's reference, and ends.
      CREATE TABLE earned_marks (
        programme_id uuid NOT NULL,
        mark bytea NOT NULL,
        earned_at timestamptz[] NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT earned_marks_pk PRIMARY KEY (programme_id, mark)
      );
      CALL keep_tenants_apart('earned_marks');
      GRANT SELECT, INSERT, DELETE, UPDATE (earned_at, expires_at) ON earned_marks TO gegenwert_app;

      -- The promise, fixed at the share. An award of a share has the share's own uuid, so that the primary key says
      -- "one award a share", and that of transfers "one transfer an award".
      CREATE TABLE awards (
        programme_id uuid NOT NULL,
        id uuid NOT NULL,
        customer_id bigint NOT NULL,
        share_id uuid CONSTRAINT awards_of_share CHECK (share_id = id),
        kind text NOT NULL CONSTRAINT awards_kind_known CHECK (kind IN ('points', 'discount', 'none')),
        points bigint CONSTRAINT awards_points_positive CHECK (points BETWEEN 1 AND 1000000000),
        expires_on date,
        discount jsonb,
        why text CONSTRAINT awards_why_known CHECK (why IN ('cool-off')),
        promised_at timestamptz NOT NULL,
        CONSTRAINT awards_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT awards_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
        CONSTRAINT awards_share_fk FOREIGN KEY (programme_id, customer_id, share_id) REFERENCES shares,
        CONSTRAINT awards_shape CHECK (CASE kind
          WHEN 'points' THEN points IS NOT NULL AND discount IS NULL AND why IS NULL
          WHEN 'discount' THEN points IS NULL AND discount IS NOT NULL AND why IS NULL
          ELSE points IS NULL AND discount IS NULL AND why IS NOT NULL END)
      );
      CALL keep_tenants_apart('awards');
      CALL keep_forever('awards');
      GRANT SELECT, INSERT ON awards TO gegenwert_app;

      -- What is owed, and only that: a row goes in the transaction that does the work. Autovacuum keeps up with the churn.
      CREATE TABLE outbox (
        programme_id uuid NOT NULL,
        topic text NOT NULL CONSTRAINT outbox_topic_known CHECK (topic IN ('points', 'discount', 'erasure')),
        id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT outbox_pk PRIMARY KEY (programme_id, topic, id)
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);
      CALL keep_tenants_apart('outbox');
      CREATE POLICY lookup ON outbox FOR SELECT TO gegenwert_lookup USING (true);
      GRANT SELECT, INSERT, DELETE, UPDATE ON outbox TO gegenwert_app;
      GRANT SELECT ON outbox TO gegenwert_lookup;

      -- Who is owed work, a skip scan: its cost grows with the programmes that are owed, not with what they are owed.
      CREATE FUNCTION programmes_owed() RETURNS TABLE (programme_id uuid, topic text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
          WITH RECURSIVE owed AS (
            (SELECT o.programme_id, o.topic FROM outbox o ORDER BY o.programme_id, o.topic LIMIT 1)
            UNION ALL
            SELECT n.programme_id, n.topic FROM owed, LATERAL (
              SELECT o.programme_id, o.topic FROM outbox o
               WHERE (o.programme_id, o.topic) > (owed.programme_id, owed.topic)
               ORDER BY o.programme_id, o.topic LIMIT 1) n
          )
          SELECT owed.programme_id, owed.topic FROM owed
        $$;
      CREATE FUNCTION outbox_backlog() RETURNS TABLE (topic text, owed bigint, oldest timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 3 AS $$
          SELECT o.topic, count(*), min(o.created_at) FROM outbox o GROUP BY o.topic
        $$;
      CREATE FUNCTION applied_migrations() RETURNS integer
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$ SELECT count(*)::int FROM migrations $$;
      GRANT SELECT ON migrations TO gegenwert_lookup;
      DO $$ DECLARE f text; BEGIN
        GRANT CREATE ON SCHEMA public TO gegenwert_lookup; -- an owner must have it while it becomes one
        FOREACH f IN ARRAY ARRAY['access_keys_by_hash(bytea[])', 'access_keys_by_id(uuid[], uuid[])',
                                 'token_issuers_by_issuer(text[])', 'programmes_owed()', 'outbox_backlog()', 'applied_migrations()'] LOOP
          EXECUTE 'ALTER FUNCTION ' || f || ' OWNER TO gegenwert_lookup';
          EXECUTE 'REVOKE ALL ON FUNCTION ' || f || ' FROM PUBLIC';
          EXECUTE 'GRANT EXECUTE ON FUNCTION ' || f || ' TO gegenwert_app';
        END LOOP;
        REVOKE CREATE ON SCHEMA public FROM gegenwert_lookup;
      END $$;
    `);
  }

  async down(): Promise<void> {
    throw new Error('What was exchanged is not unexchanged: restore a backup instead.');
  }
}
