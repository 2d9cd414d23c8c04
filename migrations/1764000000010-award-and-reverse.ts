import { MigrationInterface, QueryRunner } from 'typeorm';
import { publishInvariants } from './hand-over';

/** Discount codes are used, points are awarded without a share, and a wrong award is reversed. */
export class AwardAndReverse1764000000010 implements MigrationInterface {
  name = 'AwardAndReverse1764000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CODES);
    await runner.query(AWARDS);
    await runner.query(REVERSALS);
    await runner.query(REVERSE);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('What was awarded and reversed stays: restore a backup instead.');
  }
}

const CODES = `
  -- open, or reserved for one order until a time, or redeemed by one order. A reservation whose time is over is as good as
  -- open: nobody has to come by and say so.
  ALTER TABLE discount_codes ADD COLUMN order_ref text, ADD COLUMN reserved_until timestamptz, ADD COLUMN redeemed_at timestamptz,
    ADD CONSTRAINT discount_codes_order_ref_length CHECK (length(order_ref) BETWEEN 1 AND 128),
    ADD CONSTRAINT discount_codes_shape CHECK (CASE status
      WHEN 'open' THEN num_nonnulls(order_ref, reserved_until, redeemed_at) = 0
      WHEN 'reserved' THEN order_ref IS NOT NULL AND reserved_until IS NOT NULL AND redeemed_at IS NULL
      ELSE order_ref IS NOT NULL AND reserved_until IS NULL AND redeemed_at IS NOT NULL END);
  GRANT UPDATE (order_ref, reserved_until, redeemed_at) ON discount_codes TO gegenwert_app;
  -- A redeemed one never comes back, and what a code is worth, and until when, is fixed when it is issued.
  CREATE TRIGGER discount_codes_fixed BEFORE UPDATE ON discount_codes FOR EACH ROW
    WHEN (OLD.status = 'redeemed' OR OLD.code <> NEW.code OR OLD.award_id <> NEW.award_id OR OLD.terms <> NEW.terms
      OR OLD.issued_at <> NEW.issued_at OR OLD.expires_at <> NEW.expires_at)
    EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER discount_codes_stay BEFORE DELETE OR TRUNCATE ON discount_codes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();`;

const AWARDS = `
  -- For something else than data: why, and the storefront's own reference of what it is for, which is awarded once.
  ALTER TABLE awards ADD COLUMN reason text, ADD COLUMN reference text,
    ADD CONSTRAINT awards_reason_length CHECK (length(reason) BETWEEN 1 AND 200),
    ADD CONSTRAINT awards_reference_length CHECK (length(reference) BETWEEN 1 AND 128),
    ADD CONSTRAINT awards_of_share_or_reference CHECK (CASE WHEN share_id IS NULL
      THEN kind = 'points' AND reason IS NOT NULL AND reference IS NOT NULL
      ELSE reason IS NULL AND reference IS NULL END);
  -- Both partial: an award of a share writes to neither.
  CREATE UNIQUE INDEX awards_reference_unique ON awards (programme_id, reference) WHERE reference IS NOT NULL;
  CREATE INDEX awards_without_share ON awards (programme_id, customer_id) WHERE share_id IS NULL;`;

const REVERSALS = `
  -- Why a wrong award is taken back. That the customer withdrew consent is none of these, and cannot be written down.
  CREATE TYPE reversal_reason AS ENUM ('error', 'duplicate', 'fraud');

  -- points were asked for, reversed were there to take; in_all is what has been reversed of the award up to and with this
  -- one, the number-th, and awarded what it was.
  CREATE TABLE reversals (
    programme_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id bigint NOT NULL,
    award_id uuid NOT NULL,
    number integer NOT NULL CONSTRAINT reversals_number_positive CHECK (number > 0),
    reason reversal_reason NOT NULL,
    evidence text NOT NULL CONSTRAINT reversals_evidence_given CHECK (evidence ~ '[^[:space:]]' AND length(evidence) <= 2000),
    points bigint NOT NULL CONSTRAINT reversals_points_positive CHECK (points > 0),
    reversed bigint NOT NULL CONSTRAINT reversals_reversed_within CHECK (reversed BETWEEN 0 AND points),
    in_all bigint NOT NULL,
    awarded bigint NOT NULL,
    -- Who did it: the key of a member of staff, or the keyed hash of who their identity provider says they are.
    staff_id uuid NOT NULL,
    staff_role text NOT NULL CONSTRAINT reversals_staff_role_known CHECK (staff_role IN ('marketing', 'admin')),
    reversed_at timestamptz NOT NULL,
    CONSTRAINT reversals_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT reversals_one_after_another UNIQUE (programme_id, award_id, number),
    CONSTRAINT reversals_within_award CHECK (in_all BETWEEN reversed AND awarded),
    CONSTRAINT reversals_award_fk FOREIGN KEY (programme_id, award_id) REFERENCES awards,
    CONSTRAINT reversals_customer_fk FOREIGN KEY (programme_id, customer_id) REFERENCES customers
  );
  CALL keep_tenants_apart('reversals');
  CALL keep_forever('reversals');
  GRANT SELECT, INSERT ON reversals TO gegenwert_app;

  -- When it commits: it is of that customer's award of points and goes on from the reversal before (the unique number lets
  -- only one follow), its transfer is there, and no consent of the customer was given or ended in the same transaction.
  CREATE FUNCTION check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NOT EXISTS (SELECT FROM awards w WHERE w.programme_id = NEW.programme_id AND w.id = NEW.award_id AND w.kind = 'points'
                      AND w.points = NEW.awarded AND NEW.customer_id = ANY (merged_way(NEW.programme_id, w.customer_id)))
       OR EXISTS (SELECT FROM reversals r WHERE r.programme_id = NEW.programme_id AND r.award_id = NEW.award_id AND r.number < NEW.number
                  HAVING count(*) <> NEW.number - 1 OR coalesce(sum(r.reversed), 0) <> NEW.in_all - NEW.reversed)
       OR NEW.reversed > 0 AND NOT EXISTS (SELECT FROM transfers t WHERE t.programme_id = NEW.programme_id AND t.kind = 'reversal'
            AND t.cause = NEW.id) THEN
      RAISE EXCEPTION 'reversal % is not what its award and transfer say', NEW.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reversals_follow';
    END IF;
    IF EXISTS (SELECT FROM consents c WHERE c.programme_id = NEW.programme_id AND c.customer_id = NEW.customer_id
                  AND c.xmin = pg_current_xact_id()::xid)
       OR EXISTS (SELECT FROM revocations r WHERE r.programme_id = NEW.programme_id AND r.customer_id = NEW.customer_id
                     AND (r.xmin = pg_current_xact_id()::xid OR r.id IN (NEW.id, NEW.staff_id))) THEN
      RAISE EXCEPTION 'a revocation reverses nothing'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reversals_not_by_revocation';
    END IF;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER reversals_stand AFTER INSERT ON reversals DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_reversal();

  -- No points are reversed without a reversal that says why and who, of the customer that they are taken from.
  CREATE FUNCTION check_reversal_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NOT EXISTS (SELECT FROM reversals r JOIN accounts a ON a.programme_id = r.programme_id AND a.customer_id = r.customer_id
                    WHERE r.programme_id = NEW.programme_id AND r.id = NEW.cause AND r.reversed = NEW.points
                      AND a.id = NEW.debit_account AND a.kind = 'available') THEN
      RAISE EXCEPTION 'transfer % reverses without a reason', NEW.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transfers_reversal_has_reason';
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER reversal_has_reason AFTER INSERT ON transfers FOR EACH ROW
    WHEN (NEW.kind = 'reversal') EXECUTE FUNCTION check_reversal_transfer();`;

const REVERSE = `
  /*
   * Takes points of a wrong award back: from its own lot first (and what goes on with it), then from those of the customer
   * that end first; never more than there is. What ended unused is not taken a second time, and lots whose day has passed are
   * left to end, so that it does not matter when that is booked. asked: undefined is all that is left of the award. moment:
   * undefined is now, when the lock is there and not when the transaction began: a merge or a refund that was waited for was before.
   *
   * outcome: 'reversed', or why not: 'unknown' (no award of points), 'pending' (not booked yet, or not yet with the one whom the
   * customer was merged into), 'exceeds' (only remains are left of it). The customer's account is locked first, the programme's comes last. Points of one who has been merged into
   * another (merged_way) are the other's, and taken from there; what ended with one whom they were merged into for a while
   * (ended_in_merge) has ended as well.
   */
  CREATE FUNCTION reverse_award(programme uuid, award uuid, reversal uuid, why reversal_reason, proof text, asked bigint,
                                staff uuid, role text, moment timestamptz,
                                OUT outcome text, OUT taken bigint, OUT uncovered bigint, OUT remains bigint)
    LANGUAGE plpgsql VOLATILE AS $$
  DECLARE
    wrong awards;
    way bigint[];
    kin bigint[];
    owner bigint;
    source accounts;
    sink accounts;
    today date;
    own uuid[];
    before integer;
    so_far bigint;
  BEGIN
    SELECT * INTO wrong FROM awards w WHERE w.programme_id = programme AND w.id = award AND w.kind = 'points';
    IF NOT FOUND THEN outcome := 'unknown'; RETURN; END IF;
    LOOP
      BEGIN
        way := merged_way(programme, wrong.customer_id);
        owner := way[cardinality(way)];
        SELECT * INTO source FROM accounts a WHERE a.programme_id = programme AND a.customer_id = owner
           AND a.kind = 'available' FOR NO KEY UPDATE;
        -- Whoever merges them, or undoes it, holds this lock as well: a change that was waited for is seen now.
        EXIT WHEN way = merged_way(programme, wrong.customer_id);
        -- The lock is let go with what is undone here: others lock customers in the order of their ids, and this one may come before.
        RAISE EXCEPTION USING ERRCODE = 'GW001', MESSAGE = 'the points are another customer''s by now';
      EXCEPTION WHEN SQLSTATE 'GW001' THEN
        NULL;
      END;
    END LOOP;
    IF source.id IS NULL OR NOT EXISTS (SELECT FROM transfers t WHERE t.programme_id = programme AND t.id = award) THEN
      outcome := 'pending'; RETURN;
    END IF;

    moment := coalesce(moment, clock_timestamp());
    today := (SELECT (moment AT TIME ZONE p.time_zone)::date FROM programmes p WHERE p.id = programme);
    kin := ARRAY(
      WITH RECURSIVE whom AS (
        SELECT unnest(way) AS id
        UNION SELECT m.into_id FROM whom w JOIN merges m ON m.programme_id = programme AND m.from_id = w.id)
      SELECT w.id FROM whom w);
    own := ARRAY(
      WITH RECURSIVE lots_of_award AS (
        SELECT award AS id
        UNION ALL
        SELECT l.id FROM lots_of_award o JOIN lots l ON l.programme_id = programme AND l.customer_id = ANY (kin) AND l.origin = o.id)
      SELECT o.id FROM lots_of_award o);
    -- Those of them whose end is the award's.
    own := ARRAY(
      SELECT l.id FROM lots l WHERE l.programme_id = programme AND l.customer_id = ANY (kin) AND l.id = ANY (own)
         AND (l.customer_id = ANY (way) OR ended_in_merge(programme, kin, l.customer_id, l.expires_on)));
    IF EXISTS (SELECT FROM lots l WHERE l.programme_id = programme AND l.customer_id = ANY (way) AND l.customer_id <> owner
                  AND l.id = ANY (own) AND l.remaining > 0 AND (l.expires_on IS NULL OR l.expires_on >= today)) THEN
      outcome := 'pending'; RETURN;
    END IF;
    SELECT count(*), coalesce(sum(r.reversed), 0) INTO before, so_far FROM reversals r WHERE r.programme_id = programme AND r.award_id = award;
    remains := wrong.points - so_far
      - (SELECT coalesce(sum(t.points), 0) FROM transfers t WHERE t.programme_id = programme AND t.kind = 'expiry' AND t.cause = ANY (own))
      - (SELECT coalesce(sum(l.remaining), 0) FROM lots l WHERE l.programme_id = programme AND l.customer_id = ANY (kin)
            AND l.id = ANY (own) AND l.expires_on < today);
    asked := coalesce(asked, remains);
    IF asked > remains OR remains <= 0 THEN outcome := 'exceeds'; RETURN; END IF;

    WITH usable AS (
      SELECT l.id, l.remaining, sum(l.remaining) OVER (ORDER BY l.id = ANY (own) DESC, l.expires_on NULLS LAST, l.id) - l.remaining AS others
        FROM lots l WHERE l.programme_id = programme AND l.customer_id = owner AND l.remaining > 0
         AND (l.expires_on IS NULL OR l.expires_on >= today)),
    moved AS (
      INSERT INTO lot_moves (programme_id, customer_id, transfer_id, lot_id, points)
        SELECT programme, owner, reversal, u.id, -least(u.remaining, asked - u.others) FROM usable u WHERE u.others < asked
        RETURNING lot_id, points),
    emptied AS (
      UPDATE lots l SET remaining = l.remaining + m.points FROM moved m
       WHERE l.programme_id = programme AND l.customer_id = owner AND l.id = m.lot_id)
    SELECT coalesce(-sum(m.points), 0) INTO taken FROM moved m;

    INSERT INTO reversals (programme_id, id, customer_id, award_id, number, reason, evidence, points, reversed, in_all, awarded,
                           staff_id, staff_role, reversed_at)
      VALUES (programme, reversal, owner, award, before + 1, why, proof, asked, taken, so_far + taken, wrong.points,
              staff, role, moment);
    IF taken > 0 THEN
      INSERT INTO accounts (programme_id, customer_id, kind, stripe) VALUES (programme, 0, 'reversed', pg_backend_pid() % 8)
        ON CONFLICT ON CONSTRAINT accounts_natural_key DO UPDATE SET balance = accounts.balance RETURNING * INTO sink;
      INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, debit_previous,
                             credit_account, credit_balance, credit_previous, booked_at)
        VALUES (programme, reversal, 'reversal', reversal, taken, source.id, source.balance - taken, source.last_transfer,
                sink.id, sink.balance + taken, sink.last_transfer, moment);
      UPDATE accounts a SET balance = a.balance + CASE a.id WHEN sink.id THEN taken ELSE -taken END,
          transfers = a.transfers + 1, last_transfer = reversal WHERE a.id IN (source.id, sink.id);
    END IF;
    outcome := 'reversed';
    uncovered := asked - taken;
  END $$;
  REVOKE ALL ON FUNCTION reverse_award(uuid, uuid, uuid, reversal_reason, text, bigint, uuid, text, timestamptz) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION reverse_award(uuid, uuid, uuid, reversal_reason, text, bigint, uuid, text, timestamptz) TO gegenwert_app;`;

const VIEWS: Record<string, string> = {
  // 1: points are reversed for a reason that someone states, and for no other.
  i01_reversal_has_reason: `
    SELECT coalesce(t.programme_id, r.programme_id) AS programme_id,
           CASE WHEN r.id IS NULL THEN 'points reversed without a reason' ELSE 'reversal is not its transfer' END AS broken,
           coalesce(t.id, r.id)::text AS what
      FROM (SELECT * FROM transfers WHERE kind = 'reversal') t
      FULL JOIN (SELECT * FROM reversals WHERE reversed > 0) r ON r.programme_id = t.programme_id AND r.id = t.cause
      LEFT JOIN accounts a ON a.id = t.debit_account AND a.kind = 'available' AND a.customer_id = r.customer_id
     WHERE t.points IS DISTINCT FROM r.reversed OR a.id IS NULL
    UNION ALL
    SELECT r.programme_id, 'reversed by a revocation', r.id::text
      FROM reversals r JOIN revocations v ON v.programme_id = r.programme_id AND v.id IN (r.id, r.staff_id)`,
  // 7: no more is reversed of an award than it was.
  i07_reversed_within_award: `
    SELECT r.programme_id, 'reversals are not within their award' AS broken, r.award_id::text AS what
      FROM (SELECT programme_id, award_id, sum(reversed) AS reversed, max(in_all) AS in_all, count(*) AS times, max(number) AS number,
                   min(awarded) AS least, max(awarded) AS most
              FROM reversals GROUP BY 1, 2) r
      JOIN awards w ON w.programme_id = r.programme_id AND w.id = r.award_id
     WHERE w.points IS DISTINCT FROM r.least OR w.points IS DISTINCT FROM r.most OR r.reversed > w.points
        OR r.reversed <> r.in_all OR r.times <> r.number`,
};
