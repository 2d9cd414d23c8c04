import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';
import { lookAtHistory, SEALED_AT_FIRST } from './sealed-history';

/**
 * What ends consents beside the customer's own word: a notice that became materially another, and the programme's end. And the
 * history of values: a correction is an event, sealed as what was shared is.
 */
export class EndByItself1764000000019 implements MigrationInterface {
  name = 'EndByItself1764000000019';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(VERSIONS);
    await runner.query(PROGRAMMES);
    await runner.query(JOBS);
    await runner.query(CORRECTIONS);
    await runner.query(LOOKUP);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('What has ended does not begin again: restore a backup instead.');
  }
}

const VERSIONS = `
  -- How a version's notice differs from the one before: in wording, or in what is consented to. Null: it is the first, or was
  -- published before this was asked, and then counts as compatible.
  ALTER TABLE offer_versions ADD COLUMN change text
    CONSTRAINT offer_versions_change_known CHECK (change IN ('compatible', 'material')),
    ADD CONSTRAINT offer_versions_first_changes_nothing CHECK (version > 1 OR change IS NULL);
  -- Whoever confirms a materially new notice is not paid for it.
  ALTER TABLE awards DROP CONSTRAINT awards_why_known,
    ADD CONSTRAINT awards_why_known CHECK (why IN ('cool-off', 'confirming'));
  -- Until when consents under the notices before a materially new one last without being confirmed, where staff decided so; the job
  -- ends them.
  CREATE TABLE notice_graces (
    programme_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    version integer NOT NULL,
    until timestamptz NOT NULL,
    job_id uuid,
    CONSTRAINT notice_graces_pk PRIMARY KEY (programme_id, offer_id, version),
    CONSTRAINT notice_graces_version_fk FOREIGN KEY (programme_id, offer_id, version) REFERENCES offer_versions,
    CONSTRAINT notice_graces_job_fk FOREIGN KEY (programme_id, job_id) REFERENCES jobs
  );
  CREATE INDEX notice_graces_due ON notice_graces (programme_id, until) WHERE job_id IS NULL;
  CREATE TRIGGER notice_graces_fixed BEFORE UPDATE ON notice_graces FOR EACH ROW
    WHEN (OLD.job_id IS NOT NULL OR NEW.until <> OLD.until) EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER notice_graces_stay BEFORE DELETE OR TRUNCATE ON notice_graces FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  CALL keep_tenants_apart('notice_graces');
  GRANT SELECT, INSERT, UPDATE (job_id) ON notice_graces TO gegenwert_app;`;

const PROGRAMMES = `
  ALTER TABLE programmes ADD COLUMN ended_at timestamptz;
  GRANT UPDATE (ended_at) ON programmes TO gegenwert_app;
  CREATE TRIGGER programmes_end_once BEFORE UPDATE OF ended_at ON programmes FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at) EXECUTE FUNCTION refuse_change();`;

const JOBS = `
  ALTER TABLE jobs DROP CONSTRAINT jobs_kind_known, ADD CONSTRAINT jobs_kind_known CHECK (kind IN
    ('customer-erasure', 'purpose-withdrawal', 'recipient-withdrawal', 'notice-grace', 'programme-end'));`;

const CORRECTIONS = `
  -- A value that was put right: which version took whose place, by whose word, and the hash of its ciphertext. It stays when the
  -- value is erased, and gives nothing of it away.
  CREATE TABLE value_events (
    programme_id uuid NOT NULL,
    customer_id bigint NOT NULL,
    sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    event text NOT NULL CONSTRAINT value_events_known CHECK (event IN ('corrected')),
    attribute catalogue_key NOT NULL,
    version uuid NOT NULL,
    -- All zeros where a restoration had lost what it replaced.
    replaced uuid NOT NULL,
    ciphertext_hash bytea NOT NULL CONSTRAINT value_events_sha256 CHECK (octet_length(ciphertext_hash) = 32),
    corrected_by text NOT NULL CONSTRAINT value_events_by_known CHECK (corrected_by IN ('storefront', 'customer')),
    at timestamptz NOT NULL,
    written_in bigint NOT NULL DEFAULT transaction_number(),
    CONSTRAINT value_events_pk PRIMARY KEY (programme_id, customer_id, sequence),
    CONSTRAINT value_events_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
    CONSTRAINT value_events_replace_another CHECK (version <> replaced)
  );
  CREATE INDEX value_events_written_in ON value_events (programme_id, written_in) WHERE written_in IS NOT NULL;
  CALL keep_tenants_apart('value_events');
  CALL keep_forever('value_events');
  GRANT SELECT, INSERT ON value_events TO gegenwert_app;
  ALTER TABLE chain_leaves DROP CONSTRAINT chain_leaves_table_known, ADD CONSTRAINT chain_leaves_table_known
    CHECK (of_table IN ('transfers', 'shares', 'consents', 'consent_events', 'disclosures', 'value_events'));`;

const LOOKUP = `
  CREATE POLICY lookup ON value_events FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT (programme_id, written_in, at) ON value_events TO gegenwert_lookup;
  CREATE POLICY lookup ON notice_graces FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT (programme_id, until, job_id) ON notice_graces TO gegenwert_lookup;

  ${lookAtHistory({ ...SEALED_AT_FIRST, value_events: 'at' })}
  CREATE FUNCTION programmes_with_due_graces() RETURNS TABLE (programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
      SELECT p.id FROM programmes p WHERE EXISTS (SELECT FROM notice_graces g
        WHERE g.programme_id = p.id AND g.job_id IS NULL AND g.until <= now())
    $$;
  ${handToLookup('programmes_with_due_graces()')}`;

const VIEWS: Record<string, string> = {
  // 4: when a programme has ended, nothing is accepted or released any more, and in the end no consent is left.
  i04_ended_programme_is_over: `
    SELECT p.id AS programme_id, 'offer of a programme that has ended is ' || o.status AS broken, o.id::text AS what
      FROM programmes p JOIN offers o ON o.programme_id = p.id AND o.status IN ('live', 'paused') WHERE p.ended_at IS NOT NULL
    UNION ALL
    SELECT p.id, 'shared after the programme had ended', s.id::text
      FROM programmes p JOIN shares s ON s.programme_id = p.id AND s.accepted_at > p.ended_at
    UNION ALL
    SELECT p.id, 'released after the programme had ended', d.id::text
      FROM programmes p JOIN disclosures d ON d.programme_id = p.id AND d.at > p.ended_at
    UNION ALL
    SELECT j.programme_id, 'consent that outlived its programme', k.id::text
      FROM jobs j JOIN consents k ON k.programme_id = j.programme_id AND k.status = 'active'
     WHERE j.kind = 'programme-end' AND j.status = 'done'`,
  // 4: when the grace of a materially new notice is over, no consent under the notices before it is left.
  i04_grace_is_over: `
    SELECT g.programme_id, 'consent under a notice whose grace is over' AS broken, k.id::text AS what
      FROM notice_graces g JOIN jobs j ON j.programme_id = g.programme_id AND j.id = g.job_id AND j.status = 'done'
      JOIN shares s ON s.programme_id = g.programme_id AND s.offer_id = g.offer_id AND s.offer_version < g.version
      JOIN consents k ON k.programme_id = s.programme_id AND k.customer_id = s.customer_id AND k.share_id = s.id AND k.status = 'active'`,
  // 9: whoever confirms a materially new notice holds no consent under the ones before it, and is not paid for it.
  i09_confirmed_is_superseded: `
    SELECT n.programme_id, 'consent beside the one that confirmed a materially new notice' AS broken, k.id::text AS what
      FROM shares n JOIN LATERAL (SELECT max(v.version) AS version FROM offer_versions v WHERE v.programme_id = n.programme_id
             AND v.offer_id = n.offer_id AND v.version <= n.offer_version AND v.change = 'material') m ON m.version IS NOT NULL
      JOIN shares s ON s.programme_id = n.programme_id AND s.customer_id = n.customer_id AND s.offer_id = n.offer_id AND s.offer_version < m.version
      JOIN consents k ON k.programme_id = s.programme_id AND k.customer_id = s.customer_id AND k.share_id = s.id AND k.status = 'active'`,
};
