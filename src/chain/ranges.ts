import type { Place } from './block';
import { NUMBERED, SEALED, TABLES, type TableName } from './sealed-tables';

/** SQL for which rows a block covers: $1 is the programme, the rest are its values. */
export interface Range {
  /** One for each form of the condition. */
  form: string;
  /** Whose rows are looked at. */
  tables: readonly TableName[];
  /** Of the rows of one of them, joined as SEALED says. */
  condition: (table: TableName) => string;
  values: unknown[];
}

/** The table that a part of a transaction is about; undefined for whole transactions. */
const tableOfPart = (from: Place, to: Place): TableName | undefined =>
  from.within?.table ?? (to.within === null ? undefined : NUMBERED[0]);

/** What lies between two places that follow each other in a chain. */
export function rangeBetween(from: Place, to: Place): Range {
  const part = tableOfPart(from, to);
  if (part === undefined) {
    return {
      form: 'whole',
      tables: TABLES,
      condition: (table) => {
        const row = SEALED[table].writtenWith;
        return `${row}.programme_id = $1 AND ${row}.written_in >= $2 AND ${row}.written_in < $3`;
      },
      values: [from.transaction, to.transaction],
    };
  }
  const through = to.within?.table === part ? to.within.key : null;
  return partOf(part, from.transaction, from.within?.key ?? null, through);
}

/** Of what one transaction wrote in a table, and what came with it, the rows after one key and up to another. */
function partOf(part: TableName, transaction: string, after: string[] | null, through: string[] | null): Range {
  const bounds = [...(after === null ? [] : ['>']), ...(through === null ? [] : ['<='])];
  return {
    form: ['part', ...(after === null ? [] : ['after']), ...(through === null ? [] : ['through'])].join('_'),
    tables: part === 'shares' ? ['shares', 'consents'] : [part],
    condition: (table) => {
      const row = SEALED[table].writtenWith;
      const own = `${row}.programme_id = $1 AND ${row}.written_in = $2`;
      return [own, ...bounds.map((sign, n) => `${orderOf(part, row)} ${sign} ${keyValue(part, n + 3)}`)].join(' AND ');
    },
    values: [transaction, ...(after === null ? [] : [after]), ...(through === null ? [] : [through])],
  };
}

export const orderOf = (table: TableName, row: string): string =>
  `(${SEALED[table].order.map(([column]) => `${row}.${column}`).join(', ')})`;

/** A key, given as text[], to be compared with orderOf. */
const keyValue = (table: TableName, parameter: number): string =>
  `(${SEALED[table].order.map(([, type], n) => `($${parameter}::text[])[${n + 1}]::${type}`).join(', ')})`;

/**
 * Where the next part ends: after so many rows, or with the table. Of a part that ends with the last table, the next
 * transaction follows.
 */
export function nextPart(from: Place): { table: TableName; unlimited: Range; after: (key: string[] | null) => Place } {
  const table = from.within?.table ?? NUMBERED[0]!;
  const next = NUMBERED[NUMBERED.indexOf(table) + 1];
  const end: Place =
    next === undefined
      ? { transaction: String(BigInt(from.transaction) + 1n), within: null }
      : { transaction: from.transaction, within: { table: next, key: null } };
  return {
    table,
    unlimited: partOf(table, from.transaction, from.within?.key ?? null, null),
    after: (key) => (key === null ? end : { transaction: from.transaction, within: { table, key } }),
  };
}
