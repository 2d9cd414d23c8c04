import { lockCustomersById } from '../consents/core';
import { balanceOf, moveAll, moveBack, openBook, writeBook } from '../ledger';
import { peek, settle } from '../outbox';
import type { Database, Statement, Tx } from '../platform/database';
import { requireMerge } from './merge-rows';

/** A merge (uuid) and its customers (bigint, as text). */
export interface Between {
  id: string;
  fromId: string;
  intoId: string;
}

const OPEN_ACCOUNT: Statement = {
  name: 'open_account_to_merge',
  text: `INSERT INTO accounts (programme_id, customer_id, kind) VALUES ($1, $2, 'available')
         ON CONFLICT ON CONSTRAINT accounts_natural_key DO NOTHING`,
};
const MOVED: Statement = {
  name: 'points_of_merge',
  // The lots that the merge made, and those that go on with them, also with whoever the other was merged into for a while; what
  // ended of them would have ended without the merge as well, and so would what staff took back of the one's awards, whoever had
  // it then.
  text: `WITH RECURSIVE moved AS MATERIALIZED (
           SELECT t.id, t.points FROM transfers t WHERE t.programme_id = $1 AND t.cause = $2 AND t.kind = 'merge'),
         made AS MATERIALIZED (
           SELECT DISTINCT l.id, l.origin, l.customer_id, l.expires_on FROM moved t
             JOIN lot_moves v ON v.programme_id = $1 AND v.transfer_id = t.id AND v.customer_id = $3 AND v.points > 0
             JOIN lots l ON l.programme_id = $1 AND l.customer_id = $3 AND l.id = v.lot_id),
         ones AS (
           SELECT $5::bigint AS id
           UNION SELECT c.id FROM ones o JOIN customers c ON c.programme_id = $1 AND c.merged_into = o.id),
         others AS (
           SELECT $3::bigint AS id
           UNION SELECT m.into_id FROM others o JOIN merges m ON m.programme_id = $1 AND m.from_id = o.id),
         family AS (
           SELECT id, customer_id, expires_on FROM made
           UNION SELECT l.id, l.customer_id, l.expires_on FROM family f
             JOIN lots l ON l.programme_id = $1 AND l.customer_id IN (SELECT id FROM others) AND l.origin = f.id),
         ended AS MATERIALIZED (
           SELECT f.id FROM family f
            WHERE f.customer_id = $3 OR ended_in_merge($1, ARRAY(SELECT id FROM others), f.customer_id, f.expires_on))
         SELECT (SELECT coalesce(json_object_agg(m.id, m.origin), '{}') FROM made m) AS origins,
                (SELECT coalesce(sum(m.points), 0) FROM moved m)
                  - (SELECT coalesce(sum(t.points), 0) FROM transfers t
                      WHERE t.programme_id = $1 AND t.kind = 'expiry' AND t.id <> t.cause AND t.cause IN (SELECT id FROM ended))
                  - (SELECT coalesce(sum(l.remaining), 0) FROM lots l
                      WHERE l.programme_id = $1 AND l.customer_id IN (SELECT id FROM others) AND l.id IN (SELECT id FROM ended) AND l.expires_on < $4::date)
                  - (SELECT coalesce(sum(r.reversed), 0) FROM merges m JOIN reversals r ON r.programme_id = $1 AND r.reversed_at >= m.merged_at
                       JOIN awards w ON w.programme_id = $1 AND w.id = r.award_id AND w.customer_id IN (SELECT id FROM ones)
                      WHERE m.programme_id = $1 AND m.id = $2) AS points`,
};

/** Moves what the one can spend to the other; answers how many points. Both accounts are locked until the transaction ends. */
export async function movePoints(tx: Tx, { id, fromId, intoId }: Between): Promise<number> {
  await tx.query(OPEN_ACCOUNT, [tx.programmeId, intoId]);
  const book = await openBook(tx, { customers: [fromId, intoId], sides: [] });
  const points = moveAll(book, fromId, intoId, id);
  await writeBook(tx, book.changes());
  return points;
}

/** Moves back what is there of what the merge has moved; answers how many points, and how many are not there. */
export async function returnPoints(
  tx: Tx,
  { id, fromId, intoId }: Between,
): Promise<{ returned: number; missing: number }> {
  await tx.query(OPEN_ACCOUNT, [tx.programmeId, fromId]);
  const book = await openBook(tx, { customers: [fromId, intoId], sides: [] });
  const [moved] = await tx.query<{ origins: Record<string, string>; points: string }>(MOVED, [
    tx.programmeId,
    id,
    intoId,
    book.today,
    fromId,
  ]);
  const points = Math.max(0, Number(moved?.points ?? 0));
  const origins = new Map(Object.entries(moved?.origins ?? {}));
  const returned = moveBack(book, { from: fromId, into: intoId, mergeId: id, points, origins });
  await writeBook(tx, book.changes());
  return { returned, missing: points - returned };
}

/**
 * Moves on what has come to customers who were merged away: promised before the merge and booked since, released or refunded
 * since. Each merge in a transaction of its own, under its customers' locks, so that no undo comes between. Throws the first
 * failure when all have had their turn.
 */
export async function moveOwedPoints(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  const failures: unknown[] = [];
  let owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'merge'));
  while (owed.length > 0 && !stopping()) {
    for (const id of owed) {
      await database.inProgramme(programmeId, (tx) => moveOn(tx, id)).catch((error: unknown) => failures.push(error));
    }
    const last = owed.at(-1);
    owed = await database.inProgramme(programmeId, (tx) => peek(tx, 'merge', last));
  }
  if (failures.length > 0) throw failures[0];
}

async function moveOn(tx: Tx, id: string): Promise<void> {
  const { fromId, intoId } = await requireMerge(tx, id);
  await lockCustomersById(tx, [fromId, intoId]);
  const { undoneAt } = await requireMerge(tx, id);
  // In this order: what is pending no more has been booked, and is in the book that is opened then. Nothing new comes to be
  // pending for one who is merged away.
  const { pending } = await balanceOf(tx, fromId);
  if (undoneAt === null) await movePoints(tx, { id, fromId, intoId });
  if (undoneAt !== null || pending === 0) await settle(tx, 'merge', id);
}
