import { MigrationInterface, QueryRunner } from 'typeorm';

/** What explains a point to customers, and all of them to accountants: where lots come from, periods, and what must agree. */
export class AccountForPoints1764000000012 implements MigrationInterface {
  name = 'AccountForPoints1764000000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(INDEXES);
    await runner.query(
      'CREATE SCHEMA reconciliation; GRANT USAGE ON SCHEMA reconciliation TO gegenwert_app, gegenwert_audit',
    );
    for (const [name, select] of Object.entries(VIEWS)) {
      await runner.query(`CREATE VIEW reconciliation.${name} WITH (security_invoker = true) AS ${select};
        GRANT SELECT ON reconciliation.${name} TO gegenwert_app, gegenwert_audit`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA reconciliation CASCADE; DROP INDEX lots_derived, transfers_booked');
  }
}

const INDEXES = `
  -- From a lot to the one that it goes on with, whoever's that is: a merge takes lots from one customer to another. Lots that
  -- an award opened are not in it, so posting pays nothing.
  CREATE INDEX lots_derived ON lots (programme_id, id) WHERE origin IS NOT NULL;

  -- Periods are found by the blocks that they were booked in: transfers come in almost in the order of their time, and such
  -- an index is not written for each of them.
  CREATE INDEX transfers_booked ON transfers USING brin (booked_at) WITH (pages_per_range = 16, autosummarize = on);`;

/**
 * What two sides say of the same thing, row by row where they differ: each view must be empty. ids: what it is about, by
 * what it is. Row-level security is the caller's, so a programme sees its own, and whoever audits sees all.
 */
const VIEWS: Record<string, string> = {
  budgets_and_awards: `
    SELECT b.programme_id, format('offer has promised %s, its awards come to %s', b.promised, coalesce(w.awarded, 0)) AS what,
           jsonb_build_object('offer', b.offer_id) AS ids
      FROM (SELECT programme_id, offer_id, sum(promised) AS promised FROM offer_budgets GROUP BY 1, 2) b
      LEFT JOIN (SELECT s.programme_id, s.offer_id, sum(CASE w.kind WHEN 'points' THEN w.points WHEN 'discount' THEN 1 ELSE 0 END) AS awarded
                   FROM shares s JOIN awards w ON w.programme_id = s.programme_id AND w.id = s.id GROUP BY 1, 2) w
        ON w.programme_id = b.programme_id AND w.offer_id = b.offer_id
     WHERE b.promised <> coalesce(w.awarded, 0)`,
  awards_and_ledger: `
    SELECT coalesce(w.programme_id, t.programme_id) AS programme_id,
           CASE WHEN w.id IS NULL THEN format('%s points booked for no award', t.points)
                WHEN t.id IS NULL THEN format('%s points promised, neither booked nor owed', w.points)
                WHEN o.id IS NOT NULL THEN format('%s points booked, and still owed', t.points)
                WHEN t.points <> w.points THEN format('%s points promised, %s booked', w.points, t.points)
                WHEN l.id IS NULL THEN 'points booked without a lot'
                ELSE 'points booked for another customer' END AS what,
           CASE WHEN w.id IS NULL THEN jsonb_build_object('transfer', t.id) ELSE jsonb_build_object('award', w.id) END AS ids
      FROM (SELECT programme_id, id, customer_id, points FROM awards WHERE kind = 'points') w
      FULL JOIN (SELECT programme_id, id, points, credit_account FROM transfers WHERE kind = 'award') t
        ON t.programme_id = w.programme_id AND t.id = w.id
      LEFT JOIN (SELECT programme_id, id FROM outbox WHERE topic = 'points') o ON o.programme_id = w.programme_id AND o.id = w.id
      LEFT JOIN accounts a ON a.id = t.credit_account
      LEFT JOIN lots l ON l.programme_id = w.programme_id AND l.customer_id = w.customer_id AND l.id = w.id AND l.points = w.points
     WHERE w.id IS NULL OR CASE WHEN t.id IS NULL THEN o.id IS NULL
       ELSE o.id IS NOT NULL OR t.points <> w.points OR l.id IS NULL OR a.customer_id IS DISTINCT FROM w.customer_id END`,
  awards_and_codes: `
    SELECT coalesce(w.programme_id, d.programme_id) AS programme_id,
           CASE WHEN w.id IS NULL THEN 'code for no award'
                WHEN d.code IS NULL THEN 'code promised, neither made nor owed'
                WHEN o.id IS NOT NULL THEN 'code made, and still owed'
                ELSE 'code is worth something else than was promised' END AS what,
           jsonb_build_object('award', coalesce(w.id, d.award_id)) AS ids
      FROM (SELECT programme_id, id, discount FROM awards WHERE kind = 'discount') w
      FULL JOIN discount_codes d ON d.programme_id = w.programme_id AND d.award_id = w.id
      LEFT JOIN (SELECT programme_id, id FROM outbox WHERE topic = 'discount') o ON o.programme_id = w.programme_id AND o.id = w.id
     WHERE w.id IS NULL OR CASE WHEN d.code IS NULL THEN o.id IS NULL ELSE o.id IS NOT NULL OR d.terms <> w.discount END`,
  redemptions_and_ledger: `
    SELECT coalesce(r.programme_id, t.programme_id) AS programme_id,
           CASE WHEN r.id IS NULL THEN 'points taken for no redemption'
                WHEN t.cause IS NULL THEN 'redemption that no points were taken for'
                ELSE format('redemption of %s points is %s with %s refunded, the ledger took %s, spent %s, gave back %s and %s',
                            r.points, r.status, r.refunded, t.taken, t.spent, t.released, t.refunded) END AS what,
           jsonb_build_object('redemption', coalesce(r.id, t.cause)) AS ids
      FROM redemptions r
      FULL JOIN (SELECT programme_id, cause, sum(points) FILTER (WHERE id = cause) AS taken,
                        coalesce(sum(points) FILTER (WHERE kind = 'capture'), 0) AS spent,
                        coalesce(sum(points) FILTER (WHERE kind = 'release'), 0) AS released,
                        coalesce(sum(points) FILTER (WHERE kind = 'refund'), 0) AS refunded
                   FROM transfers WHERE kind IN ('hold', 'capture', 'release', 'refund') GROUP BY 1, 2) t
        ON t.programme_id = r.programme_id AND t.cause = r.id
     WHERE r.id IS NULL OR t.cause IS NULL OR t.taken IS DISTINCT FROM r.points OR t.refunded <> r.refunded
        OR t.spent <> CASE r.status WHEN 'captured' THEN r.points ELSE 0 END
        OR t.released <> CASE r.status WHEN 'released' THEN r.points ELSE 0 END`,
  balances_and_lots: `
    SELECT a.programme_id, CASE a.kind WHEN 'available' THEN format('%s points available, %s in lots', a.balance, coalesce(l.points, 0))
             ELSE format('%s points held, %s for redemptions', a.balance, coalesce(r.points, 0)) END AS what,
           jsonb_build_object('account', a.id) AS ids
      FROM accounts a
      LEFT JOIN (SELECT programme_id, customer_id, sum(remaining) AS points FROM lots GROUP BY 1, 2) l
        ON a.kind = 'available' AND l.programme_id = a.programme_id AND l.customer_id = a.customer_id
      LEFT JOIN (SELECT programme_id, customer_id, sum(points) AS points FROM redemptions WHERE status = 'held' GROUP BY 1, 2) r
        ON a.kind = 'held' AND r.programme_id = a.programme_id AND r.customer_id = a.customer_id
     WHERE a.customer_id <> 0 AND a.balance <> coalesce(l.points, r.points, 0)
    UNION ALL
    SELECT l.programme_id, format('%s points in lots of a customer without an account', sum(l.remaining)), jsonb_build_object('customer', l.customer_id)
      FROM lots l WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.programme_id = l.programme_id AND a.customer_id = l.customer_id AND a.kind = 'available')
     GROUP BY l.programme_id, l.customer_id HAVING sum(l.remaining) > 0`,
  balances_and_transfers: `
    SELECT a.programme_id, format('balance of %s is %s, its transfers come to %s', a.kind, a.balance, coalesce(e.points, 0)) AS what,
           jsonb_build_object('account', a.id) AS ids
      FROM accounts a LEFT JOIN (SELECT programme_id, account_id, sum(points) AS points FROM entries GROUP BY 1, 2) e
        ON e.programme_id = a.programme_id AND e.account_id = a.id
     WHERE a.balance <> coalesce(e.points, 0)`,
};
