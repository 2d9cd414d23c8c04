import { MigrationInterface, QueryRunner } from 'typeorm';

/** Use by purpose, and taking it back. */
export class DiscloseAndRevoke1764000000005 implements MigrationInterface {
  name = 'DiscloseAndRevoke1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One row a release: written, and committed, before anything is decrypted. consents are those that allowed it.
      CREATE TABLE disclosures (
        programme_id uuid NOT NULL,
        customer_id bigint NOT NULL,
        id uuid NOT NULL,
        recipient_id uuid NOT NULL,
        purpose catalogue_key NOT NULL,
        kind text NOT NULL CONSTRAINT disclosures_kind_known CHECK (kind IN ('values', 'predicate')),
        attributes text[] NOT NULL CONSTRAINT disclosures_of_something CHECK (cardinality(attributes) > 0),
        consents uuid[] NOT NULL CONSTRAINT disclosures_with_consent CHECK (cardinality(consents) > 0),
        reason text NOT NULL,
        at timestamptz NOT NULL,
        use_until timestamptz NOT NULL,
        CONSTRAINT disclosures_pk PRIMARY KEY (programme_id, customer_id, id),
        CONSTRAINT disclosures_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
        CONSTRAINT disclosures_registered_fk FOREIGN KEY (programme_id, recipient_id, purpose) REFERENCES recipient_purposes
      );
      CALL keep_tenants_apart('disclosures');
      CALL keep_forever('disclosures');
      GRANT SELECT, INSERT ON disclosures TO gegenwert_app;

      CREATE TABLE revocations (
        programme_id uuid NOT NULL,
        id uuid NOT NULL,
        customer_id bigint NOT NULL,
        scope jsonb NOT NULL,
        status text NOT NULL CONSTRAINT revocations_status_known CHECK (status IN ('blocked', 'erased', 'told', 'complete')),
        consents_ended integer NOT NULL CONSTRAINT revocations_ended_some CHECK (consents_ended > 0),
        values_erasing integer NOT NULL,
        blocked_at timestamptz NOT NULL,
        erased_at timestamptz,
        told_at timestamptz,
        completed_at timestamptz,
        CONSTRAINT revocations_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT revocations_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
        CONSTRAINT revocations_steps CHECK ((status = 'blocked') = (erased_at IS NULL)
          AND (status IN ('blocked', 'erased')) = (told_at IS NULL) AND (status = 'complete') = (completed_at IS NOT NULL))
      );
      CREATE INDEX revocations_by_customer ON revocations (programme_id, customer_id, id);
      CALL keep_tenants_apart('revocations');
      GRANT SELECT, INSERT, UPDATE (status, erased_at, told_at, completed_at) ON revocations TO gegenwert_app;

      ALTER TABLE consents ADD CONSTRAINT consents_revocation_fk
        FOREIGN KEY (programme_id, revocation_id) REFERENCES revocations;
      ALTER TABLE consent_events ADD CONSTRAINT consent_events_revocation_fk
        FOREIGN KEY (programme_id, revocation_id) REFERENCES revocations;
      ALTER TABLE erasure_journal ADD CONSTRAINT erasure_journal_revocation_fk
        FOREIGN KEY (programme_id, revocation_id) REFERENCES revocations;

      -- What each recipient that got the data is owed: created in the revocation's own transaction, exactly one each.
      CREATE TABLE revocation_notices (
        programme_id uuid NOT NULL,
        id uuid NOT NULL,
        sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        revocation_id uuid NOT NULL,
        recipient_id uuid NOT NULL,
        purposes text[] NOT NULL,
        attributes text[] NOT NULL,
        status text NOT NULL DEFAULT 'owed' CONSTRAINT revocation_notices_status_known CHECK (status IN ('owed', 'acknowledged')),
        did text CONSTRAINT revocation_notices_did_known CHECK (did IN ('stopped', 'erased')),
        created_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        listed_at timestamptz,
        acknowledged_at timestamptz,
        CONSTRAINT revocation_notices_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT revocation_notices_exactly_one UNIQUE (programme_id, revocation_id, recipient_id),
        CONSTRAINT revocation_notices_revocation_fk FOREIGN KEY (programme_id, revocation_id) REFERENCES revocations,
        CONSTRAINT revocation_notices_recipient_fk FOREIGN KEY (programme_id, recipient_id) REFERENCES recipients,
        CONSTRAINT revocation_notices_acknowledged_with CHECK
          ((status = 'acknowledged') = (did IS NOT NULL) AND (status = 'acknowledged') = (acknowledged_at IS NOT NULL))
      );
      CREATE INDEX revocation_notices_by_recipient ON revocation_notices (programme_id, recipient_id, sequence);
      CALL keep_tenants_apart('revocation_notices');
      GRANT SELECT, INSERT, UPDATE (status, did, listed_at, acknowledged_at) ON revocation_notices TO gegenwert_app;
    `);
  }

  async down(): Promise<void> {
    throw new Error('What was disclosed is not undisclosed: restore a backup instead.');
  }
}
