import type { Statement, Tx } from '../platform/database';
import { type Page, pageOf } from '../platform/http/page.dto';
import { type IdPrefix, parsePublicId, toPublicId } from '../platform/ids';
import { invalidField } from '../platform/problem';
import {
  CALLER_KINDS,
  type CallerKind,
  type ChangeDto,
  type ChangesQuery,
  type FieldChangeDto,
  OBJECT_TYPES,
  type ObjectType,
} from './changes.dto';

/** Of the objects that have an id, or belong to what has one: its prefix. */
const PREFIXES: Partial<Record<ObjectType, IdPrefix>> = {
  programme: 'prg',
  recipient: 'rcp',
  registration: 'rcp',
  suspension: 'rcp',
  offer: 'off',
  'offer-version': 'off',
  submission: 'off',
  notice: 'off',
  grace: 'off',
  key: 'key',
  issuer: 'iss',
  webhook: 'whe',
  job: 'job',
};

interface Condition {
  /** Part of the statement's name. */
  name: string;
  /** With the number of its first parameter. */
  sql: (n: number) => string;
  values: string[];
}

interface Row {
  id: string;
  sequence: string;
  at: Date;
  by_kind: CallerKind;
  by_id: string | null;
  by_role: string | null;
  by_name: string | null;
  action: ChangeDto['action'];
  object_type: ObjectType;
  object_id: string | null;
  object_key: string | null;
  changes: FieldChangeDto[];
}

/** Who changed what, newest first. @throws 422 for what is no cursor, caller or object. */
export async function listChanges(tx: Tx, query: ChangesQuery): Promise<Page<ChangeDto>> {
  const { after, by, object, limit } = query;
  const conditions = [...(by === undefined ? [] : [byWhom(by)]), ...(object === undefined ? [] : [ofWhat(object)])];
  const values = [tx.programmeId, before(after), limit + 1, ...conditions.flatMap((one) => one.values)];
  return pageOf(await tx.query<Row>(list(conditions), values), limit, viewOf, ({ sequence }) => sequence);
}

/** One statement for each choice: a plan is then one of this choice. Names of keys never change. */
function list(conditions: Condition[]): Statement {
  let n = 4;
  const asked = conditions.map(({ sql, values }) => {
    n += values.length;
    return ` AND ${sql(n - values.length)}`;
  });
  return {
    name: ['list_changes', ...conditions.map(({ name }) => name)].join('_'),
    text: `SELECT s.id, s.sequence, s.at, s.by_kind, s.by_id, s.by_role, coalesce(s.by_name, k.name) AS by_name, s.action,
                  s.object_type, s.object_id, s.object_key, s.changes
             FROM (SELECT * FROM staff_changes s WHERE s.programme_id = $1 AND s.sequence < $2${asked.join('')}
                    ORDER BY s.sequence DESC LIMIT $3) s
             LEFT JOIN LATERAL (SELECT name FROM access_keys WHERE programme_id = $1 AND id = s.by_id LIMIT 1) k ON true
            ORDER BY s.sequence DESC`,
  };
}

function byWhom(by: string): Condition {
  if ((CALLER_KINDS as readonly string[]).includes(by)) {
    return { name: 'by_kind', sql: (n) => `s.by_kind = $${n}`, values: [by] };
  }
  const id = parsePublicId('key', by);
  if (id === undefined) throw invalidField('/by', 'by must be the caller of a change, or a kind of caller');
  return { name: 'by_id', sql: (n) => `s.by_id = $${n}`, values: [id] };
}

function ofWhat(object: string): Condition {
  const id = [...new Set(Object.values(PREFIXES))].flatMap((prefix) => parsePublicId(prefix, object) ?? [])[0];
  if (id !== undefined) return { name: 'of_id', sql: (n) => `s.object_id = $${n}`, values: [id] };
  const [type = '', ...key] = object.split('/');
  if (!(OBJECT_TYPES as readonly string[]).includes(type)) {
    throw invalidField('/object', 'object must be an id, a type, or a type and a key, as attribute/birthday');
  }
  if (key.length === 0) return { name: 'of_type', sql: (n) => `s.object_type = $${n}`, values: [type] };
  return {
    name: 'of_key',
    sql: (n) => `s.object_type = $${n} AND s.object_key = $${n + 1}`,
    values: [type, key.join('/')],
  };
}

/** The cursor is the number of a change. */
function before(after: string | undefined): string {
  if (after === undefined) return '9223372036854775807';
  if (!/^[1-9]\d{0,17}$/.test(after)) throw invalidField('/after', 'after is no cursor of this list');
  return after;
}

function viewOf(row: Row): ChangeDto {
  const prefix = PREFIXES[row.object_type];
  return {
    id: toPublicId('chg', row.id),
    at: row.at.toISOString(),
    by: {
      kind: row.by_kind,
      caller: row.by_id && toPublicId('key', row.by_id),
      name: row.by_name,
      role: row.by_role,
    },
    action: row.action,
    object: {
      type: row.object_type,
      ...(row.object_id && prefix && { id: toPublicId(prefix, row.object_id) }),
      ...(row.object_key !== null && { key: row.object_key }),
    },
    changes: row.changes.map(({ field, before: was, after: is }) => ({
      field: field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      before: valueOf(field, was),
      after: valueOf(field, is),
    })),
  };
}

/** As the rest of the contract writes it: ids with their prefix, times in UTC. */
function valueOf(field: string, value: unknown): unknown {
  if (typeof value !== 'string') return value ?? null;
  if (field === 'recipient_id') return toPublicId('rcp', value);
  if (field === 'first_id') return toPublicId('key', value);
  return /(_at|^until|_until)$/.test(field) ? new Date(value).toISOString() : value;
}
