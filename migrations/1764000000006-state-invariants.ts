import { MigrationInterface, QueryRunner } from 'typeorm';
import { publishInvariants } from './hand-over';

/**
 * The invariants of the domain as views that must be empty, whatever happened: tests look at them after every fault,
 * operators with `npm run verify`. Each row says which rule of the programme is broken and by what. The numbers are
 * those of docs/domain-language.md.
 */
const VIEWS: Record<string, string> = {
  // 2: consents, values, award and what is owed are one.
  i02_all_or_nothing: `
    SELECT s.programme_id, 'share without its award' AS broken, s.id::text AS what
      FROM shares s LEFT JOIN awards a ON a.programme_id = s.programme_id AND a.id = s.id WHERE a.id IS NULL
    UNION ALL
    SELECT v.programme_id, 'value without a consent', v.customer_id || ' ' || v.attribute
      FROM vault_values v WHERE NOT EXISTS (SELECT FROM consents c WHERE c.programme_id = v.programme_id
        AND c.customer_id = v.customer_id AND c.attribute = v.attribute)
    UNION ALL
    SELECT c.programme_id, 'consent of another customer than its share', c.id::text
      FROM consents c JOIN shares s ON s.programme_id = c.programme_id AND s.id = c.share_id WHERE s.customer_id <> c.customer_id`,
  // 4 and 5: no release but under a consent that was active, and for the purpose it was given for.
  i05_release_has_consent: `
    SELECT d.programme_id, 'released under no consent for this purpose that was active then' AS broken, d.id::text AS what
      FROM disclosures d CROSS JOIN LATERAL unnest(d.attributes) AS a(attribute)
     WHERE NOT EXISTS (SELECT FROM consents c WHERE c.programme_id = d.programme_id AND c.customer_id = d.customer_id
        AND c.id = ANY (d.consents) AND c.purpose = d.purpose AND c.attribute = a.attribute AND d.recipient_id = ANY (c.recipients)
        AND (c.ended_at IS NULL OR c.ended_at >= d.at))`,
  // 6: sums, folds and chains of the ledger.
  i06_zero_sum: `
    SELECT a.programme_id, 'accounts do not add up to 0' AS broken, sum(a.balance)::text AS what
      FROM accounts a GROUP BY a.programme_id HAVING sum(a.balance) <> 0
    UNION ALL
    SELECT a.programme_id, 'balance is not the fold of its entries', a.id::text
      FROM accounts a LEFT JOIN (SELECT account_id, sum(points) AS points, count(*) AS times FROM entries GROUP BY account_id) e
        ON e.account_id = a.id
     WHERE a.balance <> coalesce(e.points, 0) OR a.transfers <> coalesce(e.times, 0)
    UNION ALL
    SELECT e.programme_id, 'entry does not follow from the one before', e.transfer_id::text
      FROM entries e LEFT JOIN entries p ON p.account_id = e.account_id AND p.transfer_id = e.previous
     WHERE e.balance_after <> coalesce(p.balance_after, 0) + e.points OR (e.previous IS NOT NULL AND p.transfer_id IS NULL)
    UNION ALL
    SELECT a.programme_id, 'open lots are not the available points', a.id::text
      FROM accounts a LEFT JOIN (SELECT programme_id, customer_id, sum(remaining) AS points FROM lots GROUP BY 1, 2) l
        ON l.programme_id = a.programme_id AND l.customer_id = a.customer_id
     WHERE a.kind = 'available' AND a.balance <> coalesce(l.points, 0)`,
  // 7: one transfer an award, and only what was promised.
  i07_one_effect: `
    SELECT t.programme_id, 'transfer is not what was promised' AS broken, t.id::text AS what
      FROM transfers t LEFT JOIN awards w ON w.programme_id = t.programme_id AND w.id = t.cause
      LEFT JOIN accounts a ON a.id = t.credit_account
     WHERE t.kind = 'award' AND (w.id IS NULL OR w.points IS DISTINCT FROM t.points OR a.customer_id IS DISTINCT FROM w.customer_id)
    UNION ALL
    SELECT d.programme_id, 'code that was not promised', d.award_id::text
      FROM discount_codes d JOIN awards w ON w.programme_id = d.programme_id AND w.id = d.award_id WHERE w.kind <> 'discount'`,
  // 8: promised never exceeds the budget (a CHECK), and is what the awards say.
  i08_budgets_hold: `
    SELECT b.programme_id, 'promised is not the sum of the awards' AS broken, b.offer_id::text AS what
      FROM (SELECT programme_id, offer_id, sum(promised) AS promised FROM offer_budgets GROUP BY 1, 2) b
      LEFT JOIN (SELECT s.programme_id, s.offer_id, sum(CASE w.kind WHEN 'points' THEN w.points WHEN 'discount' THEN 1 ELSE 0 END) AS awarded
                   FROM shares s JOIN awards w ON w.programme_id = s.programme_id AND w.id = s.id GROUP BY 1, 2) s
        ON s.programme_id = b.programme_id AND s.offer_id = b.offer_id
     WHERE b.promised <> coalesce(s.awarded, 0)`,
  // 10: a value that no active consent covers is gone, or its erasure is owed; what the journal names is gone.
  // A version is only one value's: without its programme the two sides of the second half meet in a hash, whatever is known of them.
  i10_erased_is_gone: `
    SELECT v.programme_id, 'value that nothing covers and no erasure is owed for' AS broken, v.version::text AS what
      FROM vault_values v
     WHERE NOT EXISTS (SELECT FROM consents c WHERE c.programme_id = v.programme_id AND c.customer_id = v.customer_id
             AND c.attribute = v.attribute AND c.status = 'active')
       AND NOT EXISTS (SELECT FROM outbox o JOIN revocations r ON r.programme_id = o.programme_id AND r.id = o.id
            WHERE o.programme_id = v.programme_id AND o.topic = 'erasure' AND r.customer_id = v.customer_id)
    UNION ALL
    SELECT v.programme_id, 'erased value is back', v.version::text
      FROM vault_values v WHERE v.version IN (SELECT j.version FROM erasure_journal j)`,
  // 11: exactly one notice (a UNIQUE) to each recipient that got something under what was ended, and to no other.
  i11_everyone_told: `
    WITH got AS (
      SELECT DISTINCT c.programme_id, c.revocation_id, d.recipient_id
        FROM consents c JOIN disclosures d ON d.programme_id = c.programme_id AND d.customer_id = c.customer_id AND c.id = ANY (d.consents)
       WHERE c.revocation_id IS NOT NULL)
    SELECT coalesce(g.programme_id, n.programme_id) AS programme_id,
           CASE WHEN n.id IS NULL THEN 'recipient is owed no notice' ELSE 'notice to one that got nothing' END AS broken,
           coalesce(g.revocation_id, n.revocation_id) || ' ' || coalesce(g.recipient_id, n.recipient_id) AS what
      FROM got g FULL JOIN revocation_notices n ON n.programme_id = g.programme_id AND n.revocation_id = g.revocation_id
        AND n.recipient_id = g.recipient_id
     WHERE g.programme_id IS NULL OR n.programme_id IS NULL`,
  // 12: what is not done is owed, what is owed is not done: the database alone says so.
  i12_owed_or_done: `
    SELECT w.programme_id, 'promised, neither booked nor owed' AS broken, w.id::text AS what
      FROM awards w
      LEFT JOIN transfers t ON t.programme_id = w.programme_id AND t.id = w.id
      LEFT JOIN discount_codes d ON d.programme_id = w.programme_id AND d.award_id = w.id
      LEFT JOIN outbox o ON o.programme_id = w.programme_id AND o.topic = w.kind AND o.id = w.id
     WHERE w.kind <> 'none' AND num_nonnulls(t.id, d.award_id, o.id) <> 1
    UNION ALL
    SELECT r.programme_id, 'revocation neither erased nor owed its erasure', r.id::text
      FROM revocations r LEFT JOIN outbox o ON o.programme_id = r.programme_id AND o.topic = 'erasure' AND o.id = r.id
     WHERE (r.status = 'blocked') <> (o.id IS NOT NULL)`,
  // 13: no row refers to another programme's, and no table of a programme is without its guard.
  i13_tenants_never_meet: `
    SELECT t.programme_id, 'transfer between programmes' AS broken, t.id::text AS what
      FROM transfers t JOIN accounts d ON d.id = t.debit_account JOIN accounts c ON c.id = t.credit_account
     WHERE d.programme_id <> t.programme_id OR c.programme_id <> t.programme_id
    UNION ALL
    SELECT NULL, 'table without forced row-level security', c.oid::regclass::text
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'programme_id' AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
  // 15: every state of a consent has its event.
  i15_history_complete: `
    SELECT c.programme_id, 'consent without the event that gave it' AS broken, c.id::text AS what
      FROM consents c WHERE NOT EXISTS (SELECT FROM consent_events e WHERE e.programme_id = c.programme_id
        AND e.customer_id = c.customer_id AND e.event = 'given' AND e.share_id = c.share_id AND c.id = ANY (e.consents))
    UNION ALL
    SELECT c.programme_id, 'consent ended without an event', c.id::text
      FROM consents c WHERE c.status <> 'active' AND NOT EXISTS (SELECT FROM consent_events e
        WHERE e.programme_id = c.programme_id AND e.customer_id = c.customer_id AND e.event = c.status AND c.id = ANY (e.consents))`,
};

export class StateInvariants1764000000006 implements MigrationInterface {
  name = 'StateInvariants1764000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE SCHEMA invariants; GRANT USAGE ON SCHEMA invariants TO gegenwert_audit; GRANT SELECT ON entries TO gegenwert_audit;',
    );
    await publishInvariants(runner, VIEWS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA invariants CASCADE');
  }
}
