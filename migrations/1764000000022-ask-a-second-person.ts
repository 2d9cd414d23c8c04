import { MigrationInterface, QueryRunner } from 'typeorm';

/** Who wrote, submitted, approved and published a version of an offer; where the programme wants it, never one person alone. */
export class AskASecondPerson1764000000022 implements MigrationInterface {
  name = 'AskASecondPerson1764000000022';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(VERSIONS);
    await runner.query(SUBMISSIONS);
    await runner.query(PUBLICATION);
  }

  async down(): Promise<void> {
    throw new Error('What was approved is not unapproved: restore a backup instead.');
  }
}

const VERSIONS = `
  ALTER TABLE programmes ADD COLUMN requires_approval boolean NOT NULL DEFAULT false;
  GRANT UPDATE (requires_approval) ON programmes TO gegenwert_app;

  -- Callers: the uuid of a staff key, or of an issuer's subject. Null: before this was asked. revision counts the edits of a
  -- draft, writers are all who made them; the database keeps both.
  ALTER TABLE offer_versions
    ADD COLUMN written_by uuid,
    ADD COLUMN published_by uuid,
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN writers uuid[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT offer_versions_publisher_of_published CHECK (published_by IS NULL OR published_at IS NOT NULL);
  CREATE FUNCTION count_revision() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE published_with CONSTANT text[] := '{asks,change,published_at,published_by}';
  BEGIN
    IF TG_OP = 'INSERT' THEN
      NEW.revision := 1;
      NEW.writers := array_remove(ARRAY[NEW.written_by], NULL);
      RETURN NEW;
    END IF;
    NEW.revision := OLD.revision;
    NEW.writers := OLD.writers;
    -- Whoever publishes fixes what it asks, which the publication's own trigger compares, and edits nothing else.
    IF NEW.published_at IS NULL OR to_jsonb(NEW) - published_with IS DISTINCT FROM to_jsonb(OLD) - published_with THEN
      NEW.revision := OLD.revision + 1;
      NEW.writers := array_remove(OLD.writers, NEW.written_by) || array_remove(ARRAY[NEW.written_by], NULL);
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER offer_versions_a_revision BEFORE INSERT OR UPDATE ON offer_versions
    FOR EACH ROW EXECUTE FUNCTION count_revision();`;

const SUBMISSIONS = `
  -- A draft as it stands, handed in for a second person's approval. asks: what it asks with the catalogue as it was when it was
  -- approved; only that is published on it.
  CREATE TABLE offer_submissions (
    programme_id uuid NOT NULL,
    id uuid NOT NULL,
    offer_id uuid NOT NULL,
    version integer NOT NULL,
    revision integer NOT NULL,
    submitted_by uuid NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT now(),
    approved_by uuid,
    approved_at timestamptz,
    asks jsonb,
    CONSTRAINT offer_submissions_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT offer_submissions_version_fk FOREIGN KEY (programme_id, offer_id, version) REFERENCES offer_versions,
    CONSTRAINT offer_submissions_approved_whole CHECK (num_nulls(approved_by, approved_at, asks) IN (0, 3)),
    CONSTRAINT offer_submissions_second_person CHECK (approved_by <> submitted_by)
  );
  CREATE INDEX offer_submissions_of_version ON offer_submissions (programme_id, offer_id, version, id);
  CREATE FUNCTION require_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (SELECT FROM offer_versions v WHERE v.programme_id = NEW.programme_id AND v.offer_id = NEW.offer_id
                  AND v.version = NEW.version AND NEW.approved_by = ANY (v.writers))
       OR EXISTS (SELECT FROM offer_submissions s WHERE s.programme_id = NEW.programme_id AND s.offer_id = NEW.offer_id
                     AND s.version = NEW.version AND s.submitted_by = NEW.approved_by) THEN
      RAISE EXCEPTION 'an offer is approved by another than those who wrote or submitted it' USING
        ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'offer_submissions_second_person';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER offer_submissions_second_person BEFORE INSERT OR UPDATE ON offer_submissions
    FOR EACH ROW WHEN (NEW.approved_by IS NOT NULL) EXECUTE FUNCTION require_second_person();
  CREATE TRIGGER offer_submissions_approved_once BEFORE UPDATE ON offer_submissions
    FOR EACH ROW WHEN (OLD.approved_by IS NOT NULL) EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER offer_submissions_stay BEFORE DELETE OR TRUNCATE ON offer_submissions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  CALL keep_tenants_apart('offer_submissions');
  GRANT SELECT, INSERT, UPDATE (approved_by, approved_at, asks) ON offer_submissions TO gegenwert_app;`;

const PUBLICATION = `
  -- Where the programme wants it, nothing is published but what was approved: this revision, asking exactly this. FOR SHARE, so
  -- that nothing is published without it any more when the programme's wish is committed.
  CREATE FUNCTION require_approval() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE is_required boolean;
  BEGIN
    SELECT p.requires_approval INTO is_required FROM programmes p WHERE p.id = NEW.programme_id FOR SHARE;
    IF is_required AND NOT EXISTS (SELECT FROM offer_submissions s WHERE s.programme_id = NEW.programme_id
         AND s.offer_id = NEW.offer_id AND s.version = NEW.version AND s.revision = NEW.revision
         AND s.approved_by IS NOT NULL AND s.asks = NEW.asks) THEN
      RAISE EXCEPTION 'the programme wants a second person to approve what is published' USING
        ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'offer_versions_approved';
    END IF;
    RETURN NEW;
  END $$;
  -- Triggers run by their names: after the revision was counted, and after what is published already was found unchangeable.
  CREATE TRIGGER offer_versions_published_approved BEFORE INSERT OR UPDATE ON offer_versions
    FOR EACH ROW WHEN (NEW.published_at IS NOT NULL) EXECUTE FUNCTION require_approval();`;
