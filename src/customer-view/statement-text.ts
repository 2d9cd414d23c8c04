import { csvRecord, text } from '../platform/csv';
import type { EntryView } from './entries.dto';
import type { StatementEntry, StatementView } from './statement.dto';

/** A statement without its entries, which come in parts. */
export type StatementHead = Omit<StatementView, 'entries'>;

type Parts = AsyncIterable<StatementEntry[]>;

/** As JSON, each part as soon as it is there. Cut short, it is no JSON. */
export async function* asJson(head: StatementHead, parts: Parts): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"entries":[`;
  let comma = '';
  for await (const part of parts) {
    if (part.length === 0) continue;
    yield comma + part.map((entry) => JSON.stringify(entry)).join(',');
    comma = ',';
  }
  yield ']}';
}

/** New columns come last: who reads them by place goes on to find the others. */
export const COLUMNS = [
  'kind',
  'bookedAt',
  'effectiveAt',
  'points',
  'balanceBefore',
  'balanceAfter',
  'transferId',
  'cause',
  'share',
  'offer',
  'offerKey',
  'offerVersion',
  'title',
  'award',
  'reason',
  'reference',
  'orderRef',
  'redemptionStatus',
  'expiredOn',
  'reversedFor',
  'shareRevokedAt',
] as const;

type Cells = Partial<Record<(typeof COLUMNS)[number], string | number>>;

/** The header of entries as CSV. */
export const ENTRY_HEADER = csvRecord([...COLUMNS]);
/** Entries as CSV; an entry that does not say when it happened has nothing there. */
export const entryRecords = (entries: (EntryView | StatementEntry)[]): string =>
  entries.map((entry) => record(cellsOf(entry))).join('');

const record = (cells: Cells): string => csvRecord(COLUMNS.map((column) => cells[column] ?? ''));

/**
 * As CSV (RFC 4180, UTF-8): a header, the opening balance, the entries, the closing balance. Without the last of them it is
 * not complete.
 */
export async function* asCsv(
  { from, to, openingBalance, closingBalance }: StatementHead,
  parts: Parts,
): AsyncGenerator<string> {
  yield ENTRY_HEADER + balanceRecord('opening', from, openingBalance);
  for await (const part of parts) yield entryRecords(part);
  yield balanceRecord('closing', to, closingBalance);
}

const balanceRecord = (kind: string, at: string | undefined, balance: number): string =>
  record({ kind, bookedAt: at ?? '', effectiveAt: at ?? '', balanceBefore: balance, balanceAfter: balance });

function cellsOf({ at, because, ...entry }: EntryView | StatementEntry): Cells {
  const { title, reason, reference, orderRef, offerKey, ...rest } = because;
  return {
    ...entry,
    ...rest,
    bookedAt: at,
    title: text(title),
    reason: text(reason),
    reference: text(reference),
    orderRef: text(orderRef),
    offerKey: text(offerKey),
  };
}
