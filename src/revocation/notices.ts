import type { PrincipalOf } from '../access';
import { lockRecipients, type PublicKeyDto, settleSuspensions } from '../catalogue';
import type { Statement, Tx } from '../platform/database';
import { requireId, toPublicId } from '../platform/ids';
import { notFound } from '../platform/problem';
import { pageOf } from '../platform/http/page.dto';
import type { AcknowledgementBody, NoticeList, NoticeView } from './revocation.dto';
import { advance, lockRevocation } from './progress';
import { requireSignature } from './signed-answer';

const COLUMNS = `n.id, n.sequence, n.revocation_id, coalesce(c.ref, n.customer_ref) AS ref, n.purposes, n.attributes, n.status, n.did, n.created_at, n.due_at, n.acknowledged_at`;
const FROM = `FROM revocation_notices n JOIN revocations r ON r.programme_id = n.programme_id AND r.id = n.revocation_id
              JOIN customers c ON c.programme_id = n.programme_id AND c.id = r.customer_id`;
const LIST: Statement = {
  name: 'list_notices',
  text: `SELECT ${COLUMNS} ${FROM} WHERE n.programme_id = $1 AND n.recipient_id = $2 AND n.sequence > $3
           AND ($4::text IS NULL OR n.status = $4) ORDER BY n.sequence LIMIT $5`,
};
const FIND: Statement = {
  name: 'find_notice',
  text: `SELECT ${COLUMNS} ${FROM} WHERE n.programme_id = $1 AND n.recipient_id = $2 AND n.id = $3`,
};
const MARK_LISTED: Statement = {
  name: 'mark_listed',
  text: `UPDATE revocation_notices SET listed_at = clock_timestamp() WHERE programme_id = $1 AND id = ANY ($2) AND listed_at IS NULL
         RETURNING revocation_id`,
};
const KEY: Statement = {
  name: 'public_key_of_recipient',
  text: 'SELECT public_jwk AS key FROM recipients WHERE programme_id = $1 AND id = $2',
};
const ACKNOWLEDGE: Statement = {
  name: 'acknowledge_notice',
  // "erased" says more than "stopped" and may follow it; nothing goes back, and nothing is said twice.
  text: `WITH answered AS (
           INSERT INTO acknowledgements (programme_id, notice_id, did, at, signature, public_jwk)
             SELECT $1, n.id, $3, statement_timestamp(), $4, $5 FROM revocation_notices n
              WHERE n.programme_id = $1 AND n.id = $2 AND (n.did IS NULL OR (n.did = 'stopped' AND $3 = 'erased'))
           RETURNING at)
         UPDATE revocation_notices n SET status = 'acknowledged', customer_ref = NULL, did = $3,
                acknowledged_at = CASE WHEN n.acknowledged_at IS NULL THEN a.at ELSE n.acknowledged_at END
           FROM answered a WHERE n.programme_id = $1 AND n.id = $2 RETURNING n.overdue_at IS NOT NULL AS overdue`,
};

interface Row {
  id: string;
  sequence: string;
  revocation_id: string;
  ref: string | null;
  purposes: string[];
  attributes: string[];
  status: 'owed' | 'acknowledged';
  did: 'stopped' | 'erased' | null;
  created_at: Date;
  due_at: Date;
  acknowledged_at: Date | null;
}

const viewOf = (row: Row): NoticeView => ({
  id: toPublicId('ntc', row.id),
  sequence: Number(row.sequence),
  revocationId: toPublicId('rev', row.revocation_id),
  customerRef: row.ref,
  purposes: row.purposes,
  attributes: row.attributes,
  status: row.status,
  createdAt: row.created_at.toISOString(),
  dueAt: row.due_at.toISOString(),
  ...(row.did === null ? {} : { did: row.did }),
  ...(row.acknowledged_at === null ? {} : { acknowledgedAt: row.acknowledged_at.toISOString() }),
});

/** A recipient's notices in their order; handing them out is what tells it. */
export async function listNotices(
  tx: Tx,
  { recipientId }: PrincipalOf<'recipient'>,
  { status, after, limit }: { status: string | undefined; after: number; limit: number },
): Promise<NoticeList> {
  const rows = await tx.query<Row>(LIST, [tx.programmeId, recipientId, after, status ?? null, limit + 1]);
  const page = rows.slice(0, limit);
  const told = new Set(page.filter((row) => row.status === 'owed').map((row) => row.revocation_id));
  for (const revocationId of [...told].sort()) await lockRevocation(tx, revocationId);
  await tx.query(MARK_LISTED, [tx.programmeId, page.map(({ id }) => id)]);
  for (const revocationId of told) await advance(tx, revocationId);
  return pageOf(rows, limit, viewOf, ({ sequence }) => sequence);
}

/**
 * The recipient confirms what it did; saying it again changes nothing. What it said is kept, with its signature and the key
 * that this was verified with. The last overdue answer lifts its suspension.
 * @throws 404, also for another recipient's notice; 422 of requireSignature.
 */
export async function acknowledge(
  tx: Tx,
  { recipientId }: PrincipalOf<'recipient'>,
  publicId: string,
  { did, signature }: AcknowledgementBody,
): Promise<NoticeView> {
  const id = requireId('ntc', publicId, 'notice');
  const [[found], [recipient]] = await Promise.all([
    tx.query<Row>(FIND, [tx.programmeId, recipientId, id]),
    tx.query<{ key: PublicKeyDto | null }>(KEY, [tx.programmeId, recipientId]),
  ]);
  if (!found) throw notFound('notice');
  const key = recipient?.key ?? null;
  await requireSignature({ notice: publicId, did }, signature ?? undefined, key);
  await lockRevocation(tx, found.revocation_id);
  const answer = [tx.programmeId, id, did, signature ?? null, key];
  const [answered] = await tx.query<{ overdue: boolean }>(ACKNOWLEDGE, answer);
  if (answered?.overdue) {
    await lockRecipients(tx, [recipientId]);
    await settleSuspensions(tx, [recipientId]);
  }
  await advance(tx, found.revocation_id);
  const [now] = await tx.query<Row>(FIND, [tx.programmeId, recipientId, id]);
  return viewOf(now ?? found);
}
