/**
 * What is sealed, and how a row is written down to be hashed. One place for the worker, which seals, and for `npm run verify`,
 * which asks the database only for functions of its own: whoever can change rows could change ours.
 *
 * A leaf is SHA-256 over the name of the encoding, a byte 00, and the fields below in their order. Names and columns are fixed
 * for good; another column means another name. Fields follow each other without a gap, and cannot be taken for one another:
 *
 * - uuid: 16 bytes · number: 8 bytes, big-endian, two's complement · time: 8 bytes, microseconds since 2000-01-01T00:00:00Z
 * - bytes: length in 4 bytes, then the bytes · text: the same, of its UTF-8 · list: the same, of its JSON
 * - one that can be absent: 00, or 01 and the field
 */
export const TABLES = ['transfers', 'shares', 'consents', 'consent_events', 'disclosures', 'value_events'] as const;
export type TableName = (typeof TABLES)[number];

interface Field {
  is: 'uuid' | 'number' | 'time' | 'bytes' | 'text' | 'list';
  /** SQL over the row `r`, and `d` and `c` for a transfer's accounts. */
  sql: string;
  optional?: true;
}

export interface SealedTable {
  /** Stands first in what is hashed. */
  encoding: string;
  /** Rows as `r`, joined to what else is hashed; a condition on them follows. */
  from: string;
  /** The row whose `written_in` says when: its own, or that of the share that it came with. */
  writtenWith: 'r' | 's';
  /** 16 bytes of a uuid or 8 of a number; unique in the programme. */
  key: { column: string; is: 'uuid' | 'number' };
  /** Primary key after the programme, with types: the order in which one transaction is sealed in parts. */
  order: readonly (readonly [column: string, type: 'uuid' | 'bigint'])[];
  fields: readonly Field[];
}

const uuid = (sql: string): Field => ({ is: 'uuid', sql });
const number = (sql: string): Field => ({ is: 'number', sql });
const time = (sql: string): Field => ({ is: 'time', sql });
const text = (sql: string): Field => ({ is: 'text', sql });
const list = (sql: string): Field => ({ is: 'list', sql });
const optional = (field: Field): Field => ({ ...field, optional: true });

const WRITTEN = [uuid('r.programme_id'), number('r.written_in')];

export const SEALED: Record<TableName, SealedTable> = {
  transfers: {
    encoding: 'gegenwert/transfer/1',
    // With whose accounts they are: points cannot be given to another customer by renaming an account.
    from: `public.transfers r LEFT JOIN public.accounts d ON d.id = r.debit_account AND d.programme_id = r.programme_id
             LEFT JOIN public.accounts c ON c.id = r.credit_account AND c.programme_id = r.programme_id`,
    writtenWith: 'r',
    key: { column: 'id', is: 'uuid' },
    order: [['id', 'uuid']],
    fields: [
      ...WRITTEN,
      uuid('r.id'),
      text('r.kind'),
      uuid('r.cause'),
      number('r.points'),
      number('r.debit_account'),
      optional(number('d.customer_id')),
      optional(text('d.kind')),
      number('r.debit_balance'),
      optional(uuid('r.debit_previous')),
      number('r.credit_account'),
      optional(number('c.customer_id')),
      optional(text('c.kind')),
      number('r.credit_balance'),
      optional(uuid('r.credit_previous')),
      time('r.booked_at'),
    ],
  },
  shares: {
    encoding: 'gegenwert/share/1',
    from: 'public.shares r',
    writtenWith: 'r',
    key: { column: 'id', is: 'uuid' },
    order: [
      ['customer_id', 'bigint'],
      ['id', 'uuid'],
    ],
    fields: [
      ...WRITTEN,
      number('r.customer_id'),
      uuid('r.id'),
      uuid('r.offer_id'),
      number('r.offer_version'),
      uuid('r.notice_id'),
      text('r.channel'),
      list('r.refused'),
      text('r.receipt_kid'),
      number('r.receipt_form'),
      text('r.gpc::text'),
      { is: 'bytes', sql: 'r.ciphertexts' },
      time('r.accepted_at'),
    ],
  },
  // What of a consent never changes; how it ended is in the events.
  consents: {
    encoding: 'gegenwert/consent/1',
    from: `public.shares s JOIN public.consents r
             ON r.programme_id = s.programme_id AND r.customer_id = s.customer_id AND r.share_id = s.id`,
    writtenWith: 's',
    key: { column: 'id', is: 'uuid' },
    order: [
      ['customer_id', 'bigint'],
      ['id', 'uuid'],
    ],
    fields: [
      uuid('r.programme_id'),
      number('r.customer_id'),
      uuid('r.share_id'),
      text('r.attribute'),
      text('r.purpose'),
      uuid('r.id'),
      list('r.recipients'),
      time('r.given_at'),
      time('r.until'),
    ],
  },
  consent_events: {
    encoding: 'gegenwert/consent-event/1',
    from: 'public.consent_events r',
    writtenWith: 'r',
    key: { column: 'sequence', is: 'number' },
    order: [
      ['customer_id', 'bigint'],
      ['sequence', 'bigint'],
    ],
    fields: [
      ...WRITTEN,
      number('r.customer_id'),
      number('r.sequence'),
      text('r.event'),
      optional(uuid('r.share_id')),
      optional(uuid('r.revocation_id')),
      list('r.consents'),
      time('r.at'),
    ],
  },
  disclosures: {
    encoding: 'gegenwert/disclosure/1',
    from: 'public.disclosures r',
    writtenWith: 'r',
    key: { column: 'id', is: 'uuid' },
    order: [
      ['customer_id', 'bigint'],
      ['id', 'uuid'],
    ],
    fields: [
      ...WRITTEN,
      number('r.customer_id'),
      uuid('r.id'),
      uuid('r.recipient_id'),
      text('r.purpose'),
      text('r.kind'),
      list('r.attributes'),
      list('r.consents'),
      text('r.reason'),
      time('r.at'),
      time('r.use_until'),
    ],
  },
  value_events: {
    encoding: 'gegenwert/value-event/1',
    from: 'public.value_events r',
    writtenWith: 'r',
    key: { column: 'sequence', is: 'number' },
    order: [
      ['customer_id', 'bigint'],
      ['sequence', 'bigint'],
    ],
    fields: [
      ...WRITTEN,
      number('r.customer_id'),
      number('r.sequence'),
      text('r.event'),
      text('r.attribute'),
      uuid('r.version'),
      uuid('r.replaced'),
      { is: 'bytes', sql: 'r.ciphertext_hash' },
      text('r.corrected_by'),
      time('r.at'),
    ],
  },
};

/** Those with a number of their own: the others come with their shares. */
export const NUMBERED = TABLES.filter((name) => SEALED[name].writtenWith === 'r');

const withLength = (bytes: string): string => `int4send(octet_length(${bytes})) || ${bytes}`;

const WRITE: Record<Field['is'], (sql: string) => string> = {
  uuid: (sql) => `uuid_send(${sql})`,
  number: (sql) => `int8send((${sql})::bigint)`,
  time: (sql) => `timestamptz_send(${sql})`,
  bytes: withLength,
  text: (sql) => withLength(`convert_to((${sql})::text, 'UTF8')`),
  list: (sql) => withLength(`convert_to(array_to_json(${sql})::text, 'UTF8')`),
};

const written = ({ is, sql, optional: absent }: Field): string => {
  const bytes = WRITE[is](sql);
  return absent ? `coalesce('\\x01'::bytea || ${bytes}, '\\x00'::bytea)` : bytes;
};

/** SQL for the leaf of a row: bytea, 32 bytes. */
export const leafOf = ({ encoding, fields }: SealedTable): string =>
  `sha256('${encoding}'::bytea || '\\x00'::bytea || ${fields.map(written).join(' || ')})`;

/** SQL for the key of a leaf: bytea. */
export const keyOf = ({ key: { column, is } }: SealedTable): string => WRITE[is](`r.${column}`);
