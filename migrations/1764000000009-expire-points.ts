import { MigrationInterface, QueryRunner } from 'typeorm';
import { handToLookup, publishInvariants } from './hand-over';

/** Lots end when their last day is over in the programme's time zone, and holds when their time has come. */
export class ExpirePoints1764000000009 implements MigrationInterface {
  name = 'ExpirePoints1764000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOTS);
    await runner.query(EXPIRE);
    await runner.query(LOOKUPS);
    await publishInvariants(runner, { i14_expiry_is_neutral: IN_ITS_TIME, i14_lots_end_as_promised: AS_PROMISED });
  }

  async down(): Promise<void> {
    throw new Error('What has expired stays expired: restore a backup instead.');
  }
}

const LOTS = `
  -- Its day is over, and what was left in it has been booked. Nothing comes back into it, and it is never taken back.
  ALTER TABLE lots ADD COLUMN expired boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT lots_expired_is_empty CHECK (NOT expired OR (remaining = 0 AND expires_on IS NOT NULL));
  GRANT UPDATE (expired) ON lots TO gegenwert_app;
  CREATE TRIGGER lots_expire_once AFTER UPDATE ON lots FOR EACH ROW
    WHEN (OLD.expired AND NOT NEW.expired) EXECUTE FUNCTION refuse_change();

  -- Lots in the order of their days. Of remaining it says nothing, so that spending writes to no index (HOT); that is why a lot
  -- that was used up is marked as expired as well when its day is over. The rows of one day come in the order in which they
  -- were written: posting adds to the end, and pays nothing for what never expires.
  CREATE INDEX lots_due ON lots (programme_id, expires_on) WHERE expires_on IS NOT NULL AND NOT expired;`;

const EXPIRE = `
  CREATE TYPE due_lot AS (customer_id bigint, id uuid);

  -- Up to batch lots whose day is over, but for those left out, and their customers' locks. Whose points are being moved right now is left for later:
  -- this never waits for a customer, so that no customer's redemption waits behind another one.
  CREATE FUNCTION lock_due_lots(programme uuid, today date, batch integer, left_out uuid[]) RETURNS SETOF due_lot LANGUAGE sql VOLATILE ROWS 250
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_sort = off AS $$
      SELECT l.customer_id, l.id
        FROM lots l JOIN accounts a ON a.programme_id = programme AND a.customer_id = l.customer_id AND a.kind = 'available' AND a.stripe = 0
       WHERE l.programme_id = programme AND NOT l.expired AND l.expires_on < today AND l.id <> ALL (left_out)
       ORDER BY l.expires_on LIMIT batch FOR NO KEY UPDATE OF a SKIP LOCKED
    $$;

  /*
   * Ends up to as many lots of one programme as there are ids (of the transfers to be), in one statement and one commit, by the
   * time at, otherwise by now, but for those left out. due: how many were found, fewer than ids when none was left that nobody else was busy with;
   * booked: in how many of them something was left.
   *
   * Its customers wait for it meanwhile, but not for the disk: a commit that is lost in a crash has ended nothing, and whatever
   * was written after it is lost with it.
   */
  CREATE FUNCTION expire_lots(programme uuid, ids uuid[], at timestamptz, left_out uuid[], OUT due integer, OUT booked integer, OUT points bigint)
    LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  DECLARE
    today date;
    lots_due due_lot[];
    sink accounts;
    last uuid;
  BEGIN
    PERFORM set_config('gegenwert.programme', programme::text, true), set_config('synchronous_commit', 'off', true);
    at := CASE WHEN at IS NULL THEN now() ELSE at END;
    today := (SELECT (at AT TIME ZONE p.time_zone)::date FROM programmes p WHERE p.id = programme);
    lots_due := ARRAY(SELECT d FROM lock_due_lots(programme, today, cardinality(ids), left_out) d);
    due := cardinality(lots_due);
    booked := 0;
    points := 0;
    IF due = 0 THEN RETURN; END IF;

    SELECT * INTO sink FROM accounts a WHERE a.programme_id = programme AND a.customer_id = 0
       AND a.kind = 'expired' AND a.stripe = pg_backend_pid() % 8 FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      INSERT INTO accounts (programme_id, customer_id, kind, stripe) VALUES (programme, 0, 'expired', pg_backend_pid() % 8)
        ON CONFLICT ON CONSTRAINT accounts_natural_key DO UPDATE SET balance = accounts.balance RETURNING * INTO sink;
    END IF;

    -- A statement after the lock: it sees what those who had it before have left of the lots.
    WITH ended AS MATERIALIZED (
      SELECT l.customer_id, l.id, l.expires_on, l.remaining
        FROM unnest(lots_due) d JOIN lots l ON l.programme_id = programme AND l.customer_id = d.customer_id AND l.id = d.id
       WHERE NOT l.expired),
    emptied AS (
      UPDATE lots l SET remaining = 0, expired = true FROM ended e
       WHERE l.programme_id = programme AND l.customer_id = e.customer_id AND l.id = e.id),
    numbered AS (
      SELECT e.*, a.id AS account, a.balance, a.last_transfer, row_number() OVER (ORDER BY e.customer_id, e.expires_on, e.id) AS n
        FROM ended e JOIN accounts a ON a.programme_id = programme AND a.customer_id = e.customer_id AND a.kind = 'available' AND a.stripe = 0
       WHERE e.remaining > 0),
    posted AS MATERIALIZED (
      SELECT e.*, ids[e.n] AS transfer,
             e.balance - sum(e.remaining) OVER customer AS balance_after,
             CASE row_number() OVER customer WHEN 1 THEN e.last_transfer ELSE ids[e.n - 1] END AS previous,
             sink.balance + sum(e.remaining) OVER (ORDER BY e.n ROWS UNBOUNDED PRECEDING) AS sink_after,
             CASE e.n WHEN 1 THEN sink.last_transfer ELSE ids[e.n - 1] END AS sink_previous
        FROM numbered e WINDOW customer AS (PARTITION BY e.customer_id ORDER BY e.n ROWS UNBOUNDED PRECEDING)),
    moved AS (
      INSERT INTO lot_moves (programme_id, customer_id, transfer_id, lot_id, points)
        SELECT programme, p.customer_id, p.transfer, p.id, -p.remaining FROM posted p ORDER BY p.n),
    written AS (
      INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, debit_previous,
                             credit_account, credit_balance, credit_previous, booked_at)
        SELECT programme, p.transfer, 'expiry', p.id, p.remaining, p.account, p.balance_after, p.previous,
               sink.id, p.sink_after, p.sink_previous, at FROM posted p ORDER BY p.n),
    paid AS (
      UPDATE accounts a SET balance = a.balance - s.points, transfers = a.transfers + s.times, last_transfer = ids[s.last]
        FROM (SELECT p.account, sum(p.remaining) AS points, count(*) AS times, max(p.n) AS last FROM posted p GROUP BY p.account) s
       WHERE a.id = s.account)
    SELECT count(*), coalesce(sum(p.remaining), 0), ids[max(p.n)] INTO booked, points, last FROM posted p;
    IF booked > 0 THEN
      UPDATE accounts a SET balance = a.balance + points, transfers = a.transfers + booked, last_transfer = last WHERE a.id = sink.id;
    END IF;
  END $$;
  REVOKE ALL ON FUNCTION lock_due_lots(uuid, date, integer, uuid[]), expire_lots(uuid, uuid[], timestamptz, uuid[]) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION lock_due_lots(uuid, date, integer, uuid[]), expire_lots(uuid, uuid[], timestamptz, uuid[]) TO gegenwert_app;`;

const LOOKUPS = `
  CREATE POLICY lookup ON lots FOR SELECT TO gegenwert_lookup USING (true);
  CREATE POLICY lookup ON redemptions FOR SELECT TO gegenwert_lookup USING (true);
  GRANT SELECT (programme_id, expires_on, expired) ON lots TO gegenwert_lookup;
  GRANT SELECT (programme_id, status, held_until) ON redemptions TO gegenwert_lookup;

  -- Whose lots' days are over, and since when: the first of each programme. Each day is worked out apart, so that an index is
  -- asked for it and nothing that row-level security would have looked at first.
  CREATE FUNCTION programmes_with_due_lots() RETURNS TABLE (programme_id uuid, since timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
      WITH days AS MATERIALIZED (SELECT p.id, p.time_zone, (now() AT TIME ZONE p.time_zone)::date AS today FROM programmes p)
      SELECT d.id, (f.expires_on + 1)::timestamp AT TIME ZONE d.time_zone
        FROM days d CROSS JOIN LATERAL (
          SELECT l.expires_on FROM lots l WHERE l.programme_id = d.id AND NOT l.expired AND l.expires_on < d.today
           ORDER BY l.expires_on LIMIT 1) f
    $$;
  CREATE FUNCTION programmes_with_overdue_holds() RETURNS TABLE (programme_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 10 AS $$
      SELECT p.id FROM programmes p
       WHERE EXISTS (SELECT FROM redemptions r WHERE r.programme_id = p.id AND r.status = 'held' AND r.held_until <= now())
    $$;
  ${handToLookup('programmes_with_due_lots()', 'programmes_with_overdue_holds()')}`;

/** 14: until its last day is over a lot can be spent, and nothing ends it; from then on nothing is taken from it or given to it. */
const IN_ITS_TIME = `
  WITH used AS (
    SELECT t.programme_id, t.id, t.kind, t.cause, t.debit_account, m.lot_id, m.customer_id, (t.booked_at AT TIME ZONE p.time_zone)::date AS day
      FROM transfers t JOIN programmes p ON p.id = t.programme_id
      LEFT JOIN lot_moves m ON m.programme_id = t.programme_id AND m.transfer_id = t.id
     WHERE t.kind IN ('hold', 'capture', 'release', 'refund', 'reversal', 'expiry'))
  SELECT u.programme_id, 'lot used after its day' AS broken, u.id || ' ' || l.id AS what
    FROM used u JOIN lots l ON l.programme_id = u.programme_id AND l.customer_id = u.customer_id AND l.id = u.lot_id
   WHERE u.kind <> 'expiry' AND l.expires_on < u.day
  UNION ALL
  SELECT u.programme_id, 'expiry is not that of a lot whose day was over', u.id::text
    FROM used u LEFT JOIN lots l ON l.programme_id = u.programme_id AND l.customer_id = u.customer_id AND l.id = u.lot_id
    LEFT JOIN accounts a ON a.id = u.debit_account AND a.programme_id = u.programme_id AND a.customer_id = l.customer_id AND a.kind = 'available'
   WHERE u.kind = 'expiry' AND (l.id IS DISTINCT FROM u.cause OR a.id IS NULL OR NOT l.expired OR l.expires_on >= u.day)`;

/** 14: a lot ends on the day that its award promised, one that goes on with another never before that. */
const AS_PROMISED = `
  SELECT l.programme_id, 'lot ends on another day than was promised' AS broken, l.id::text AS what
    FROM lots l LEFT JOIN awards w ON w.programme_id = l.programme_id AND w.id = l.id
   WHERE l.origin IS NULL AND (w.id IS NULL OR w.expires_on IS DISTINCT FROM l.expires_on)
  UNION ALL
  SELECT l.programme_id, 'lot ends before the one that it goes on with', l.id::text
    FROM lots l LEFT JOIN lots o ON o.programme_id = l.programme_id AND o.id = l.origin
   WHERE l.origin IS NOT NULL AND (o.id IS NULL OR l.expires_on < o.expires_on OR (l.expires_on IS NULL) <> (o.expires_on IS NULL))`;
