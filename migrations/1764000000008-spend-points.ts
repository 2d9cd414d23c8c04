import { MigrationInterface, QueryRunner } from 'typeorm';
import { publishInvariants } from './hand-over';

/**
 * Points are spent: which lots each transfer took from or gave back to, the redemptions behind them, and what points are
 * worth in money.
 *
 * Whoever moves points of a customer holds the row lock of their `available` account (FOR NO KEY UPDATE, several customers
 * in the order of their ids) before it reads their lots, their `held` account or their redemptions: one lock orders all of
 * it. The programme's side comes last.
 */
export class SpendPoints1764000000008 implements MigrationInterface {
  name = 'SpendPoints1764000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOTS);
    await runner.query(REDEMPTIONS);
    await runner.query(RATES);
    await runner.query(FORFEIT);
    await runner.query(BOOKS);
    await runner.query(OPEN_REDEMPTIONS);
    await publishInvariants(runner, VIEWS);
  }

  async down(): Promise<void> {
    throw new Error('Spent points are not unspent: restore a backup instead.');
  }
}

const LOTS = `
  -- The lot that this one goes on with: points that came back when their day had passed (grace), or moved to another
  -- customer (merge). Such a lot is filled by a move; one that an award opened is filled by its award, without one.
  ALTER TABLE lots ADD COLUMN origin uuid;

  -- What a transfer took from a lot (below 0) or gave to it. No foreign keys: each would be looked up row by row on the
  -- way of every redemption, and neither lots nor transfers are ever deleted; invariants.i06_lots_add_up says the same.
  CREATE TABLE lot_moves (
    programme_id uuid NOT NULL,
    customer_id bigint NOT NULL,
    transfer_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    points bigint NOT NULL CONSTRAINT lot_moves_points_moved CHECK (points <> 0),
    CONSTRAINT lot_moves_pk PRIMARY KEY (programme_id, transfer_id, lot_id)
  );
  CALL keep_tenants_apart('lot_moves');
  CALL keep_forever('lot_moves');
  GRANT SELECT, INSERT ON lot_moves TO gegenwert_app;

  -- Once for each cause. What is its own cause (an award, a hold, a capture at once) is once by its key, and pays nothing here.
  CREATE UNIQUE INDEX transfers_once_a_cause ON transfers (programme_id, cause, kind)
    WHERE kind IN ('capture', 'release', 'expiry', 'reversal', 'forfeit') AND id <> cause;
  ALTER TABLE transfers ADD CONSTRAINT transfers_hold_is_its_cause CHECK (kind <> 'hold' OR cause = id);`;

const REDEMPTIONS = `
  -- The transfer that takes the points (the hold, or the capture at once) has the redemption's own id, so it happens once
  -- and its lot moves are found without another index; capture of a hold, release and refunds have it as their cause.
  -- held_until is there for those that were held first, whatever became of them. No foreign key to the customer: a
  -- redemption is written under the lock of the customer's account, which is there before. amount_minor is what the points
  -- were worth by that version of the rate, whose currency and taxes say the rest. order_minor: what the order came to, where
  -- the rate lets points pay only a share of it.
  CREATE TABLE redemptions (
    programme_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id bigint NOT NULL,
    order_ref text NOT NULL CONSTRAINT redemptions_order_ref_length CHECK (length(order_ref) BETWEEN 1 AND 128),
    points bigint NOT NULL CONSTRAINT redemptions_points_positive CHECK (points > 0),
    status text NOT NULL CONSTRAINT redemptions_status_known CHECK (status IN ('held', 'captured', 'released')),
    released_by text CONSTRAINT redemptions_released_by_known CHECK (released_by IN ('storefront', 'expiry')),
    refunded bigint NOT NULL DEFAULT 0,
    held_until timestamptz,
    rate_version integer,
    amount_minor bigint CONSTRAINT redemptions_amount_not_negative CHECK (amount_minor >= 0),
    order_minor bigint CONSTRAINT redemptions_order_not_negative CHECK (order_minor >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT redemptions_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT redemptions_held_first CHECK (status = 'captured' OR held_until IS NOT NULL),
    CONSTRAINT redemptions_released_by_someone CHECK ((status = 'released') = (released_by IS NOT NULL)),
    CONSTRAINT redemptions_refunded_within CHECK (refunded BETWEEN 0 AND CASE status WHEN 'captured' THEN points ELSE 0 END),
    CONSTRAINT redemptions_value_by_a_rate CHECK ((rate_version IS NULL) = (amount_minor IS NULL)),
    CONSTRAINT redemptions_order_by_a_rate CHECK (order_minor IS NULL OR rate_version IS NOT NULL)
  ) WITH (fillfactor = 90);
  CALL keep_tenants_apart('redemptions');
  GRANT SELECT, INSERT, UPDATE (status, released_by, refunded) ON redemptions TO gegenwert_app;
  CREATE INDEX redemptions_held ON redemptions (programme_id, held_until) WHERE status = 'held';
  -- What points pay of one order together; those of a rate without a maximum share are not in it, and cost nothing here.
  CREATE INDEX redemptions_of_order ON redemptions (programme_id, customer_id, order_ref) WHERE order_minor IS NOT NULL;
  -- held → captured or released, once; what was refunded stays refunded; what it was for never changes.
  CREATE TRIGGER redemptions_one_way AFTER UPDATE ON redemptions FOR EACH ROW
    WHEN ((OLD.status <> 'held' AND OLD.status <> NEW.status) OR NEW.refunded < OLD.refunded OR OLD.id <> NEW.id
      OR OLD.points <> NEW.points OR OLD.order_ref <> NEW.order_ref OR OLD.held_until IS DISTINCT FROM NEW.held_until
      OR OLD.rate_version IS DISTINCT FROM NEW.rate_version OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
      OR OLD.order_minor IS DISTINCT FROM NEW.order_minor)
    EXECUTE FUNCTION refuse_change();`;

const RATES = `
  -- So many points are worth so much; the newest version counts, for what is redeemed from then on. Without one, points have
  -- no value in money and nothing is limited.
  CREATE TABLE point_rates (
    programme_id uuid NOT NULL CONSTRAINT point_rates_programme_fk REFERENCES programmes,
    version integer NOT NULL CONSTRAINT point_rates_version_positive CHECK (version > 0),
    points bigint NOT NULL CONSTRAINT point_rates_points_positive CHECK (points > 0),
    amount_minor bigint NOT NULL CONSTRAINT point_rates_amount_positive CHECK (amount_minor > 0),
    currency text NOT NULL CONSTRAINT point_rates_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
    taxes text NOT NULL CONSTRAINT point_rates_taxes_known CHECK (taxes IN ('net', 'gross')),
    minimum_points bigint CONSTRAINT point_rates_minimum_positive CHECK (minimum_points > 0),
    maximum_share_percent smallint CONSTRAINT point_rates_share_of_100 CHECK (maximum_share_percent BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT point_rates_pk PRIMARY KEY (programme_id, version)
  );
  CALL keep_tenants_apart('point_rates');
  CALL keep_forever('point_rates');
  GRANT SELECT, INSERT ON point_rates TO gegenwert_app;`;

const FORFEIT = `
  -- A customer forfeits once, and until now nothing else took from a lot.
  INSERT INTO lot_moves (programme_id, customer_id, transfer_id, lot_id, points)
    SELECT l.programme_id, l.customer_id, t.id, l.id, -l.points
      FROM lots l JOIN accounts a ON a.programme_id = l.programme_id AND a.customer_id = l.customer_id AND a.kind = 'available'
      JOIN transfers t ON t.programme_id = a.programme_id AND t.debit_account = a.id AND t.kind = 'forfeit'
     WHERE l.remaining = 0;

  -- As before, and says which lots it emptied.
  CREATE OR REPLACE FUNCTION forfeit_points(programme uuid, customer bigint, job uuid) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
  DECLARE
    source accounts;
    sink accounts;
  BEGIN
    SELECT * INTO source FROM accounts a WHERE a.programme_id = programme AND a.customer_id = customer
       AND a.kind = 'available' FOR NO KEY UPDATE;
    IF NOT FOUND OR source.balance = 0 THEN RETURN 0; END IF;
    INSERT INTO lot_moves (programme_id, customer_id, transfer_id, lot_id, points)
      SELECT programme, customer, job, l.id, -l.remaining FROM lots l
       WHERE l.programme_id = programme AND l.customer_id = customer AND l.remaining > 0;
    UPDATE lots l SET remaining = 0 WHERE l.programme_id = programme AND l.customer_id = customer AND l.remaining > 0;
    INSERT INTO accounts (programme_id, customer_id, kind) VALUES (programme, 0, 'expired')
      ON CONFLICT ON CONSTRAINT accounts_natural_key DO UPDATE SET balance = accounts.balance RETURNING * INTO sink;
    INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, debit_previous,
                           credit_account, credit_balance, credit_previous, booked_at)
      VALUES (programme, job, 'forfeit', job, source.balance, source.id, 0, source.last_transfer,
              sink.id, sink.balance + source.balance, sink.last_transfer, now());
    UPDATE accounts a SET balance = a.balance + CASE a.id WHEN sink.id THEN source.balance ELSE -source.balance END,
        transfers = a.transfers + 1, last_transfer = job WHERE a.id IN (source.id, sink.id);
    RETURN source.balance;
  END $$;`;

const BOOKS = `
  /*
   * What transfers of some customers are decided by, under their locks: accounts and lots, the programme's accounts of these
   * sides (a stripe, locked last) and the time. Customers without an account are not in it. holders are given an account for
   * what they hold where they have none. Column by column: json takes several times as long to write row by row.
   *
   * Indexes are walked row by row, whatever the tables' sizes and however old their statistics are, and no plan is made for the
   * customers at hand. Each statement sees what was committed before it began, so what follows the lock is what those before us
   * left.
   */
  CREATE FUNCTION open_books(programme uuid, customers bigint[], holders bigint[], sides text[], at timestamptz) RETURNS json
    LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
  DECLARE
    held json;
    started json;
    open_lots json;
    ours json;
    booked_at timestamptz;
  BEGIN
    SELECT json_build_object('customers', json_agg(a.customer_id), 'kinds', json_agg(a.kind), 'ids', json_agg(a.id),
             'balances', json_agg(a.balance), 'lasts', json_agg(a.last_transfer)) INTO held
      FROM (SELECT * FROM accounts WHERE programme_id = programme AND customer_id = ANY (customers)
             ORDER BY customer_id, kind FOR NO KEY UPDATE) a;
    booked_at := CASE WHEN at IS NULL THEN clock_timestamp() ELSE at END;
    IF cardinality(holders) > 0 THEN
      INSERT INTO accounts (programme_id, customer_id, kind)
        SELECT programme, a.customer_id, 'held' FROM accounts a
         WHERE a.programme_id = programme AND a.customer_id = ANY (holders) AND a.kind = 'available'
           AND NOT EXISTS (SELECT FROM accounts h WHERE h.programme_id = programme AND h.customer_id = a.customer_id AND h.kind = 'held');
      -- Also those that came to be while we waited for the lock, which its statement does not see.
      SELECT json_build_object('customers', json_agg(a.customer_id), 'kinds', json_agg(a.kind), 'ids', json_agg(a.id),
               'balances', json_agg(a.balance), 'lasts', json_agg(a.last_transfer)) INTO started
        FROM accounts a WHERE a.programme_id = programme AND a.customer_id = ANY (holders) AND a.kind = 'held';
    END IF;
    SELECT json_build_object('customers', json_agg(l.customer_id), 'ids', json_agg(l.id), 'remaining', json_agg(l.remaining),
             'expiresOn', json_agg(l.expires_on)) INTO open_lots
      FROM lots l WHERE l.programme_id = programme AND l.customer_id = ANY (customers) AND l.remaining > 0;
    IF cardinality(sides) > 0 THEN
      INSERT INTO accounts (programme_id, customer_id, kind, stripe)
        SELECT programme, 0, side, pg_backend_pid() % 8 FROM unnest(sides) side
         WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.programme_id = programme AND a.customer_id = 0
                              AND a.kind = side AND a.stripe = pg_backend_pid() % 8)
         ORDER BY side ON CONFLICT ON CONSTRAINT accounts_natural_key DO NOTHING;
      SELECT json_agg(json_build_array(a.kind, a.id, a.balance, a.last_transfer)) INTO ours
        FROM (SELECT * FROM accounts WHERE programme_id = programme AND customer_id = 0 AND kind = ANY (sides)
                 AND stripe = pg_backend_pid() % 8 ORDER BY kind FOR NO KEY UPDATE) a;
    END IF;
    RETURN json_build_object('now', booked_at,
      'today', (SELECT (booked_at AT TIME ZONE p.time_zone)::date FROM programmes p WHERE p.id = programme),
      'accounts', held, 'started', started, 'lots', open_lots, 'sides', ours);
  END $$;

  -- Columns are unnested in the list of what is selected: in FROM each would be kept as a table of its own first.
  CREATE FUNCTION move_balances(programme uuid, accounts bigint[], deltas bigint[], times bigint[], lasts uuid[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
    BEGIN
      UPDATE accounts a SET balance = a.balance + u.delta, transfers = a.transfers + u.times, last_transfer = u.last
        FROM (SELECT unnest(accounts) AS id, unnest(deltas) AS delta, unnest(times) AS times, unnest(lasts) AS last) u
       WHERE a.id = u.id AND a.programme_id = programme;
    END $$;

  CREATE FUNCTION move_lots(programme uuid, customers bigint[], lots uuid[], deltas bigint[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
    BEGIN
      UPDATE lots l SET remaining = l.remaining + u.delta
        FROM (SELECT unnest(customers) AS customer, unnest(lots) AS id, unnest(deltas) AS delta) u
       WHERE l.programme_id = programme AND l.customer_id = u.customer AND l.id = u.id;
    END $$;
  REVOKE ALL ON FUNCTION open_books(uuid, bigint[], bigint[], text[], timestamptz),
    move_balances(uuid, bigint[], bigint[], bigint[], uuid[]), move_lots(uuid, bigint[], uuid[], bigint[]) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION open_books(uuid, bigint[], bigint[], text[], timestamptz),
    move_balances(uuid, bigint[], bigint[], bigint[], uuid[]), move_lots(uuid, bigint[], uuid[], bigint[]) TO gegenwert_app;`;

const OPEN_REDEMPTIONS = `
  -- A redemption as the service knows it, with the rate that it was made by.
  CREATE FUNCTION redemption_json(r redemptions, p point_rates) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('id', r.id, 'customerId', r.customer_id::text, 'orderRef', r.order_ref, 'points', r.points,
      'status', r.status, 'releasedBy', r.released_by, 'refunded', r.refunded, 'heldUntil', r.held_until, 'createdAt', r.created_at,
      'orderMinor', r.order_minor,
      'value', CASE WHEN r.rate_version IS NOT NULL THEN json_build_object('amountMinor', r.amount_minor,
        'currency', p.currency, 'taxes', p.taxes, 'rateVersion', p.version) END)
  $$;

  -- Everything that steps of redemptions are decided by: the books of the customers with these references (holders: of those
  -- who are to hold something) and of those of the redemptions with these ids; the redemptions, what they took, the rate. merged:
  -- who the customers are now that have been merged into others (customers.merged_into, merged_ref), by their references.
  -- orders: where the rate has a maximum share, what points pay already of each of these orders, each once with its customer's
  -- reference: what is held or captured by such a rate, less what was refunded (that rounded down). A hold whose time is over
  -- pays nothing, booked or not.
  CREATE FUNCTION open_redemptions(programme uuid, refs text[], holder_refs text[], ids uuid[], sides text[], order_customers text[],
      order_refs text[], at timestamptz)
    RETURNS json LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
  DECLARE
    customers bigint[];
    holders bigint[];
    known json;
    merged json;
    book json;
    rate point_rates;
    booked_at timestamptz;
    orders json;
  BEGIN
    SELECT array_agg(c.id), json_object_agg(c.ref, c.id), array_agg(c.id) FILTER (WHERE c.ref = ANY (holder_refs)),
           json_object_agg(c.ref, merged_ref(programme, c.id)) FILTER (WHERE c.merged_into IS NOT NULL)
      INTO customers, known, holders, merged FROM customers c WHERE c.programme_id = programme AND c.ref = ANY (refs);
    IF cardinality(ids) > 0 THEN
      customers := customers || ARRAY(SELECT r.customer_id FROM redemptions r WHERE r.programme_id = programme AND r.id = ANY (ids));
    END IF;
    book := open_books(programme, customers, holders, sides, at);
    SELECT * INTO rate FROM point_rates p WHERE p.programme_id = programme ORDER BY p.version DESC LIMIT 1;
    IF rate.maximum_share_percent IS NOT NULL AND cardinality(order_refs) > 0 THEN
      booked_at := book ->> 'now';
      SELECT json_agg(json_build_array(o.customer_id, o.order_ref, o.paid)) INTO orders
        FROM (SELECT r.customer_id, r.order_ref, sum(r.amount_minor - div(r.amount_minor::numeric * r.refunded, r.points)) AS paid
                FROM (SELECT unnest(order_customers) AS customer_ref, unnest(order_refs) AS order_ref) q
                JOIN customers c ON c.programme_id = programme AND c.ref = q.customer_ref
                JOIN redemptions r ON r.programme_id = programme AND r.customer_id = c.id AND r.order_ref = q.order_ref
                 AND r.order_minor IS NOT NULL AND (r.status = 'captured' OR (r.status = 'held' AND r.held_until > booked_at))
               GROUP BY r.customer_id, r.order_ref) o;
    END IF;
    RETURN json_build_object('customers', known, 'merged', merged, 'book', book,
      'redemptions', CASE WHEN cardinality(ids) > 0 THEN (
        SELECT json_agg(redemption_json(r, p))
          FROM redemptions r LEFT JOIN point_rates p ON p.programme_id = programme AND p.version = r.rate_version
         WHERE r.programme_id = programme AND r.id = ANY (ids)) END,
      'takes', CASE WHEN cardinality(ids) > 0 THEN (
        SELECT json_agg(json_build_array(m.transfer_id, m.lot_id, -m.points, l.expires_on))
          FROM lot_moves m JOIN lots l ON l.programme_id = programme AND l.customer_id = m.customer_id AND l.id = m.lot_id
         WHERE m.programme_id = programme AND m.transfer_id = ANY (ids)) END,
      'orders', orders,
      'rate', CASE WHEN rate.version IS NOT NULL THEN json_build_object('version', rate.version, 'points', rate.points,
        'amountMinor', rate.amount_minor, 'currency', rate.currency, 'taxes', rate.taxes, 'minimumPoints', rate.minimum_points,
        'maximumSharePercent', rate.maximum_share_percent) END);
  END $$;

  CREATE FUNCTION change_redemptions(programme uuid, ids uuid[], statuses text[], releasers text[], refunds bigint[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
    BEGIN
      UPDATE redemptions r SET status = u.status, released_by = u.released_by, refunded = u.refunded
        FROM (SELECT unnest(ids) AS id, unnest(statuses) AS status, unnest(releasers) AS released_by, unnest(refunds) AS refunded) u
       WHERE r.programme_id = programme AND r.id = u.id;
    END $$;
  REVOKE ALL ON FUNCTION redemption_json(redemptions, point_rates), open_redemptions(uuid, text[], text[], uuid[], text[], text[], text[], timestamptz),
    change_redemptions(uuid, uuid[], text[], text[], bigint[]) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION redemption_json(redemptions, point_rates), open_redemptions(uuid, text[], text[], uuid[], text[], text[], text[], timestamptz),
    change_redemptions(uuid, uuid[], text[], text[], bigint[]) TO gegenwert_app;`;

const VIEWS: Record<string, string> = {
  // 6: every point that is in a lot, or left it, is accounted for.
  i06_lots_add_up: `
    SELECT l.programme_id, 'lot is not what came in and what moved' AS broken, l.id::text AS what
      FROM lots l LEFT JOIN (SELECT programme_id, customer_id, lot_id, sum(points) AS points FROM lot_moves GROUP BY 1, 2, 3) m
        ON m.programme_id = l.programme_id AND m.customer_id = l.customer_id AND m.lot_id = l.id
     WHERE l.remaining <> CASE WHEN l.origin IS NULL THEN l.points ELSE 0 END + coalesce(m.points, 0)
    UNION ALL
    SELECT m.programme_id, 'move of no lot of this customer', m.transfer_id || ' ' || m.lot_id
      FROM lot_moves m LEFT JOIN lots l ON l.programme_id = m.programme_id AND l.customer_id = m.customer_id AND l.id = m.lot_id
     WHERE l.id IS NULL`,
  // 6: a transfer from or to available points moves as many in the lots of that customer; one between other accounts none.
  i06_moves_are_transfers: `
    WITH due AS (
      SELECT e.programme_id, e.transfer_id, a.customer_id, sum(e.points) AS points
        FROM entries e JOIN accounts a ON a.id = e.account_id
       WHERE a.kind = 'available' AND e.kind <> 'award' GROUP BY 1, 2, 3),
    moved AS (SELECT programme_id, transfer_id, customer_id, sum(points) AS points FROM lot_moves GROUP BY 1, 2, 3)
    SELECT coalesce(d.programme_id, m.programme_id) AS programme_id, 'lots moved by another amount than the transfer' AS broken,
           coalesce(d.transfer_id, m.transfer_id)::text AS what
      FROM due d FULL JOIN moved m ON m.programme_id = d.programme_id AND m.transfer_id = d.transfer_id AND m.customer_id = d.customer_id
     WHERE d.points IS DISTINCT FROM m.points`,
  // 7: a redemption's state is what its transfers say.
  i07_redemption_is_its_transfers: `
    WITH booked AS (
      SELECT t.programme_id, t.cause, max(t.debit_account) FILTER (WHERE t.id = t.cause) AS account,
             count(*) FILTER (WHERE t.kind = 'hold') AS holds, count(*) FILTER (WHERE t.kind = 'capture') AS captures,
             count(*) FILTER (WHERE t.kind = 'release') AS releases,
             min(t.points) FILTER (WHERE t.kind <> 'refund') AS least, max(t.points) FILTER (WHERE t.kind <> 'refund') AS most,
             coalesce(sum(t.points) FILTER (WHERE t.kind = 'refund'), 0) AS refunded
        FROM transfers t WHERE t.kind IN ('hold', 'capture', 'release', 'refund') GROUP BY 1, 2)
    SELECT coalesce(r.programme_id, b.programme_id) AS programme_id, 'redemption is not what its transfers say' AS broken,
           coalesce(r.id, b.cause)::text AS what
      FROM redemptions r FULL JOIN booked b ON b.programme_id = r.programme_id AND b.cause = r.id
      LEFT JOIN accounts a ON a.id = b.account AND a.programme_id = r.programme_id AND a.customer_id = r.customer_id AND a.kind = 'available'
     WHERE r.id IS NULL OR b.cause IS NULL OR a.id IS NULL
        OR b.holds <> CASE WHEN r.held_until IS NULL THEN 0 ELSE 1 END
        OR b.captures <> CASE r.status WHEN 'captured' THEN 1 ELSE 0 END
        OR b.releases <> CASE r.status WHEN 'released' THEN 1 ELSE 0 END
        OR b.least <> r.points OR b.most <> r.points OR b.refunded <> r.refunded`,
  // 6: what is held in accounts is what redemptions hold.
  i06_held_is_held: `
    SELECT a.programme_id, 'held points are not those of the redemptions' AS broken, a.id::text AS what
      FROM accounts a LEFT JOIN (SELECT programme_id, customer_id, sum(points) AS points FROM redemptions WHERE status = 'held' GROUP BY 1, 2) r
        ON r.programme_id = a.programme_id AND r.customer_id = a.customer_id
     WHERE a.kind = 'held' AND a.balance <> coalesce(r.points, 0)`,
  // 6: the value of a redemption is never more than its rate says.
  i06_value_by_the_rate: `
    SELECT r.programme_id, 'value is not what the rate says' AS broken, r.id::text AS what
      FROM redemptions r LEFT JOIN point_rates p ON p.programme_id = r.programme_id AND p.version = r.rate_version
     WHERE r.rate_version IS NOT NULL AND (p.version IS NULL OR r.amount_minor <> floor(r.points::numeric * p.amount_minor / p.points))`,
  // 6: points never pay more of an order than the share of it that they may.
  i06_share_of_the_order: `
    SELECT r.programme_id, 'points pay more than their share of an order' AS broken, min(r.id::text) AS what
      FROM redemptions r LEFT JOIN point_rates p ON p.programme_id = r.programme_id AND p.version = r.rate_version
     WHERE r.order_minor IS NOT NULL
     GROUP BY r.programme_id, r.customer_id, r.order_ref
    HAVING sum(r.amount_minor - div(r.amount_minor::numeric * r.refunded, r.points))
             FILTER (WHERE r.status = 'captured' OR (r.status = 'held' AND r.held_until > now()))
         > coalesce(max(div(r.order_minor::numeric * p.maximum_share_percent, 100)), 0)`,
};
