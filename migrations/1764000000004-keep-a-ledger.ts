import { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The ledger. A transfer is one row that names the account it debits, the account it credits and a positive amount: its
 * two entries add up to 0 because nothing else can be written down, and it cannot grow. `entries` shows them one by one.
 */
export class KeepALedger1764000000004 implements MigrationInterface {
  name = 'KeepALedger1764000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Customer accounts (available, held) never go below 0; the programme's own are where points come from and go to,
      -- striped so that two workers that post for one programme do not wait for each other. No foreign key to the programme:
      -- everyone's first points would check it.
      CREATE TABLE accounts (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT accounts_pk PRIMARY KEY,
        programme_id uuid NOT NULL,
        customer_id bigint NOT NULL DEFAULT 0,
        kind text NOT NULL,
        stripe smallint NOT NULL DEFAULT 0,
        balance bigint NOT NULL DEFAULT 0,
        transfers bigint NOT NULL DEFAULT 0,
        last_transfer uuid,
        CONSTRAINT accounts_natural_key UNIQUE (programme_id, customer_id, kind, stripe),
        CONSTRAINT accounts_kind_known CHECK (
          CASE WHEN customer_id = 0 THEN kind IN ('issued', 'redeemed', 'expired', 'reversed')
               ELSE kind IN ('available', 'held') AND stripe = 0 END),
        CONSTRAINT accounts_never_overdrawn CHECK (customer_id = 0 OR balance >= 0),
        CONSTRAINT accounts_last_transfer CHECK ((transfers = 0) = (last_transfer IS NULL))
      ) WITH (fillfactor = 70);
      CALL keep_tenants_apart('accounts');
      GRANT SELECT, INSERT, UPDATE (balance, transfers, last_transfer) ON accounts TO gegenwert_app;

      -- debit_previous, credit_previous: the transfer before this one on that account. A customer's entries are read by
      -- walking back from the account, so that no index by customer is kept on the write path.
      CREATE TABLE transfers (
        programme_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL CONSTRAINT transfers_kind_known
          CHECK (kind IN ('award', 'hold', 'capture', 'release', 'refund', 'expiry', 'reversal', 'forfeit')),
        cause uuid NOT NULL,
        points bigint NOT NULL CONSTRAINT transfers_points_positive CHECK (points > 0),
        debit_account bigint NOT NULL,
        debit_balance bigint NOT NULL,
        debit_previous uuid,
        credit_account bigint NOT NULL,
        credit_balance bigint NOT NULL,
        credit_previous uuid,
        booked_at timestamptz NOT NULL,
        CONSTRAINT transfers_pk PRIMARY KEY (programme_id, id),
        CONSTRAINT transfers_two_accounts CHECK (debit_account <> credit_account),
        CONSTRAINT transfers_award_is_its_cause CHECK (kind <> 'award' OR cause = id)
      );
      CALL keep_tenants_apart('transfers');
      CALL keep_forever('transfers');
      GRANT SELECT, INSERT ON transfers TO gegenwert_app;

      CREATE VIEW entries WITH (security_invoker = true) AS
        SELECT programme_id, id AS transfer_id, debit_account AS account_id, -points AS points,
               debit_balance AS balance_after, debit_previous AS previous, kind, cause, booked_at FROM transfers
        UNION ALL
        SELECT programme_id, id, credit_account, points, credit_balance, credit_previous, kind, cause, booked_at FROM transfers;
      GRANT SELECT ON entries TO gegenwert_app;

      -- Points that came in together and expire together, by the transfer that brought them. expires_on is the last day
      -- on which they can be spent, in the programme's time zone.
      CREATE TABLE lots (
        programme_id uuid NOT NULL,
        customer_id bigint NOT NULL,
        id uuid NOT NULL,
        points bigint NOT NULL CONSTRAINT lots_points_positive CHECK (points > 0),
        remaining bigint NOT NULL,
        expires_on date,
        CONSTRAINT lots_pk PRIMARY KEY (programme_id, customer_id, id),
        CONSTRAINT lots_remaining_within CHECK (remaining BETWEEN 0 AND points)
      ) WITH (fillfactor = 90);
      CALL keep_tenants_apart('lots');
      -- What a lot was, and until when it counts, is fixed when it is issued (neither revocation nor refund shortens it).
      GRANT SELECT, INSERT, UPDATE (remaining) ON lots TO gegenwert_app;
      -- AFTER, as it only refuses: a trigger BEFORE has each row locked once more, whether it fires or not.
      CREATE TRIGGER lots_fixed AFTER UPDATE ON lots FOR EACH ROW
        WHEN (OLD.expires_on IS DISTINCT FROM NEW.expires_on OR OLD.points <> NEW.points OR OLD.id <> NEW.id)
        EXECUTE FUNCTION refuse_change();

      CREATE TABLE discount_codes (
        programme_id uuid NOT NULL,
        code text NOT NULL CONSTRAINT discount_codes_crockford CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{12}$'),
        award_id uuid NOT NULL,
        terms jsonb NOT NULL,
        status text NOT NULL DEFAULT 'open' CONSTRAINT discount_codes_status_known CHECK (status IN ('open', 'reserved', 'redeemed')),
        issued_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT discount_codes_pk PRIMARY KEY (programme_id, code),
        CONSTRAINT discount_codes_one_an_award UNIQUE (programme_id, award_id),
        CONSTRAINT discount_codes_award_fk FOREIGN KEY (programme_id, award_id) REFERENCES awards
      );
      CALL keep_tenants_apart('discount_codes');
      GRANT SELECT, INSERT, UPDATE (status) ON discount_codes TO gegenwert_app;

      /*
       * Posts up to batch owed awards of one programme in one statement, and says how many it found: fewer than asked
       * means that nothing more is owed. Everything rides on the outbox row: it is deleted in the transaction that writes
       * the transfer, another worker skips it while that runs, and the transfer's key is the award's own.
       *
       * Customer accounts are locked in sorted order and written once; the programme's side is one account a worker
       * (a stripe), touched once a batch, last.
       *
       * Of several lanes each takes the awards of customers of its own, and has other stripes: none waits for another. Without that
       * two batches would meet in some customer, and the one that comes later wait for the other's COMMIT.
       *
       * With single, it is that award and no other, whose row in the outbox the caller has locked.
       */
      CREATE TYPE owed_award AS (id uuid, customer_id bigint, points bigint, expires_on date);
      CREATE TYPE open_account AS (id bigint, customer_id bigint, balance bigint, last_transfer uuid);

      -- Both walk indexes row by row, whatever the tables' sizes and however old their statistics are.
      CREATE FUNCTION take_owed_awards(programme uuid, batch integer, lane integer, lanes integer, single uuid) RETURNS SETOF owed_award
        LANGUAGE sql VOLATILE ROWS 1000 SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
          WITH gone AS (
            DELETE FROM outbox WHERE ctid = ANY (CASE WHEN single IS NOT NULL THEN ARRAY(
              SELECT o.ctid FROM outbox o WHERE o.programme_id = programme AND o.topic = 'points' AND o.id = single)
            WHEN lanes = 1 THEN ARRAY(
              SELECT o.ctid FROM outbox o WHERE o.programme_id = programme AND o.topic = 'points'
                 AND (o.not_before IS NULL OR o.not_before <= now())
               ORDER BY o.id LIMIT batch FOR UPDATE SKIP LOCKED)
            ELSE ARRAY( -- of the first for all lanes, so that a lane that has few looks no further than the others get
              SELECT o.ctid FROM outbox o WHERE o.programme_id = programme AND o.ctid = ANY (ARRAY(
                     SELECT f.ctid FROM outbox f WHERE f.programme_id = programme AND f.topic = 'points'
                        AND (f.not_before IS NULL OR f.not_before <= now()) ORDER BY f.id LIMIT batch * lanes))
                 AND (SELECT w.customer_id % lanes = lane FROM awards w WHERE w.programme_id = programme AND w.id = o.id)
               LIMIT batch FOR UPDATE SKIP LOCKED) END)
            RETURNING id)
          SELECT a.id, a.customer_id, a.points, a.expires_on FROM gone g
            JOIN awards a ON a.programme_id = programme AND a.id = g.id AND a.kind = 'points'
        $$;

      CREATE FUNCTION lock_available_accounts(programme uuid, customers bigint[]) RETURNS SETOF open_account
        LANGUAGE sql VOLATILE ROWS 1000 SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
          SELECT a.id, a.customer_id, a.balance, a.last_transfer FROM accounts a
           WHERE a.programme_id = programme AND a.customer_id = ANY (customers) AND a.kind = 'available'
           ORDER BY a.customer_id FOR NO KEY UPDATE
        $$;

      CREATE FUNCTION post_awards(programme uuid, batch integer, lane integer, lanes integer, single uuid) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
      DECLARE
        own_stripe integer := lane * (8 / lanes) + pg_backend_pid() % (8 / lanes);
        owed owed_award[];
        customers bigint[];
        held open_account[];
        opened open_account[] := '{}';
        source accounts;
      BEGIN
        PERFORM set_config('gegenwert.programme', programme::text, true);
        owed := ARRAY(SELECT t FROM take_owed_awards(programme, batch, lane, lanes, single) t ORDER BY t.customer_id, t.id);
        IF cardinality(owed) = 0 THEN RETURN 0; END IF;
        customers := ARRAY(SELECT DISTINCT o.customer_id FROM unnest(owed) o ORDER BY 1);
        held := ARRAY(SELECT a FROM lock_available_accounts(programme, customers) a);
        IF cardinality(held) < cardinality(customers) THEN -- someone's first points: the account opens with them
          WITH made AS (
            INSERT INTO accounts (programme_id, customer_id, kind, balance, transfers, last_transfer)
              SELECT programme, o.customer_id, 'available', sum(o.points), count(*), (array_agg(o.id ORDER BY o.id DESC))[1]
                FROM unnest(owed) o WHERE o.customer_id NOT IN (SELECT h.customer_id FROM unnest(held) h)
               GROUP BY o.customer_id ORDER BY o.customer_id
              ON CONFLICT ON CONSTRAINT accounts_natural_key DO NOTHING RETURNING id, customer_id)
          SELECT coalesce(array_agg(ROW(made.id, made.customer_id, 0, NULL)::open_account), '{}') INTO opened FROM made;
          IF cardinality(held) + cardinality(opened) < cardinality(customers) THEN -- another has opened some meanwhile
            held := ARRAY(SELECT a FROM lock_available_accounts(programme, customers) a
                           WHERE a.customer_id NOT IN (SELECT n.customer_id FROM unnest(opened) n));
          END IF;
        END IF;

        INSERT INTO lots (programme_id, customer_id, id, points, remaining, expires_on)
          SELECT programme, o.customer_id, o.id, o.points, o.points, o.expires_on FROM unnest(owed) o;

        SELECT * INTO source FROM accounts a WHERE a.programme_id = programme AND a.customer_id = 0
           AND a.kind = 'issued' AND a.stripe = own_stripe FOR NO KEY UPDATE;
        IF NOT FOUND THEN
          INSERT INTO accounts (programme_id, customer_id, kind, stripe) VALUES (programme, 0, 'issued', own_stripe)
            ON CONFLICT ON CONSTRAINT accounts_natural_key DO UPDATE SET balance = accounts.balance RETURNING * INTO source;
        END IF;

        WITH posted AS (
          SELECT o.id, o.points, a.id AS account,
                 a.balance + sum(o.points) OVER customer AS balance,
                 coalesce(lag(o.id) OVER customer, a.last_transfer) AS previous,
                 source.balance - sum(o.points) OVER batch AS source_balance,
                 coalesce(lag(o.id) OVER batch, source.last_transfer) AS source_previous
            FROM unnest(owed) o JOIN unnest(held || opened) a ON a.customer_id = o.customer_id
          WINDOW customer AS (PARTITION BY o.customer_id ORDER BY o.id ROWS UNBOUNDED PRECEDING),
                 batch AS (ORDER BY o.customer_id, o.id ROWS UNBOUNDED PRECEDING))
        INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, debit_previous,
                               credit_account, credit_balance, credit_previous, booked_at)
          SELECT programme, p.id, 'award', p.id, p.points, source.id, p.source_balance, p.source_previous,
                 p.account, p.balance, p.previous, now() FROM posted p;

        UPDATE accounts a SET balance = a.balance + s.points, transfers = a.transfers + s.times, last_transfer = s.last
          FROM (SELECT c.id, sum(o.points) AS points, count(*) AS times, (array_agg(o.id ORDER BY o.id DESC))[1] AS last
                  FROM unnest(owed) o JOIN unnest(held) c ON c.customer_id = o.customer_id GROUP BY c.id) s
         WHERE a.id = s.id;
        UPDATE accounts a SET balance = a.balance - s.points, transfers = a.transfers + cardinality(owed), last_transfer = s.last
          FROM (SELECT sum(o.points) AS points, (array_agg(o.id ORDER BY o.customer_id DESC, o.id DESC))[1] AS last
                  FROM unnest(owed) o) s
         WHERE a.id = source.id;
        RETURN cardinality(owed);
      END $$;
      REVOKE ALL ON FUNCTION take_owed_awards(uuid, integer, integer, integer, uuid), lock_available_accounts(uuid, bigint[]), post_awards(uuid, integer, integer, integer, uuid) FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION take_owed_awards(uuid, integer, integer, integer, uuid), lock_available_accounts(uuid, bigint[]), post_awards(uuid, integer, integer, integer, uuid) TO gegenwert_app;
    `);
  }

  async down(): Promise<void> {
    throw new Error('A ledger is not unwritten: restore a backup instead.');
  }
}
