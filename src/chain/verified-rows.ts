import { type IdPrefix, toPublicId } from '../platform/ids';
import { keyOf, leafOf, NUMBERED, SEALED, type TableName } from './sealed-tables';

export interface Difference {
  key: Buffer;
  /** Null: not sealed. */
  sealed: Buffer | null;
  /** Null: not there. */
  found: Buffer | null;
}

/** Rows of a range that are not as their leaves, or have none; leaves that have no row. */
export const differencesOf = (table: TableName, condition: string, number: number): string => `
  SELECT coalesce(l.key, f.key) AS key, l.hash AS sealed, f.hash AS found
    FROM (SELECT u.key, u.hash FROM public.chain_leaves c CROSS JOIN LATERAL unnest(c.keys, c.hashes) AS u(key, hash)
           WHERE c.programme_id = $1 AND c.number = $${number} AND c.of_table = '${table}') l
    FULL JOIN (SELECT ${keyOf(SEALED[table])} AS key, ${leafOf(SEALED[table])} AS hash FROM ${SEALED[table].from} WHERE ${condition}) f
      ON f.key = l.key
   WHERE l.hash IS DISTINCT FROM f.hash`;

/** The row of a key, wherever. */
export const elsewhereOf = (table: TableName): string => {
  const { key, from } = SEALED[table];
  // Of a consent also without its share.
  const rows = table === 'consents' ? 'public.consents r' : from;
  return `SELECT ${leafOf(SEALED[table])} AS found FROM ${rows} WHERE r.programme_id = $1 AND r.${key.column} = $2`;
};

/** Rows of transactions that are still to come. */
export const beyondOf = (table: TableName): string => `
  SELECT ${keyOf(SEALED[table])} AS key FROM public.${table} r
   WHERE r.programme_id = $1 AND (r.written_in < 0 OR r.written_in >= greatest($2, public.transactions_to_come()))`;

export interface VaultRow {
  customer_id: string;
  attribute: string;
  agrees: boolean;
}

export const VAULT = `
  SELECT v.customer_id, v.attribute, NOT EXISTS (
           SELECT FROM public.shares s CROSS JOIN LATERAL generate_series(1, octet_length(s.ciphertexts), 48) AS at
            WHERE s.programme_id = v.programme_id AND s.customer_id = v.customer_id
              AND substring(s.ciphertexts FROM at FOR 16) = uuid_send(v.version)
              AND substring(s.ciphertexts FROM at + 16 FOR 32) <> sha256(v.ciphertext))
         AND NOT EXISTS (
           SELECT FROM public.value_events e WHERE e.programme_id = v.programme_id AND e.customer_id = v.customer_id
              AND e.version = v.version AND e.ciphertext_hash <> sha256(v.ciphertext)) AS agrees
    FROM public.vault_values v
   WHERE v.programme_id = $1 AND (v.customer_id, v.attribute::text) > ($2::bigint, $3::text)
   ORDER BY v.customer_id, v.attribute::text LIMIT 2000`;

const TIMES: Record<string, string> = {
  transfers: 'booked_at',
  shares: 'accepted_at',
  consent_events: 'at',
  disclosures: 'at',
  value_events: 'at',
};
export const UNSEALED = `
  SELECT extract(epoch FROM now() - min(at))::float8 AS seconds FROM (${NUMBERED.map(
    (table) => `SELECT min(${TIMES[table]}) AS at FROM public.${table} WHERE programme_id = $1 AND written_in >= $2`,
  ).join(' UNION ALL ')}) u`;

const PREFIXES: Partial<Record<TableName, IdPrefix>> = {
  transfers: 'trf',
  shares: 'shr',
  consents: 'cns',
  disclosures: 'dsc',
};

/** The key as a value of its column. */
export function keyValue(table: TableName, key: Buffer): string {
  if (SEALED[table].key.is === 'number') return String(key.readBigInt64BE());
  const hex = key.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** How a row is called to whoever has to look at it. */
export function nameOf(table: TableName, key: Buffer): string {
  const value = keyValue(table, key);
  const prefix = PREFIXES[table];
  return prefix ? `${toPublicId(prefix, value)} (${value})` : value;
}
