import { MigrationInterface, QueryRunner } from 'typeorm';
import { publishInvariants } from './hand-over';

/**
 * Ends consents for hundreds of thousands at the pace of the disk (ADR 17): a job is done in parts, several at a time, and what is
 * written for each customer is not looked up again row by row.
 */
export class WithdrawForMany1764000000017 implements MigrationInterface {
  name = 'WithdrawForMany1764000000017';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PARTS);
    await runner.query(KEYS);
    await runner.query(GIVEN_UP);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('What was withdrawn is not given again: restore a backup instead.');
  }
}

// Row-level security is forced on the owner as well, who is of no programme: it rests while rows move.
const PARTS = `
  -- Customers of a job by their ids: after reached, up to the last. A worker holds the row while it sees to a batch of them, so
  -- parts are done at the same time, and each of them one batch after the other.
  CREATE TABLE job_parts (
    programme_id uuid NOT NULL,
    job_id uuid NOT NULL,
    number integer NOT NULL,
    -- The last customer that was seen to.
    reached bigint NOT NULL,
    -- Null: there is no end to it.
    last bigint,
    done integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    finished_at timestamptz,
    CONSTRAINT job_parts_pk PRIMARY KEY (programme_id, job_id, number),
    CONSTRAINT job_parts_job_fk FOREIGN KEY (programme_id, job_id) REFERENCES jobs,
    CONSTRAINT job_parts_counts CHECK (done >= 0 AND failed >= 0),
    CONSTRAINT job_parts_within CHECK (reached <= last)
  ) WITH (fillfactor = 50);
  CALL keep_tenants_apart('job_parts');
  GRANT SELECT, INSERT, UPDATE (reached, done, failed, finished_at) ON job_parts TO gegenwert_app;

  ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE job_parts NO FORCE ROW LEVEL SECURITY;
  INSERT INTO job_parts (programme_id, job_id, number, reached, done, failed, finished_at)
    SELECT programme_id, id, 1, reached, done, failed, finished_at FROM jobs WHERE started_at IS NOT NULL;
  ALTER TABLE job_parts FORCE ROW LEVEL SECURITY;
  ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
  ALTER TABLE jobs DROP COLUMN done, DROP COLUMN failed, DROP COLUMN reached,
    ADD CONSTRAINT jobs_total CHECK (total >= 0);`;

const KEYS = `
  -- A foreign key is asked for row by row, which was half of the time of ending consents for many. Customers and revocations are
  -- never deleted, and one statement writes what refers to them, from themselves: a view says what the keys did.
  ALTER TABLE revocations DROP CONSTRAINT revocations_customer_fk;
  ALTER TABLE consents DROP CONSTRAINT consents_revocation_fk;
  ALTER TABLE consent_events DROP CONSTRAINT consent_events_customer_fk, DROP CONSTRAINT consent_events_revocation_fk;
  ALTER TABLE revocation_notices DROP CONSTRAINT revocation_notices_revocation_fk, DROP CONSTRAINT revocation_notices_recipient_fk;
  CREATE TRIGGER customers_stay BEFORE DELETE OR TRUNCATE ON customers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER revocations_stay BEFORE DELETE OR TRUNCATE ON revocations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER recipients_stay BEFORE DELETE OR TRUNCATE ON recipients FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  -- A tombstone finds room beside the keys that are still there, and needs no entry in the index.
  ALTER TABLE key_store.data_keys SET (fillfactor = 65);`;

const GIVEN_UP = `
  CREATE INDEX jobs_of_customer ON jobs (programme_id, customer_id) WHERE customer_id IS NOT NULL;

  -- Points that come back to a customer who has left and given everything up (of an order, or by a merge) are given up as well: in
  -- the commit that brings them that is owed, by another job, unless one is there that has not come so far. Both hold the lock of
  -- the account: what the job does not see yet is owed anew.
  CREATE FUNCTION owe_given_up_points() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  DECLARE
    leaving jobs;
  BEGIN
    SELECT j.* INTO leaving FROM accounts a JOIN jobs j ON j.programme_id = NEW.programme_id AND j.customer_id = a.customer_id
     WHERE a.id = NEW.credit_account ORDER BY j.created_at DESC, j.id DESC LIMIT 1;
    IF leaving.balance = 'forfeit' AND EXISTS (SELECT FROM job_parts p
        WHERE p.programme_id = NEW.programme_id AND p.job_id = leaving.id AND p.reached >= leaving.customer_id) THEN
      WITH another AS (
        INSERT INTO jobs (programme_id, id, kind, customer_id, customer_mark, balance)
          VALUES (NEW.programme_id, new_id(), leaving.kind, leaving.customer_id, leaving.customer_mark, leaving.balance)
          RETURNING id)
      INSERT INTO outbox (programme_id, topic, id) SELECT NEW.programme_id, 'job', id FROM another;
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER points_given_up_follow AFTER INSERT ON transfers FOR EACH ROW
    WHEN (NEW.kind IN ('refund', 'merge')) EXECUTE FUNCTION owe_given_up_points();`;

const VIEWS: Record<string, string> = {
  // 12: points of a customer who has left and gave everything up are given up, or that is owed.
  i12_given_up_is_owed: `
    SELECT j.programme_id, 'points of a customer who gave everything up neither given up nor owed' AS broken, j.id::text AS what
      FROM (SELECT DISTINCT ON (programme_id, customer_id) * FROM jobs WHERE customer_id IS NOT NULL
             ORDER BY programme_id, customer_id, created_at DESC, id DESC) j
      JOIN accounts a ON a.programme_id = j.programme_id AND a.customer_id = j.customer_id AND a.kind = 'available' AND a.balance > 0
     WHERE j.balance = 'forfeit' AND j.status = 'done'`,
  // 11: what ended ended by a revocation of its own customer; and what a revocation wrote is of someone.
  i11_revocation_of_someone: `
    SELECT r.programme_id, 'revocation of no one' AS broken, r.id::text AS what
      FROM revocations r LEFT JOIN customers c ON c.programme_id = r.programme_id AND c.id = r.customer_id WHERE c.id IS NULL
    UNION ALL
    SELECT k.programme_id, 'consent ended by no revocation of its customer', k.id::text
      FROM consents k LEFT JOIN revocations r
        ON r.programme_id = k.programme_id AND r.id = k.revocation_id AND r.customer_id = k.customer_id
     WHERE k.revocation_id IS NOT NULL AND r.id IS NULL
    UNION ALL
    SELECT e.programme_id, 'event of no one', e.sequence::text
      FROM consent_events e LEFT JOIN customers c ON c.programme_id = e.programme_id AND c.id = e.customer_id WHERE c.id IS NULL
    UNION ALL
    SELECT e.programme_id, 'event of no revocation of its customer', e.sequence::text
      FROM consent_events e LEFT JOIN revocations r
        ON r.programme_id = e.programme_id AND r.id = e.revocation_id AND r.customer_id = e.customer_id
     WHERE e.revocation_id IS NOT NULL AND r.id IS NULL`,
  // 12: a job that runs has parts to do, and one that is done has none left.
  i12_job_done_in_parts: `
    SELECT j.programme_id, 'job that is ' || j.status || ' with a part that is ' || CASE WHEN p.job_id IS NULL THEN 'missing' ELSE 'left' END AS broken,
           j.id::text AS what
      FROM jobs j LEFT JOIN job_parts p ON p.programme_id = j.programme_id AND p.job_id = j.id
     WHERE (j.status IN ('running', 'done', 'failed') AND p.job_id IS NULL) OR (j.status IN ('done', 'failed') AND p.finished_at IS NULL)`,
};
