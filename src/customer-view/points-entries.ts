import { entriesOf, type Entry, type TransferKind } from '../ledger';
import type { Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';
import { parsePublicId, toPublicId, type IdPrefix } from '../platform/ids';
import { invalidField } from '../platform/problem';
import type { EntryBecause, EntryPage, EntryView } from './entries.dto';

const FIND_SHARES: Statement = {
  name: 'shares_behind_entries',
  text: `SELECT s.id, s.offer_id, o.key, s.offer_version, v.title ->> $4 AS title,
                (SELECT max(c.ended_at) FROM consents c WHERE c.programme_id = $1 AND c.customer_id = $2 AND c.share_id = s.id
                 HAVING bool_and(c.revocation_id IS NOT NULL)) AS revoked_at
           FROM shares s JOIN offers o ON o.programme_id = $1 AND o.id = s.offer_id
           JOIN offer_versions v ON v.programme_id = $1 AND v.offer_id = s.offer_id AND v.version = s.offer_version
          WHERE s.programme_id = $1 AND s.customer_id = $2 AND s.id = ANY ($3)`,
};

interface ShareRow {
  id: string;
  offer_id: string;
  key: string;
  offer_version: number;
  title: string;
  revoked_at: Date | null;
}

/** What the cause of a transfer is: of an award that no share stands behind, a redemption, or another transfer. */
const CAUSES: Record<TransferKind, IdPrefix> = {
  award: 'awd',
  hold: 'red',
  capture: 'red',
  release: 'red',
  refund: 'red',
  expiry: 'trf',
  reversal: 'trf',
  forfeit: 'trf',
};

/** A page of a customer's entries, each with what it was for. @throws 422 for a cursor that is none of this customer's. */
export async function pageOfEntries(
  tx: Tx,
  customerId: string,
  { after, limit, language }: { after?: string; limit: number; language: Locale },
): Promise<EntryPage> {
  const start = after === undefined ? undefined : parsePublicId('trf', after);
  if (after !== undefined && start === undefined) throw notACursor();
  const found = await entriesOf(tx, customerId, { after: start, limit: limit + 1 });
  if (!found) throw notACursor();
  const entries = found.slice(0, limit);
  const awards = entries.filter(({ kind }) => kind === 'award').map(({ cause }) => cause);
  const rows = await tx.query<ShareRow>(FIND_SHARES, [tx.programmeId, customerId, awards, language]);
  const shares = new Map(rows.map((row) => [row.id, row]));
  const data = entries.map((entry) => viewOf(entry, shares.get(entry.cause)));
  return { data, nextCursor: found.length > limit ? (data.at(-1)?.transferId ?? null) : null };
}

const notACursor = () => invalidField('/after', 'after must be the nextCursor of the page before');

const viewOf = (entry: Entry, share: ShareRow | undefined): EntryView => ({
  transferId: toPublicId('trf', entry.transferId),
  at: entry.bookedAt.toISOString(),
  kind: entry.kind,
  points: entry.points,
  balanceAfter: entry.balanceAfter,
  because: share ? becauseOf(share) : { cause: toPublicId(CAUSES[entry.kind], entry.cause) },
});

const becauseOf = (share: ShareRow): EntryBecause => ({
  share: toPublicId('shr', share.id),
  offer: toPublicId('off', share.offer_id),
  offerKey: share.key,
  offerVersion: share.offer_version,
  title: share.title,
  ...(share.revoked_at === null ? {} : { shareRevokedAt: share.revoked_at.toISOString() }),
});
