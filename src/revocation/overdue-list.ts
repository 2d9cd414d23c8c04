import type { Statement, Tx } from '../platform/database';
import { toPublicId } from '../platform/ids';
import { pageOf } from '../platform/http/page.dto';
import type { OverdueNotice, OverdueNoticeList } from './overdue.dto';

const LIST: Statement = {
  name: 'list_overdue_notices',
  text: `SELECT n.id, n.sequence, n.revocation_id, p.key, p.name, n.listed_at, n.due_at, n.overdue_at,
                EXISTS (SELECT FROM suspensions s WHERE s.programme_id = $1 AND s.recipient_id = p.id AND s.ended_at IS NULL) AS suspended
           FROM revocation_notices n JOIN recipients p ON p.programme_id = $1 AND p.id = n.recipient_id
          WHERE n.programme_id = $1 AND n.status = 'owed' AND n.overdue_at IS NOT NULL AND n.sequence > $2
          ORDER BY n.sequence LIMIT $3`,
};

interface Overdue {
  id: string;
  sequence: string;
  revocation_id: string;
  key: string;
  name: string;
  listed_at: Date | null;
  due_at: Date;
  overdue_at: Date;
  suspended: boolean;
}

const viewOf = (row: Overdue): OverdueNotice => ({
  id: toPublicId('ntc', row.id),
  revocationId: toPublicId('rev', row.revocation_id),
  recipient: row.key,
  name: row.name,
  ...(row.listed_at === null ? {} : { toldAt: row.listed_at.toISOString() }),
  dueAt: row.due_at.toISOString(),
  since: row.overdue_at.toISOString(),
  suspended: row.suspended,
});

/** What is overdue now, in the order of the notices. */
export async function listOverdue(
  tx: Tx,
  { after, limit }: { after: number; limit: number },
): Promise<OverdueNoticeList> {
  const rows = await tx.query<Overdue>(LIST, [tx.programmeId, after, limit + 1]);
  return pageOf(rows, limit, viewOf, ({ sequence }) => sequence);
}
