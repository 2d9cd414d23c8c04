import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';

/**
 * Until they confirm: what recipients answer, with their signature where they have a key; by when they must; and that a
 * recipient that does not reads nothing more where that is agreed. Leases and receipts as the certificate names them.
 */
export class ConfirmTheStop1764000000015 implements MigrationInterface {
  name = 'ConfirmTheStop1764000000015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TERMS);
    await runner.query(ANSWERS);
    await runner.query(OVERDUE);
    await runner.query(SUSPENSIONS);
    await runner.query(LOOKUP);
    await runner.query(RECEIPTS);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('What was confirmed is not unconfirmed: restore a backup instead.');
  }
}

const TERMS = `
  ALTER TABLE recipients
    ADD COLUMN due_hours integer NOT NULL DEFAULT 72
      CONSTRAINT recipients_due_hours_bounds CHECK (due_hours BETWEEN 1 AND 8760),
    ADD COLUMN suspend_when_overdue boolean NOT NULL DEFAULT false,
    -- Its Ed25519 key (RFC 8037): from then on it signs what it confirms.
    ADD COLUMN public_jwk jsonb;
  GRANT UPDATE (due_hours, suspend_when_overdue, public_jwk) ON recipients TO gegenwert_app;
  ALTER TABLE purposes DROP CONSTRAINT purposes_lease_positive,
    ADD CONSTRAINT purposes_lease_bounds CHECK (lease_seconds BETWEEN 60 AND 31536000);`;

const ANSWERS = `
  -- What a recipient answered to a notice: evidence. Each answer once; with the signature (JWS), and the key that it was
  -- verified with, which may be another by now.
  CREATE TABLE acknowledgements (
    programme_id uuid NOT NULL,
    notice_id uuid NOT NULL,
    did text NOT NULL CONSTRAINT acknowledgements_did_known CHECK (did IN ('stopped', 'erased')),
    at timestamptz NOT NULL,
    signature text CONSTRAINT acknowledgements_signature_size CHECK (octet_length(signature) <= 8192),
    public_jwk jsonb,
    CONSTRAINT acknowledgements_pk PRIMARY KEY (programme_id, notice_id, did),
    CONSTRAINT acknowledgements_notice_fk FOREIGN KEY (programme_id, notice_id) REFERENCES revocation_notices,
    CONSTRAINT acknowledgements_signed_with CHECK ((signature IS NULL) = (public_jwk IS NULL))
  );
  CALL keep_tenants_apart('acknowledgements');
  CALL keep_forever('acknowledgements');
  GRANT SELECT, INSERT ON acknowledgements TO gegenwert_app;
  -- Row-level security is forced on the owner as well, who is of no programme: it rests while what was answered is copied.
  ALTER TABLE revocation_notices NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE acknowledgements NO FORCE ROW LEVEL SECURITY;
  INSERT INTO acknowledgements (programme_id, notice_id, did, at)
    SELECT programme_id, id, did, acknowledged_at FROM revocation_notices WHERE status = 'acknowledged';
  ALTER TABLE acknowledgements FORCE ROW LEVEL SECURITY;
  ALTER TABLE revocation_notices FORCE ROW LEVEL SECURITY;`;

const OVERDUE = `
  -- Set once, when the day was over and no answer there; it stays when the answer comes.
  ALTER TABLE revocation_notices ADD COLUMN overdue_at timestamptz,
    ADD CONSTRAINT revocation_notices_overdue_after_due CHECK (overdue_at >= due_at);
  GRANT UPDATE (overdue_at) ON revocation_notices TO gegenwert_app;
  CREATE INDEX revocation_notices_due ON revocation_notices (programme_id, due_at) WHERE status = 'owed' AND overdue_at IS NULL;
  CREATE INDEX revocation_notices_overdue ON revocation_notices (programme_id, recipient_id, sequence)
    WHERE status = 'owed' AND overdue_at IS NOT NULL;`;

const SUSPENSIONS = `
  -- A recipient whose reads are suspended while something of its is overdue. It stays when it is over, so that it can be
  -- checked that nothing was released in it.
  CREATE TABLE suspensions (
    programme_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT suspensions_pk PRIMARY KEY (programme_id, recipient_id, started_at),
    CONSTRAINT suspensions_recipient_fk FOREIGN KEY (programme_id, recipient_id) REFERENCES recipients,
    CONSTRAINT suspensions_in_order CHECK (ended_at >= started_at)
  );
  CREATE UNIQUE INDEX suspensions_one_on ON suspensions (programme_id, recipient_id) WHERE ended_at IS NULL;
  CALL keep_tenants_apart('suspensions');
  GRANT SELECT, INSERT, UPDATE (ended_at) ON suspensions TO gegenwert_app;

  -- Suspends those of these recipients that agreed to it and have something overdue, and lifts it for the others. The
  -- caller holds the recipients' rows, so that marking and answering see each other; and, before them, the programme's gate
  -- where something may have become overdue, so that no release is under way.
  CREATE FUNCTION settle_suspensions(programme uuid, concerned uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
  DECLARE
    guilty uuid[] := ARRAY(SELECT r.id FROM recipients r WHERE r.programme_id = programme AND r.id = ANY (concerned)
      AND r.suspend_when_overdue AND EXISTS (SELECT FROM revocation_notices n WHERE n.programme_id = programme
        AND n.recipient_id = r.id AND n.status = 'owed' AND n.overdue_at IS NOT NULL));
  BEGIN
    UPDATE suspensions s SET ended_at = greatest(clock_timestamp(), s.started_at)
     WHERE s.programme_id = programme AND s.recipient_id = ANY (concerned) AND s.ended_at IS NULL
       AND NOT s.recipient_id = ANY (guilty);
    INSERT INTO suspensions (programme_id, recipient_id, started_at)
      SELECT programme, g.id, clock_timestamp() FROM unnest(guilty) AS g(id)
       WHERE NOT EXISTS (SELECT FROM suspensions s WHERE s.programme_id = programme AND s.recipient_id = g.id AND s.ended_at IS NULL);
  END $$;
  REVOKE ALL ON FUNCTION settle_suspensions(uuid, uuid[]) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION settle_suspensions(uuid, uuid[]) TO gegenwert_app;`;

const LOOKUP = `
  CREATE POLICY lookup ON revocation_notices FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT (programme_id, status, due_at, overdue_at) ON revocation_notices TO gegenwert_lookup;
  CREATE FUNCTION programmes_with_due_notices() RETURNS TABLE (programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
      SELECT p.id FROM programmes p WHERE EXISTS (SELECT FROM revocation_notices n
        WHERE n.programme_id = p.id AND n.status = 'owed' AND n.overdue_at IS NULL AND n.due_at <= now())
    $$;
  CREATE FUNCTION overdue_notices() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
      SELECT count(*) FROM revocation_notices n WHERE n.status = 'owed' AND n.overdue_at IS NOT NULL
    $$;
  ${handToLookup('programmes_with_due_notices()', 'overdue_notices()')}`;

const RECEIPTS = `
  -- In which form a share's receipt is signed, so that one that was handed out can always be made again, to the byte (ADR 4).
  -- 1 is what a version writes that does not know of forms.
  ALTER TABLE shares ADD COLUMN receipt_form smallint NOT NULL DEFAULT 1
    CONSTRAINT shares_receipt_form_known CHECK (receipt_form IN (1, 2));`;

const VIEWS: Record<string, string> = {
  // 4: nothing is released to a recipient while it is suspended.
  i04_suspended_is_blocked: `
    SELECT d.programme_id, 'released to a suspended recipient' AS broken, d.id::text AS what
      FROM suspensions s JOIN disclosures d ON d.programme_id = s.programme_id AND d.recipient_id = s.recipient_id
       AND d.at >= s.started_at AND (s.ended_at IS NULL OR d.at < s.ended_at)`,
  // 5: no use is allowed for longer than the purpose's lease, or than a consent that allowed it.
  i05_lease_is_bounded: `
    SELECT d.programme_id, 'use is allowed beyond the lease' AS broken, d.id::text AS what
      FROM disclosures d JOIN purposes p ON p.programme_id = d.programme_id AND p.key = d.purpose
     WHERE d.use_until > d.at + make_interval(secs => p.lease_seconds)
    UNION ALL
    SELECT d.programme_id, 'use is allowed beyond a consent', d.id::text
      FROM disclosures d JOIN consents c ON c.programme_id = d.programme_id AND c.customer_id = d.customer_id AND c.id = ANY (d.consents)
     WHERE d.use_until > c.until`,
  // 11: a notice counts as answered by what was answered, and by nothing else.
  i11_answered_by_evidence: `
    SELECT n.programme_id, 'notice does not say what was answered' AS broken, n.id::text AS what
      FROM revocation_notices n
      -- The first of the two by the alphabet is the one that says more.
      LEFT JOIN (SELECT programme_id, notice_id, min(did) AS did, array_agg(at) AS times FROM acknowledgements GROUP BY 1, 2) a
        ON a.programme_id = n.programme_id AND a.notice_id = n.id
     WHERE n.did IS DISTINCT FROM a.did OR NOT n.acknowledged_at = ANY (a.times)`,
  // 11: who agreed to be suspended when overdue is, for as long as something is overdue, and no longer.
  i11_overdue_is_suspended: `
    SELECT r.programme_id, CASE WHEN s.recipient_id IS NULL THEN 'overdue and not suspended' ELSE 'suspended and not overdue' END AS broken,
           r.id::text AS what
      FROM recipients r LEFT JOIN suspensions s ON s.programme_id = r.programme_id AND s.recipient_id = r.id AND s.ended_at IS NULL
     WHERE (s.recipient_id IS NOT NULL) <> (r.suspend_when_overdue AND EXISTS (SELECT FROM revocation_notices n
        WHERE n.programme_id = r.programme_id AND n.recipient_id = r.id AND n.status = 'owed' AND n.overdue_at IS NOT NULL))`,
};
