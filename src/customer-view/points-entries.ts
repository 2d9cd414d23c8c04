import { entriesOf, type Entry } from '../ledger';
import type { Tx } from '../platform/database';
import { parsePublicId, toPublicId } from '../platform/ids';
import { invalidField } from '../platform/problem';
import { becauseOf, type Reader } from './because';
import type { EntryBecause, EntryPage, EntryView } from './entries.dto';

/**
 * A page of a customer's entries, each with what it was for: every change of the available points. Points that are set aside
 * for an order leave them then, so that capturing changes nothing more. @throws 422 for a cursor that is none of this customer's.
 */
export async function pageOfEntries(
  tx: Tx,
  customerId: string,
  { after, limit, reader }: { after?: string; limit: number; reader: Reader },
): Promise<EntryPage> {
  const start = after === undefined ? undefined : parsePublicId('trf', after);
  if (after !== undefined && start === undefined) throw notACursor();
  const found = await entriesOf(tx, customerId, { after: start, limit: limit + 1 });
  if (!found) throw notACursor();
  const entries = found.slice(0, limit);
  const because = await becauseOf(tx, customerId, entries, reader);
  const data = entries.map((entry) => viewOf(entry, because.get(entry.transferId) ?? {}));
  return { data, nextCursor: found.length > limit ? (data.at(-1)?.transferId ?? null) : null };
}

const notACursor = () => invalidField('/after', 'after must be the nextCursor of the page before');

const viewOf = (entry: Entry, because: EntryBecause): EntryView => ({
  transferId: toPublicId('trf', entry.transferId),
  at: entry.bookedAt.toISOString(),
  kind: entry.kind,
  points: entry.points,
  balanceBefore: entry.balanceAfter - entry.points,
  balanceAfter: entry.balanceAfter,
  because,
});
