import { MigrationInterface, QueryRunner } from 'typeorm';

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
    for (const [name, select] of Object.entries(VIEWS)) {
      await runner.query(`GRANT CREATE ON SCHEMA invariants TO gegenwert_audit;
        CREATE VIEW invariants.${name} AS ${select}; ALTER VIEW invariants.${name} OWNER TO gegenwert_audit;
        REVOKE CREATE ON SCHEMA invariants FROM gegenwert_audit`);
    }
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

  -- Once for each cause. Awards stay out of it (their id is their cause), and so do holds: posting pays nothing.
  CREATE UNIQUE INDEX transfers_once_a_cause ON transfers (programme_id, cause, kind)
    WHERE kind IN ('capture', 'release', 'expiry', 'reversal', 'forfeit');
  ALTER TABLE transfers ADD CONSTRAINT transfers_hold_is_its_cause CHECK (kind <> 'hold' OR cause = id);`;

const REDEMPTIONS = `
  -- The transfer that takes the points (the hold, or the capture at once) has the redemption's own id, so it happens once
  -- and its lot moves are found without another index; capture of a hold, release and refunds have it as their cause.
  -- held_until is there for those that were held first, whatever became of them. No foreign key to the customer: a
  -- redemption is written under the lock of the customer's account, which is there before. amount_minor is what the points
  -- were worth by that version of the rate, whose currency and taxes say the rest.
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
    created_at timestamptz NOT NULL,
    CONSTRAINT redemptions_pk PRIMARY KEY (programme_id, id),
    CONSTRAINT redemptions_held_first CHECK (status = 'captured' OR held_until IS NOT NULL),
    CONSTRAINT redemptions_released_by_someone CHECK ((status = 'released') = (released_by IS NOT NULL)),
    CONSTRAINT redemptions_refunded_within CHECK (refunded BETWEEN 0 AND CASE status WHEN 'captured' THEN points ELSE 0 END),
    CONSTRAINT redemptions_value_by_a_rate CHECK ((rate_version IS NULL) = (amount_minor IS NULL))
  ) WITH (fillfactor = 90);
  CALL keep_tenants_apart('redemptions');
  GRANT SELECT, INSERT, UPDATE (status, released_by, refunded) ON redemptions TO gegenwert_app;
  CREATE INDEX redemptions_held ON redemptions (programme_id, held_until) WHERE status = 'held';
  -- held → captured or released, once; what was refunded stays refunded; what it was for never changes.
  CREATE TRIGGER redemptions_one_way BEFORE UPDATE ON redemptions FOR EACH ROW
    WHEN ((OLD.status <> 'held' AND OLD.status <> NEW.status) OR NEW.refunded < OLD.refunded OR OLD.id <> NEW.id
      OR OLD.points <> NEW.points OR OLD.order_ref <> NEW.order_ref OR OLD.held_until IS DISTINCT FROM NEW.held_until
      OR OLD.rate_version IS DISTINCT FROM NEW.rate_version OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor)
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
};
