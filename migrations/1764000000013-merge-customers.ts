import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';

/**
 * A storefront finds out that two of its customers are one. From then on the reference of the one is an alias that nothing is
 * given, awarded or spent under; its points are the other's, and what it consented to is blocked: for 30 days, in which it can
 * be undone, and then for good.
 */
export class MergeCustomers1764000000013 implements MigrationInterface {
  name = 'MergeCustomers1764000000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CUSTOMERS);
    await runner.query(MERGES);
    await runner.query(PAUSES);
    await runner.query(POINTS);
    await runner.query(ENDED);
    await runner.query(LOOKUP);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('Merged customers are not torn apart: restore a backup instead.');
  }
}

const CUSTOMERS = `
  -- Whom this customer has been merged into; their row alone says it to shares, redemptions and releases.
  ALTER TABLE customers ADD COLUMN merged_into bigint,
    ADD CONSTRAINT customers_not_merged_into_itself CHECK (merged_into <> id);
  GRANT UPDATE (merged_into) ON customers TO gegenwert_app;
  CREATE INDEX customers_merged ON customers (programme_id, merged_into) WHERE merged_into IS NOT NULL;

  -- Nobody is merged into one who is merged away, so that no way leads back to where it began.
  CREATE FUNCTION check_merge_target() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM FROM customers c WHERE c.programme_id = NEW.programme_id AND c.id = NEW.merged_into AND c.merged_into IS NULL FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'customer % is merged into one who is not there', NEW.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'customers_merged_into_one_there';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER customers_merge_target BEFORE INSERT OR UPDATE OF merged_into ON customers FOR EACH ROW
    WHEN (NEW.merged_into IS NOT NULL) EXECUTE FUNCTION check_merge_target();

  -- The reference of the customer that this one is now, over as many merges as there are; NULL where they have left.
  CREATE FUNCTION merged_ref(programme uuid, customer bigint) RETURNS text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE way AS (
      SELECT c.ref, c.merged_into FROM customers c WHERE c.programme_id = programme AND c.id = customer
      UNION ALL
      SELECT c.ref, c.merged_into FROM way w JOIN customers c ON c.programme_id = programme AND c.id = w.merged_into)
    SELECT w.ref FROM way w WHERE w.merged_into IS NULL
  $$;
  -- This customer, and one after the other whom they were merged into: the last is who they are now.
  CREATE FUNCTION merged_way(programme uuid, customer bigint) RETURNS bigint[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE way AS (
      SELECT customer AS id, 1 AS step
      UNION ALL
      SELECT c.merged_into, w.step + 1 FROM way w JOIN customers c ON c.programme_id = programme AND c.id = w.id AND c.merged_into IS NOT NULL)
    SELECT array_agg(w.id ORDER BY w.step) FROM way w
  $$;
  REVOKE ALL ON FUNCTION merged_ref(uuid, bigint), merged_way(uuid, bigint) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION merged_ref(uuid, bigint), merged_way(uuid, bigint) TO gegenwert_app;`;

const MERGES = `
  -- points were moved at once; those held for orders, and those promised and not booked, follow as they come back or come in.
  -- consents_paused are those of the one who is merged away, consents_blocked those of the other for which the one had refused
  -- or withdrawn. points_returned and points_missing: of what had been moved, at the undo.
  CREATE TABLE merges (
    programme_id uuid NOT NULL,
    id uuid NOT NULL,
    from_id bigint NOT NULL,
    into_id bigint NOT NULL,
    points bigint NOT NULL CONSTRAINT merges_points_not_negative CHECK (points >= 0),
    held_points bigint NOT NULL CONSTRAINT merges_held_not_negative CHECK (held_points >= 0),
    pending_points bigint NOT NULL CONSTRAINT merges_pending_not_negative CHECK (pending_points >= 0),
    consents_paused integer NOT NULL CONSTRAINT merges_paused_not_negative CHECK (consents_paused >= 0),
    consents_blocked integer NOT NULL CONSTRAINT merges_blocked_not_negative CHECK (consents_blocked >= 0),
    merged_at timestamptz NOT NULL,
    undo_until timestamptz NOT NULL,
    undone_at timestamptz,
    final_at timestamptz,
    points_returned bigint CONSTRAINT merges_returned_not_negative CHECK (points_returned >= 0),
    points_missing bigint CONSTRAINT merges_missing_not_negative CHECK (points_missing >= 0),
    CONSTRAINT merges_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT merges_from_fk FOREIGN KEY (programme_id, from_id) REFERENCES customers,
    CONSTRAINT merges_into_fk FOREIGN KEY (programme_id, into_id) REFERENCES customers,
    CONSTRAINT merges_of_two CHECK (from_id <> into_id),
    CONSTRAINT merges_undone_in_time CHECK (undone_at BETWEEN merged_at AND undo_until),
    CONSTRAINT merges_end_once CHECK (num_nonnulls(undone_at, final_at) < 2),
    CONSTRAINT merges_returned_when_undone CHECK (num_nonnulls(undone_at, points_returned, points_missing) IN (0, 3))
  );
  CALL keep_tenants_apart('merges');
  GRANT SELECT, INSERT, UPDATE (undone_at, final_at, points_returned, points_missing) ON merges TO gegenwert_app;
  -- One merge of a customer at a time.
  CREATE UNIQUE INDEX merges_one_at_a_time ON merges (programme_id, from_id) WHERE undone_at IS NULL;
  CREATE INDEX merges_due ON merges (programme_id, undo_until) WHERE undone_at IS NULL AND final_at IS NULL;
  CREATE TRIGGER merges_fixed BEFORE UPDATE ON merges FOR EACH ROW
    WHEN (OLD.undone_at IS NOT NULL OR OLD.final_at IS NOT NULL OR OLD.id <> NEW.id OR OLD.from_id <> NEW.from_id
      OR OLD.into_id <> NEW.into_id OR OLD.points <> NEW.points OR OLD.merged_at <> NEW.merged_at OR OLD.undo_until <> NEW.undo_until)
    EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER merges_stay BEFORE DELETE OR TRUNCATE ON merges FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();`;

const PAUSES = `
  -- A merge pauses single consents of the customer that goes on (of a share, for an attribute and a purpose), and pauses as long
  -- as the one who is merged away had asked for.
  ALTER TABLE pauses ADD COLUMN attribute catalogue_key, ADD COLUMN merge_id uuid,
    ADD CONSTRAINT pauses_merge_fk FOREIGN KEY (programme_id, merge_id) REFERENCES merges,
    ADD CONSTRAINT pauses_consent_fk FOREIGN KEY (programme_id, customer_id, share_id, attribute, purpose) REFERENCES consents,
    DROP CONSTRAINT pauses_of_one_thing,
    ADD CONSTRAINT pauses_of_one_thing CHECK (CASE WHEN attribute IS NULL THEN num_nonnulls(share_id, purpose, nullif(everything, false)) = 1
      ELSE share_id IS NOT NULL AND purpose IS NOT NULL AND NOT everything AND merge_id IS NOT NULL END);
  CREATE INDEX pauses_of_merge ON pauses (programme_id, merge_id) WHERE merge_id IS NOT NULL;`;

const POINTS = `
  ALTER TABLE transfers DROP CONSTRAINT transfers_kind_known, ADD CONSTRAINT transfers_kind_known
    CHECK (kind IN ('award', 'hold', 'capture', 'release', 'refund', 'expiry', 'reversal', 'forfeit', 'merge'));
  CREATE INDEX transfers_of_merges ON transfers (programme_id, cause) WHERE kind = 'merge';
  ALTER TABLE outbox DROP CONSTRAINT outbox_topic_known,
    ADD CONSTRAINT outbox_topic_known CHECK (topic IN ('points', 'discount', 'erasure', 'job', 'merge'));

  -- Points that come back to a customer who is merged away are owed to the other, in the commit that brings them. Whoever
  -- gives them back holds the lock of the account, as the merge, its undo and the worker that moves them on do: what is owed
  -- is neither missed nor struck out too early.
  CREATE FUNCTION owe_merged_points() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  BEGIN
    INSERT INTO outbox (programme_id, topic, id)
      SELECT NEW.programme_id, 'merge', m.id FROM accounts a
        JOIN merges m ON m.programme_id = NEW.programme_id AND m.from_id = a.customer_id AND m.undone_at IS NULL
       WHERE a.id = NEW.credit_account
      ON CONFLICT DO NOTHING;
    RETURN NULL;
  END $$;
  CREATE TRIGGER points_follow_merge AFTER INSERT ON transfers FOR EACH ROW
    WHEN (NEW.kind IN ('release', 'refund', 'merge')) EXECUTE FUNCTION owe_merged_points();`;

const ENDED = `
  -- Whether a lot with this last day, that a merge of one of these brought to this customer, had ended when it was undone. One that
  -- had not is the customer's since: the undo gave as many points back.
  CREATE FUNCTION ended_in_merge(programme uuid, ones bigint[], customer bigint, last_day date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM merges m JOIN programmes p ON p.id = programme
      WHERE m.programme_id = programme AND m.from_id = ANY (ones) AND m.into_id = customer
        AND last_day < (m.undone_at AT TIME ZONE p.time_zone)::date)
  $$;
  REVOKE ALL ON FUNCTION ended_in_merge(uuid, bigint[], bigint, date) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION ended_in_merge(uuid, bigint[], bigint, date) TO gegenwert_app;`;

const LOOKUP = `
  CREATE POLICY lookup ON merges FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT (programme_id, undo_until, undone_at, final_at) ON merges TO gegenwert_lookup;
  CREATE FUNCTION programmes_with_due_merges() RETURNS TABLE (programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
      SELECT p.id FROM programmes p WHERE EXISTS (SELECT FROM merges m WHERE m.programme_id = p.id
        AND m.undone_at IS NULL AND m.final_at IS NULL AND m.undo_until <= now())
    $$;
  ${handToLookup('programmes_with_due_merges()')}`;

const VIEWS: Record<string, string> = {
  // 4: nothing is released while it is paused; as before, and a merge pauses single consents.
  i04_paused_is_blocked: `
    SELECT d.programme_id, 'released while paused' AS broken, d.id::text AS what
      FROM pauses p JOIN disclosures d ON d.programme_id = p.programme_id AND d.customer_id = p.customer_id
        AND d.at >= p.started_at AND d.at < least(p.until, p.ended_at)
      JOIN consents c ON c.programme_id = d.programme_id AND c.customer_id = d.customer_id AND c.id = ANY (d.consents)
     WHERE CASE WHEN p.attribute IS NULL THEN p.everything OR p.share_id = c.share_id OR p.purpose = c.purpose
                ELSE p.share_id = c.share_id AND p.attribute = c.attribute AND p.purpose = c.purpose END`,
  // 4: what a merged customer consented to is used no more; in the end no consent is left of it.
  i04_merged_is_blocked: `
    SELECT d.programme_id, 'released for a customer who is merged away' AS broken, d.id::text AS what
      FROM merges m JOIN disclosures d ON d.programme_id = m.programme_id AND d.customer_id = m.from_id
        AND d.at >= m.merged_at AND (m.undone_at IS NULL OR d.at < m.undone_at)
    UNION ALL
    SELECT m.programme_id, 'consent of a customer who is merged for good', c.id::text
      FROM merges m JOIN consents c ON c.programme_id = m.programme_id AND c.customer_id = m.from_id AND c.status = 'active'
     WHERE m.final_at IS NOT NULL`,
  // 6: a merge moves available points between its two customers, one way, and back when it is undone.
  i06_merge_is_its_transfers: `
    SELECT t.programme_id, 'transfer is not between the customers of its merge' AS broken, t.id::text AS what
      FROM transfers t LEFT JOIN merges m ON m.programme_id = t.programme_id AND m.id = t.cause
      LEFT JOIN accounts d ON d.id = t.debit_account AND d.kind = 'available'
      LEFT JOIN accounts c ON c.id = t.credit_account AND c.kind = 'available'
     WHERE t.kind = 'merge' AND (d.customer_id = m.from_id AND c.customer_id = m.into_id
        OR m.undone_at IS NOT NULL AND d.customer_id = m.into_id AND c.customer_id = m.from_id) IS NOT TRUE
    UNION ALL
    SELECT m.programme_id, 'points returned are not those of the undo', m.id::text
      FROM merges m WHERE m.undone_at IS NOT NULL AND m.points_returned <> (
        SELECT coalesce(sum(t.points), 0) FROM transfers t JOIN accounts d ON d.id = t.debit_account
         WHERE t.programme_id = m.programme_id AND t.kind = 'merge' AND t.cause = m.id AND d.customer_id = m.into_id)`,
  // 14: what a merge or its undo moves ends on the day on which it would have ended.
  i14_merge_keeps_expiry: `
    SELECT t.programme_id, 'points moved to another day' AS broken, t.id || ' ' || coalesce(l.expires_on::text, 'never') AS what
      FROM transfers t JOIN lot_moves v ON v.programme_id = t.programme_id AND v.transfer_id = t.id
      JOIN lots l ON l.programme_id = v.programme_id AND l.customer_id = v.customer_id AND l.id = v.lot_id
     WHERE t.kind = 'merge' GROUP BY t.programme_id, t.id, l.expires_on HAVING sum(v.points) <> 0`,
  // 7: who is merged is what the merges say.
  i07_merged_is_merged: `
    SELECT coalesce(c.programme_id, m.programme_id) AS programme_id, 'customer is not merged as the merge says' AS broken,
           coalesce(m.id::text, c.id::text) AS what
      FROM (SELECT * FROM customers WHERE merged_into IS NOT NULL) c
      FULL JOIN (SELECT * FROM merges WHERE undone_at IS NULL) m ON m.programme_id = c.programme_id AND m.from_id = c.id
     WHERE c.merged_into IS DISTINCT FROM m.into_id`,
  // 7: an award is taken back from the customer who got it, or from whom they were merged into.
  i07_reversed_of_its_customer: `
    SELECT r.programme_id, 'reversal of another customer than its award' AS broken, r.id::text AS what
      FROM reversals r JOIN awards w ON w.programme_id = r.programme_id AND w.id = r.award_id
     WHERE r.customer_id <> w.customer_id AND r.customer_id NOT IN (
       WITH RECURSIVE way AS (
         SELECT w.customer_id AS id
         UNION SELECT m.into_id FROM way y JOIN merges m ON m.programme_id = r.programme_id AND m.from_id = y.id)
       SELECT y.id FROM way y)`,
  // 12: points that wait with a customer who is merged away are owed to the other.
  i12_merged_points_owed: `
    SELECT m.programme_id, 'points of a merged customer neither moved nor owed' AS broken, m.id::text AS what
      FROM merges m JOIN programmes p ON p.id = m.programme_id
     WHERE m.undone_at IS NULL
       AND EXISTS (SELECT FROM lots l WHERE l.programme_id = m.programme_id AND l.customer_id = m.from_id AND l.remaining > 0
             AND (l.expires_on IS NULL OR l.expires_on >= (now() AT TIME ZONE p.time_zone)::date))
       AND NOT EXISTS (SELECT FROM outbox o WHERE o.programme_id = m.programme_id AND o.topic = 'merge' AND o.id = m.id)`,
};
