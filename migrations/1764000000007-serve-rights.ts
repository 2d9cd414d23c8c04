import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';

/** What customers and staff may ask for beyond taking it back: pausing, leaving, ending a purpose for everyone, retention. */
export class ServeRights1764000000007 implements MigrationInterface {
  name = 'ServeRights1764000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PAUSES);
    await runner.query(JOBS);
    await runner.query(LEAVING);
    await runner.query(RETENTION);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('Rights are not taken away again: restore a backup instead.');
  }
}

const PAUSES = `
  -- Blocks use without ending a consent. A pause stays when it is over, so that it can be checked that nothing was
  -- released in it.
  CREATE TABLE pauses (
    programme_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id bigint NOT NULL,
    share_id uuid,
    purpose catalogue_key,
    everything boolean NOT NULL,
    started_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pauses_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT pauses_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
    CONSTRAINT pauses_share_fk FOREIGN KEY (programme_id, customer_id, share_id) REFERENCES shares,
    CONSTRAINT pauses_purpose_fk FOREIGN KEY (programme_id, purpose) REFERENCES purposes,
    CONSTRAINT pauses_of_one_thing CHECK (num_nonnulls(share_id, purpose, nullif(everything, false)) = 1),
    CONSTRAINT pauses_in_order CHECK (until > started_at AND ended_at >= started_at)
  );
  -- Releases look for those of a customer that are on.
  CREATE INDEX pauses_on ON pauses (programme_id, customer_id) WHERE ended_at IS NULL;
  CALL keep_tenants_apart('pauses');
  GRANT SELECT, INSERT, UPDATE (ended_at) ON pauses TO gegenwert_app;`;

const JOBS = `
  -- What a withdrawal by staff holds exclusively, and releases and publications shared, until they commit.
  CREATE FUNCTION gate_lock(programme uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT hashtextextended('gate ' || programme::text, 0) $$;

  -- Long work, done by the worker in batches. Each batch and how far it has come are one transaction, so that a worker
  -- that dies is followed by one that goes on where it was. What is owed is in the outbox, as everything.
  CREATE TABLE jobs (
    programme_id uuid NOT NULL CONSTRAINT jobs_programme_fk REFERENCES programmes,
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT jobs_kind_known CHECK (kind IN ('customer-erasure', 'purpose-withdrawal', 'recipient-withdrawal')),
    -- Of an erasure, the customer, and their reference by keyed hash: they may look at it when the reference is gone.
    customer_id bigint,
    customer_mark bytea,
    balance text CONSTRAINT jobs_balance_known CHECK (balance IN ('keep', 'forfeit')),
    -- Of a withdrawal, the key of the purpose or recipient.
    target catalogue_key,
    status text NOT NULL DEFAULT 'queued' CONSTRAINT jobs_status_known CHECK (status IN ('queued', 'running', 'done', 'cancelled', 'failed')),
    total integer NOT NULL DEFAULT 0,
    done integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    -- The last customer that was seen to.
    reached bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT jobs_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT jobs_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers,
    CONSTRAINT jobs_counts CHECK (total >= 0 AND done >= 0 AND failed >= 0),
    CONSTRAINT jobs_shape CHECK ((kind = 'customer-erasure') = (customer_id IS NOT NULL AND customer_mark IS NOT NULL AND balance IS NOT NULL)
      AND (kind <> 'customer-erasure') = (target IS NOT NULL)),
    CONSTRAINT jobs_finished_when CHECK ((status IN ('done', 'cancelled', 'failed')) = (finished_at IS NOT NULL))
  );
  CALL keep_tenants_apart('jobs');
  GRANT SELECT, INSERT, UPDATE (status, total, done, failed, reached, started_at, finished_at) ON jobs TO gegenwert_app;
  ALTER TABLE outbox DROP CONSTRAINT outbox_topic_known,
    ADD CONSTRAINT outbox_topic_known CHECK (topic IN ('points', 'discount', 'erasure', 'job'));`;

const LEAVING = `
  -- Who a notice was about, kept on what is still owed when the customer's reference is dropped: until it is acknowledged
  -- or 30 days old.
  ALTER TABLE revocation_notices ADD COLUMN customer_ref text,
    ADD CONSTRAINT revocation_notices_ref_while_owed CHECK (customer_ref IS NULL OR status = 'owed');
  CREATE INDEX revocation_notices_with_ref ON revocation_notices (programme_id, created_at) WHERE customer_ref IS NOT NULL;
  GRANT UPDATE (customer_ref) ON revocation_notices TO gegenwert_app;

  -- Gives up all available points of a customer who chose so: one transfer, whose id and cause are those of the job that
  -- carries the choice, so that it is booked once. The caller has seen to it that nothing is pending.
  CREATE FUNCTION forfeit_points(programme uuid, customer bigint, job uuid) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
  DECLARE
    source accounts;
    sink accounts;
  BEGIN
    SELECT * INTO source FROM accounts a WHERE a.programme_id = programme AND a.customer_id = customer
       AND a.kind = 'available' FOR NO KEY UPDATE;
    IF NOT FOUND OR source.balance = 0 THEN RETURN 0; END IF;
    INSERT INTO accounts (programme_id, customer_id, kind) VALUES (programme, 0, 'expired')
      ON CONFLICT ON CONSTRAINT accounts_natural_key DO UPDATE SET balance = accounts.balance RETURNING * INTO sink;
    INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, debit_previous,
                           credit_account, credit_balance, credit_previous, booked_at)
      VALUES (programme, job, 'forfeit', job, source.balance, source.id, 0, source.last_transfer,
              sink.id, sink.balance + source.balance, sink.last_transfer, now());
    UPDATE accounts a SET balance = a.balance + CASE a.id WHEN sink.id THEN source.balance ELSE -source.balance END,
        transfers = a.transfers + 1, last_transfer = job WHERE a.id IN (source.id, sink.id);
    UPDATE lots l SET remaining = 0 WHERE l.programme_id = programme AND l.customer_id = customer AND l.remaining > 0;
    RETURN source.balance;
  END $$;
  REVOKE ALL ON FUNCTION forfeit_points(uuid, bigint, uuid) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION forfeit_points(uuid, bigint, uuid) TO gegenwert_app;`;

const RETENTION = `
  -- Consents whose time has come, in the order in which it comes. A partial B-tree: a share writes consents with an until
  -- of now plus one of few retention periods, so it adds to the end of as many runs of the index, whose pages stay in
  -- memory. A BRIN would cost the share nothing, but a block's range holds short and long retentions and stays in the way
  -- when its consents have ended: each sweep would read the history again.
  CREATE INDEX consents_until ON consents (programme_id, until) WHERE status = 'active';
  -- Written in the order of time and deleted from the front: ranges of blocks say enough.
  CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (created_at) WITH (autosummarize = on);
  CREATE INDEX earned_marks_by_expiry ON earned_marks USING brin (expires_at timestamptz_minmax_multi_ops) WITH (autosummarize = on);

  CREATE POLICY lookup ON consents FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT ON consents TO gegenwert_lookup;
  CREATE FUNCTION every_programme() RETURNS TABLE (programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$ SELECT p.id FROM programmes p $$;
  CREATE FUNCTION programmes_with_expired_consents() RETURNS TABLE (programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
      SELECT p.id FROM programmes p WHERE EXISTS (SELECT FROM consents k WHERE k.programme_id = p.id AND k.status = 'active' AND k.until <= now())
    $$;
  ${handToLookup('every_programme()', 'programmes_with_expired_consents()')}`;

const VIEWS: Record<string, string> = {
  // 4: nothing is released while it is paused.
  i04_paused_is_blocked: `
    SELECT d.programme_id, 'released while paused' AS broken, d.id::text AS what
      FROM pauses p JOIN disclosures d ON d.programme_id = p.programme_id AND d.customer_id = p.customer_id
        AND d.at >= p.started_at AND d.at < least(p.until, p.ended_at)
      JOIN consents c ON c.programme_id = d.programme_id AND c.customer_id = d.customer_id AND c.id = ANY (d.consents)
     WHERE p.everything OR p.share_id = c.share_id OR p.purpose = c.purpose`,
  // 4: nothing is released for what staff withdrew.
  i04_withdrawn_is_blocked: `
    SELECT d.programme_id, 'released after the purpose or recipient was withdrawn' AS broken, d.id::text AS what
      FROM disclosures d JOIN purposes p ON p.programme_id = d.programme_id AND p.key = d.purpose
      JOIN recipients r ON r.programme_id = d.programme_id AND r.id = d.recipient_id
     WHERE d.at > least(p.withdrawn_at, r.withdrawn_at)`,
  // 12: a job that is not finished is owed.
  i12_job_owed_or_finished: `
    SELECT j.programme_id, 'job neither finished nor owed' AS broken, j.id::text AS what
      FROM jobs j LEFT JOIN outbox o ON o.programme_id = j.programme_id AND o.topic = 'job' AND o.id = j.id
     WHERE (j.finished_at IS NULL) <> (o.id IS NOT NULL)`,
  // 10: who has left is named nowhere but on a notice that is owed.
  i10_left_is_unnamed: `
    SELECT j.programme_id, 'customer who left is still named or has consents' AS broken, j.id::text AS what
      FROM jobs j JOIN customers c ON c.programme_id = j.programme_id AND c.id = j.customer_id
     WHERE j.kind = 'customer-erasure' AND j.status = 'done' AND (c.ref IS NOT NULL
        OR EXISTS (SELECT FROM vault_values v WHERE v.programme_id = j.programme_id AND v.customer_id = j.customer_id)
        OR EXISTS (SELECT FROM consents k WHERE k.programme_id = j.programme_id AND k.customer_id = j.customer_id AND k.status = 'active'))`,
};
