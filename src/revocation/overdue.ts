import { lockGate, lockRecipients, settleSuspensions } from '../catalogue/core';
import type { Database, Statement, Tx } from '../platform/database';
import { announce } from '../webhooks/core';

/** Notices in one transaction. */
const BATCH = 500;

/** Due and not answered, at $2 or, without it, by the database's clock. */
const DUE = `n.programme_id = $1 AND n.status = 'owed' AND n.overdue_at IS NULL
             AND n.due_at <= CASE WHEN $2::timestamptz IS NULL THEN statement_timestamp() ELSE $2 END`;
const WHOSE: Statement = {
  name: 'recipients_of_due_notices',
  text: `SELECT DISTINCT recipient_id AS id FROM (SELECT n.recipient_id FROM revocation_notices n WHERE ${DUE}
           ORDER BY n.due_at LIMIT ${BATCH}) AS due`,
};
const TO_SUSPEND: Statement = {
  name: 'recipients_to_suspend',
  text: `SELECT r.id FROM recipients r WHERE r.programme_id = $1 AND r.id = ANY ($2) AND r.suspend_when_overdue
            AND NOT EXISTS (SELECT FROM suspensions s WHERE s.programme_id = $1 AND s.recipient_id = r.id AND s.ended_at IS NULL)`,
};
const MARK: Statement = {
  name: 'mark_overdue',
  // Whoever answers this moment holds the notice: it is not overdue then.
  text: `WITH due AS MATERIALIZED (
           SELECT n.id FROM revocation_notices n WHERE ${DUE} AND n.recipient_id = ANY ($3)
            ORDER BY n.due_at LIMIT ${BATCH} FOR NO KEY UPDATE SKIP LOCKED)
         UPDATE revocation_notices n SET overdue_at = CASE WHEN $2::timestamptz IS NULL THEN statement_timestamp() ELSE $2 END
           FROM due, recipients r WHERE n.programme_id = $1 AND n.id = due.id AND r.programme_id = $1 AND r.id = n.recipient_id
         RETURNING n.id, n.revocation_id, n.recipient_id, r.key, n.due_at`,
};
const PROGRAMMES: Statement = {
  name: 'programmes_with_due_notices',
  text: 'SELECT programme_id AS "programmeId" FROM programmes_with_due_notices()',
};
const COUNT: Statement = { name: 'overdue_notices', text: 'SELECT overdue_notices()::int AS overdue' };

interface Marked {
  id: string;
  revocation_id: string;
  recipient_id: string;
  key: string;
  due_at: Date;
}

/** Programmes in which an answer has become overdue that is not marked yet. */
export function withDueNotices(database: Database): Promise<{ programmeId: string }[]> {
  return database.query(PROGRAMMES);
}

/** Over all programmes, how many answers are overdue. */
export async function countOverdue(database: Database): Promise<number> {
  return (await database.query<{ overdue: number }>(COUNT))[0]?.overdue ?? 0;
}

/**
 * Marks, once, what recipients of one programme have not confirmed in time, tells whoever wants to be told, and suspends
 * those that agreed to it. at stands for the database's clock, in tests of what takes days. Answers how many it marked.
 */
export async function markOverdue(
  database: Database,
  programmeId: string,
  stopping: () => boolean,
  at?: Date,
): Promise<number> {
  let marked = 0;
  let gated = false;
  while (!stopping()) {
    const batch = await database.inProgramme(programmeId, (tx) => markBatch(tx, gated, at ?? null));
    if (batch === 0) break;
    gated = batch === 'gate';
    marked += batch === 'gate' ? 0 : batch;
  }
  return marked;
}

/**
 * One batch: how many, 0 when nothing is left. gate: it would suspend a recipient, and must hold the gate for it, which is
 * taken before any row, so that no release is under way when it has committed. Nothing was changed then.
 */
async function markBatch(tx: Tx, gated: boolean, at: Date | null): Promise<number | 'gate'> {
  if (gated) await lockGate(tx);
  const recipients = (await tx.query<{ id: string }>(WHOSE, [tx.programmeId, at])).map(({ id }) => id);
  if (recipients.length === 0) return 0;
  await lockRecipients(tx, recipients);
  const suspending = await tx.query(TO_SUSPEND, [tx.programmeId, recipients]);
  if (suspending.length > 0 && !gated) return 'gate';
  const marked = await tx.query<Marked>(MARK, [tx.programmeId, at, recipients]);
  if (gated) await settleSuspensions(tx, recipients);
  await announce(
    tx,
    marked.map((notice) => ({
      type: 'revocation.overdue' as const,
      ids: { noticeId: ['ntc', notice.id], revocationId: ['rev', notice.revocation_id] },
      data: { recipient: notice.key, dueAt: notice.due_at.toISOString() },
    })),
  );
  return marked.length;
}
