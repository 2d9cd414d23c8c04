import { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Roles, tenancy, and who may call.
 *
 * Three roles that own no table and cannot log in: `gegenwert_app` is what the services act as and sees one programme a
 * transaction; `gegenwert_lookup` owns the few functions that must look across programmes (whose key is this, which
 * programmes are owed work) and may read only what they need; `gegenwert_audit` owns the invariant views and may read
 * everything and write nothing. The service's login only takes these roles on.
 */
export class FoundProgrammes1764000000001 implements MigrationInterface {
  name = 'FoundProgrammes1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DO $$
      DECLARE wanted text;
      BEGIN
        -- Roles belong to the cluster: databases that are migrated side by side must not trip over each other.
        PERFORM pg_advisory_xact_lock(hashtextextended('gegenwert roles', 0));
        FOREACH wanted IN ARRAY ARRAY['gegenwert_app', 'gegenwert_lookup', 'gegenwert_audit'] LOOP
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
              EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
          END IF;
          -- A login that may not grant them must have been given them before.
          BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
          EXCEPTION WHEN insufficient_privilege THEN
            IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN RAISE; END IF;
          END;
        END LOOP;
      END $$;

      REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT USAGE ON SCHEMA public TO gegenwert_app, gegenwert_lookup, gegenwert_audit;

      -- Without a programme set for this transaction it fails rather than answering no rows: a connection that
      -- comes back from the pool can neither keep a tenant nor quietly see nothing.
      CREATE FUNCTION current_programme() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ SELECT current_setting('gegenwert.programme')::uuid $$;

      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'rows of % never change', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation',
          CONSTRAINT = TG_TABLE_NAME || '_immutable';
      END $$;

      -- Row-level security, forced, for every table of a programme: one policy, the same everywhere.
      CREATE PROCEDURE keep_tenants_apart(tab regclass, programme_column text DEFAULT 'programme_id') LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tab);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tab);
        EXECUTE format('CREATE POLICY one_programme ON %s TO gegenwert_app USING (%I = (SELECT current_programme()))',
          tab, programme_column);
        EXECUTE format('CREATE POLICY audit ON %s FOR SELECT TO gegenwert_audit USING (true)', tab);
        EXECUTE format('GRANT SELECT ON %s TO gegenwert_audit', tab);
      END $$;

      -- Rows that are evidence: no UPDATE, DELETE or TRUNCATE, whoever asks.
      CREATE PROCEDURE keep_forever(tab regclass) LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
          FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', tab);
      END $$;

      CREATE TABLE programmes (
        id uuid CONSTRAINT programmes_pk PRIMARY KEY,
        slug text NOT NULL CONSTRAINT programmes_slug_unique UNIQUE
          CONSTRAINT programmes_slug_form CHECK (slug ~ '^[a-z][a-z0-9-]{1,62}$'),
        name text NOT NULL,
        locale text NOT NULL CONSTRAINT programmes_locale_known CHECK (locale IN ('de', 'en')),
        time_zone text NOT NULL DEFAULT 'Europe/Berlin',
        wrapped_key bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CALL keep_tenants_apart('programmes', 'id');
      CREATE POLICY lookup ON programmes FOR SELECT TO gegenwert_lookup USING (true);
      GRANT SELECT, INSERT ON programmes TO gegenwert_app;
      GRANT SELECT ON programmes TO gegenwert_lookup;

      -- The service's own keys for receipts: of no programme, so no tenant column.
      CREATE TABLE signing_keys (
        kid text CONSTRAINT signing_keys_pk PRIMARY KEY,
        public_jwk jsonb NOT NULL,
        wrapped_private bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        retired_at timestamptz
      );
      CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys ((true)) WHERE retired_at IS NULL;
      GRANT SELECT, INSERT ON signing_keys TO gegenwert_app;

      CREATE TABLE access_keys (
        programme_id uuid NOT NULL CONSTRAINT access_keys_programme_fk REFERENCES programmes,
        id uuid NOT NULL,
        kind text NOT NULL CONSTRAINT access_keys_kind_known CHECK (kind IN ('storefront', 'staff', 'recipient')),
        role text CONSTRAINT access_keys_role_known CHECK (role IN ('marketing', 'dpo', 'admin')),
        recipient_id uuid,
        mode text CONSTRAINT access_keys_mode_known CHECK (mode IN ('live', 'test')),
        name text NOT NULL,
        hash bytea NOT NULL CONSTRAINT access_keys_hash_unique UNIQUE,
        -- Of one that another was rotated into: the first of them. To idempotency they are one caller.
        first_id uuid,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT access_keys_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT access_keys_first_fk FOREIGN KEY (programme_id, first_id) REFERENCES access_keys,
        CONSTRAINT access_keys_role_of_staff CHECK ((kind = 'staff') = (role IS NOT NULL)),
        CONSTRAINT access_keys_recipient_of_recipient CHECK ((kind = 'recipient') = (recipient_id IS NOT NULL)),
        CONSTRAINT access_keys_mode_of_storefront CHECK ((kind = 'storefront') = (mode IS NOT NULL))
      );
      CALL keep_tenants_apart('access_keys');
      CREATE POLICY lookup ON access_keys FOR SELECT TO gegenwert_lookup USING (true);
      GRANT SELECT, INSERT, UPDATE (expires_at, revoked_at) ON access_keys TO gegenwert_app;
      GRANT SELECT ON access_keys TO gegenwert_lookup;

      CREATE TABLE token_issuers (
        programme_id uuid NOT NULL CONSTRAINT token_issuers_programme_fk REFERENCES programmes,
        id uuid NOT NULL,
        issuer text NOT NULL,
        audience text NOT NULL,
        subjects text NOT NULL CONSTRAINT token_issuers_subjects_known CHECK (subjects IN ('customers', 'staff')),
        subject_claim text NOT NULL DEFAULT 'sub',
        role_claim text NOT NULL DEFAULT 'role',
        -- What the console is to an issuer of staff's tokens: a public client (RFC 6749), which has no secret.
        client_id text CONSTRAINT token_issuers_client_of_staff CHECK (client_id IS NULL OR subjects = 'staff'),
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT token_issuers_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT token_issuers_audience_unique UNIQUE (issuer, audience)
      );
      CALL keep_tenants_apart('token_issuers');
      CREATE POLICY lookup ON token_issuers FOR SELECT TO gegenwert_lookup USING (true);
      GRANT SELECT, INSERT, DELETE ON token_issuers TO gegenwert_app;
      GRANT SELECT ON token_issuers TO gegenwert_lookup;

      CREATE FUNCTION access_keys_by_hash(hashes bytea[])
        RETURNS TABLE (hash bytea, id uuid, programme_id uuid, kind text, role text, recipient_id uuid, first_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 4 AS $$
          SELECT k.hash, k.id, k.programme_id, k.kind, k.role, k.recipient_id, k.first_id FROM access_keys k
           WHERE k.hash = ANY (hashes) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        $$;
      CREATE FUNCTION token_issuers_by_issuer(issuers text[])
        RETURNS TABLE (programme_id uuid, issuer text, audience text, subjects text, subject_claim text, role_claim text,
                       client_id text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 4 AS $$
          SELECT i.programme_id, i.issuer, i.audience, i.subjects, i.subject_claim, i.role_claim, i.client_id
            FROM token_issuers i WHERE i.issuer = ANY (issuers)
        $$;

      -- Here and in the other tables that every share writes and nothing refers to (earned_marks, outbox), no foreign key to
      -- the programme: row-level security says whose row it is, and a programme is never deleted.
      CREATE TABLE idempotency_keys (
        programme_id uuid NOT NULL,
        -- The first 128 bits of keyed hashes of the caller's key and of the request: neither may hold a shared value, not even
        -- one that could be found by trying birthdays. As uuids, and the answer as the json that it came as: each share and
        -- redemption writes one, and bytea and jsonb take longer to read in than the rest of it.
        key uuid NOT NULL,
        request uuid NOT NULL,
        status smallint NOT NULL,
        answer json NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT idempotency_keys_pk PRIMARY KEY (programme_id, key)
      );
      CALL keep_tenants_apart('idempotency_keys');
      GRANT SELECT, INSERT, DELETE ON idempotency_keys TO gegenwert_app;
    `);
  }

  async down(): Promise<void> {
    throw new Error('Programmes are not unfounded: restore a backup instead.');
  }
}
