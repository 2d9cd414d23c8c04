import { MigrationInterface, QueryRunner } from 'typeorm';

/** Catalogue and offers: what may be asked, by whom it may be used, and what is given in return. */
export class AskForAttributes1764000000002 implements MigrationInterface {
  name = 'AskForAttributes1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE DOMAIN texts AS jsonb CONSTRAINT texts_in_both_languages
        CHECK (jsonb_typeof(VALUE -> 'de') = 'string' AND jsonb_typeof(VALUE -> 'en') = 'string');
      CREATE DOMAIN catalogue_key AS text CONSTRAINT catalogue_key_form CHECK (VALUE ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$');

      CREATE TABLE attributes (
        programme_id uuid NOT NULL CONSTRAINT attributes_programme_fk REFERENCES programmes,
        key catalogue_key NOT NULL,
        title texts NOT NULL,
        description texts,
        schema jsonb NOT NULL,
        sensitivity text NOT NULL CONSTRAINT attributes_sensitivity_known CHECK (sensitivity IN ('ordinary', 'special')),
        retention_days integer NOT NULL CONSTRAINT attributes_retention_positive CHECK (retention_days BETWEEN 1 AND 36500),
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT attributes_pk PRIMARY KEY (programme_id, key)
      );
      CALL keep_tenants_apart('attributes');
      GRANT SELECT, INSERT ON attributes TO gegenwert_app;

      CREATE TABLE purposes (
        programme_id uuid NOT NULL CONSTRAINT purposes_programme_fk REFERENCES programmes,
        key catalogue_key NOT NULL,
        title texts NOT NULL,
        description texts NOT NULL,
        dpv text,
        third_party_advertising boolean NOT NULL DEFAULT false,
        lease_seconds integer NOT NULL DEFAULT 86400 CONSTRAINT purposes_lease_positive CHECK (lease_seconds > 0),
        withdrawn_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT purposes_pk PRIMARY KEY (programme_id, key)
      );
      CALL keep_tenants_apart('purposes');
      GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON purposes TO gegenwert_app;

      CREATE TABLE recipients (
        programme_id uuid NOT NULL CONSTRAINT recipients_programme_fk REFERENCES programmes,
        id uuid NOT NULL,
        key catalogue_key NOT NULL,
        name text NOT NULL,
        webhook_url text,
        wrapped_webhook_secret bytea NOT NULL,
        withdrawn_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT recipients_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT recipients_key_unique UNIQUE (programme_id, key)
      );
      CALL keep_tenants_apart('recipients');
      GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON recipients TO gegenwert_app;
      ALTER TABLE access_keys ADD CONSTRAINT access_keys_recipient_fk
        FOREIGN KEY (programme_id, recipient_id) REFERENCES recipients;

      CREATE TABLE recipient_purposes (
        programme_id uuid NOT NULL,
        recipient_id uuid NOT NULL,
        purpose catalogue_key NOT NULL,
        CONSTRAINT recipient_purposes_pk PRIMARY KEY (programme_id, recipient_id, purpose),
        CONSTRAINT recipient_purposes_recipient_fk FOREIGN KEY (programme_id, recipient_id) REFERENCES recipients,
        CONSTRAINT recipient_purposes_purpose_fk FOREIGN KEY (programme_id, purpose) REFERENCES purposes
      );
      CREATE INDEX recipient_purposes_by_purpose ON recipient_purposes (programme_id, purpose);
      CALL keep_tenants_apart('recipient_purposes');
      GRANT SELECT, INSERT ON recipient_purposes TO gegenwert_app;

      CREATE TABLE offers (
        programme_id uuid NOT NULL CONSTRAINT offers_programme_fk REFERENCES programmes,
        id uuid NOT NULL,
        key catalogue_key NOT NULL,
        status text NOT NULL DEFAULT 'draft'
          CONSTRAINT offers_status_known CHECK (status IN ('draft', 'live', 'paused', 'ended')),
        published_version integer,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT offers_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT offers_key_unique UNIQUE (programme_id, key),
        CONSTRAINT offers_live_is_published CHECK ((status = 'draft') = (published_version IS NULL))
      );
      CALL keep_tenants_apart('offers');
      GRANT SELECT, INSERT, UPDATE (status, published_version) ON offers TO gegenwert_app;

      -- A version is a draft until published_at is set, and never changes from then on. One draft an offer.
      CREATE TABLE offer_versions (
        programme_id uuid NOT NULL,
        offer_id uuid NOT NULL,
        version integer NOT NULL CONSTRAINT offer_versions_from_one CHECK (version >= 1),
        title texts NOT NULL,
        text texts NOT NULL,
        asks jsonb NOT NULL CONSTRAINT offer_versions_asks_some CHECK (jsonb_typeof(asks) = 'array' AND jsonb_array_length(asks) > 0),
        reward jsonb NOT NULL CONSTRAINT offer_versions_reward_known CHECK (reward ->> 'type' IN ('points', 'discount')),
        valid_days integer CONSTRAINT offer_versions_valid_days_positive CHECK (valid_days BETWEEN 1 AND 36500),
        starts_at timestamptz,
        ends_at timestamptz,
        budget jsonb,
        per_customer_times integer NOT NULL DEFAULT 1 CONSTRAINT offer_versions_times_positive CHECK (per_customer_times BETWEEN 1 AND 1000),
        per_customer_every_days integer NOT NULL DEFAULT 365
          CONSTRAINT offer_versions_every_days_positive CHECK (per_customer_every_days BETWEEN 1 AND 36500),
        eligibility text,
        minimum_age jsonb,
        regions text[],
        value_of_data jsonb,
        published_at timestamptz,
        CONSTRAINT offer_versions_pk PRIMARY KEY (programme_id, offer_id, version),
        CONSTRAINT offer_versions_offer_fk FOREIGN KEY (programme_id, offer_id) REFERENCES offers,
        CONSTRAINT offer_versions_window CHECK (ends_at > starts_at)
      );
      CREATE UNIQUE INDEX offer_versions_one_draft ON offer_versions (programme_id, offer_id) WHERE published_at IS NULL;
      ALTER TABLE offers ADD CONSTRAINT offers_published_version_fk
        FOREIGN KEY (programme_id, id, published_version) REFERENCES offer_versions (programme_id, offer_id, version);
      CREATE TRIGGER offer_versions_immutable BEFORE UPDATE OR DELETE ON offer_versions
        FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
      CALL keep_tenants_apart('offer_versions');
      GRANT SELECT, INSERT, UPDATE, DELETE ON offer_versions TO gegenwert_app;

      -- The exact text shown, one a version and locale. hash = SHA-256 of the text.
      CREATE TABLE notices (
        programme_id uuid NOT NULL,
        id uuid NOT NULL,
        offer_id uuid NOT NULL,
        offer_version integer NOT NULL,
        locale text NOT NULL CONSTRAINT notices_locale_known CHECK (locale IN ('de', 'en')),
        text text NOT NULL,
        hash text NOT NULL CONSTRAINT notices_hash_of_text CHECK (hash = encode(sha256(convert_to(text, 'UTF8')), 'hex')),
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT notices_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT notices_one_a_locale UNIQUE (programme_id, offer_id, offer_version, locale),
        CONSTRAINT notices_of_version_unique UNIQUE (programme_id, id, offer_id, offer_version),
        CONSTRAINT notices_version_fk FOREIGN KEY (programme_id, offer_id, offer_version) REFERENCES offer_versions
      );
      CALL keep_tenants_apart('notices');
      CALL keep_forever('notices');
      GRANT SELECT, INSERT ON notices TO gegenwert_app;

      -- What an offer may promise, in stripes, so that a busy offer's shares do not queue up behind one row.
      CREATE TABLE offer_budgets (
        programme_id uuid NOT NULL,
        offer_id uuid NOT NULL,
        stripe smallint NOT NULL,
        cap bigint NOT NULL,
        promised bigint NOT NULL DEFAULT 0,
        CONSTRAINT offer_budgets_pk PRIMARY KEY (programme_id, offer_id, stripe),
        CONSTRAINT offer_budgets_offer_fk FOREIGN KEY (programme_id, offer_id) REFERENCES offers,
        CONSTRAINT offer_budgets_hold CHECK (promised BETWEEN 0 AND cap)
      ) WITH (fillfactor = 50);
      CALL keep_tenants_apart('offer_budgets');
      GRANT SELECT, INSERT, UPDATE (cap, promised), DELETE ON offer_budgets TO gegenwert_app;
    `);
  }

  async down(): Promise<void> {
    throw new Error('What was asked is not unasked: restore a backup instead.');
  }
}
