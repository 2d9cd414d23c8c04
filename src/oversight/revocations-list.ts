import { requireCursor } from '../access';
import type { EndingScope } from '../consents/core';
import type { Statement, Tx } from '../platform/database';
import { type Page, pageOf } from '../platform/http/page.dto';
import { toPublicId } from '../platform/ids';
import { causeOf } from './cause';
import type { RevocationInListDto, RevocationsQuery, RevocationStatus, ToldRecipientDto } from './oversight.dto';

/** Of the notices that are owed, those that are overdue and the others have an index each. */
const OVERDUE = `SELECT n.revocation_id FROM revocation_notices n WHERE n.programme_id = $1 AND n.status = 'owed' AND n.overdue_at IS NOT NULL`;
const OWED = `${OVERDUE} UNION ALL
  SELECT n.revocation_id FROM revocation_notices n WHERE n.programme_id = $1 AND n.status = 'owed' AND n.overdue_at IS NULL`;

/**
 * What is not complete is found by what is owed for it: its erasure, or its recipients' answers. Of all revocations, however long
 * the programme has had some, hardly any are.
 */
const IS: Record<RevocationStatus, string> = {
  blocked: `r.status = 'blocked' AND r.id IN (SELECT o.id FROM outbox o WHERE o.programme_id = $1 AND o.topic = 'erasure')`,
  erased: `r.status = 'erased' AND r.id IN (${OWED})`,
  told: `r.status = 'told' AND r.id IN (${OWED})`,
  complete: `r.status = 'complete'`,
};
const OVERDUE_OR_NOT = { true: `r.id IN (${OVERDUE})`, false: `NOT EXISTS (${OVERDUE} AND n.revocation_id = r.id)` };

/** One statement for each choice: a plan is then one of this choice. */
function list({ status, overdue }: RevocationsQuery): Statement {
  const conditions = [
    'r.programme_id = $1',
    '($2::uuid IS NULL OR r.id < $2)',
    ...(status === undefined ? [] : [IS[status]]),
    ...(overdue === undefined ? [] : [OVERDUE_OR_NOT[`${overdue}`]]),
  ];
  return {
    name: `list_revocations_${status ?? 'any'}_${overdue ?? 'any'}`,
    text: `SELECT r.id, c.ref, r.status, r.scope, r.blocked_at, r.consents_ended,
             ARRAY(SELECT json_build_object('recipient', p.key, 'name', p.name, 'status', n.status, 'dueAt', n.due_at,
                     'overdue', n.status = 'owed' AND n.overdue_at IS NOT NULL, 'acknowledgedAt', n.acknowledged_at)
                     FROM revocation_notices n CROSS JOIN LATERAL (SELECT key, name FROM recipients WHERE programme_id = $1 AND id = n.recipient_id LIMIT 1) p
                    WHERE n.programme_id = $1 AND n.revocation_id = r.id ORDER BY p.key) AS recipients
             FROM (SELECT r.* FROM revocations r WHERE ${conditions.join(' AND ')} ORDER BY r.id DESC LIMIT $3) r
             CROSS JOIN LATERAL (SELECT ref FROM customers WHERE programme_id = $1 AND id = r.customer_id LIMIT 1) c
            ORDER BY r.id DESC`,
  };
}

interface Row {
  id: string;
  ref: string | null;
  status: RevocationStatus;
  scope: EndingScope;
  blocked_at: Date;
  consents_ended: number;
  recipients: (Omit<ToldRecipientDto, 'acknowledgedAt'> & { acknowledgedAt: string | null })[];
}

/** What was taken back or ended, newest first, with whom it is to be told. @throws 422 for what is no cursor. */
export async function listRevocations(tx: Tx, query: RevocationsQuery): Promise<Page<RevocationInListDto>> {
  const values = [tx.programmeId, requireCursor('rev', query.after), query.limit + 1];
  const rows = await tx.query<Row>(list(query), values);
  return pageOf(rows, query.limit, viewOf, ({ id }) => toPublicId('rev', id));
}

const inUtc = (time: string): string => new Date(time).toISOString();

const viewOf = (row: Row): RevocationInListDto => ({
  id: toPublicId('rev', row.id),
  customerRef: row.ref,
  status: row.status,
  cause: causeOf(row.scope),
  at: row.blocked_at.toISOString(),
  consentsEnded: row.consents_ended,
  recipients: row.recipients.map(({ dueAt, acknowledgedAt, ...recipient }) => ({
    ...recipient,
    dueAt: inUtc(dueAt),
    ...(acknowledgedAt !== null && { acknowledgedAt: inUtc(acknowledgedAt) }),
  })),
});
