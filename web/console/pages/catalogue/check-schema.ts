/** What is wrong with a JSON Schema as it is typed, as far as a browser can tell: the service has the last word. */
export interface SchemaFault {
  code: 'not-json' | 'not-object' | 'too-large' | 'unknown-keyword' | 'unknown-type' | 'bad-pattern' | 'bad-bounds';
  /** JSON Pointer to the place; of `not-json` empty. */
  pointer: string;
  /** The word that is wrong. */
  name: string;
  /** Of `not-json`, where the browser tells. */
  position?: { line: number; column: number };
}

export type CheckedSchema =
  { schema: Record<string, unknown>; faults: [] } | { schema?: undefined; faults: SchemaFault[] };

const MOST_BYTES = 16 * 1024;
const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];
/** Keywords whose value is a schema, a list of schemas, schemas by name. */
const ONE = [
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const NAMED = ['$defs', 'dependentSchemas', 'patternProperties', 'properties'];
const PLAIN = (
  '$anchor $comment $dynamicAnchor $dynamicRef $id $ref $schema $vocabulary const contentEncoding ' +
  'contentMediaType contentSchema default dependentRequired deprecated description enum examples ' +
  'exclusiveMaximum exclusiveMinimum format maxContains maximum maxItems maxLength maxProperties ' +
  'minContains minimum minItems minLength minProperties multipleOf pattern readOnly required title type ' +
  'uniqueItems writeOnly'
).split(' ');
/** What the pages call the values of an `enum`. */
const OWN = ['x-titles'];
const KEYWORDS = new Set([...ONE, ...LISTS, ...NAMED, ...PLAIN, ...OWN]);
const BOUNDS = [
  ['minimum', 'maximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ['minProperties', 'maxProperties'],
] as const;

export function checkSchema(text: string): CheckedSchema {
  if (new TextEncoder().encode(text).length > MOST_BYTES)
    return { faults: [{ code: 'too-large', pointer: '', name: '' }] };
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    return { faults: [{ code: 'not-json', pointer: '', name: '', ...positionOf(text, error as SyntaxError) }] };
  }
  if (!isObject(schema)) return { faults: [{ code: 'not-object', pointer: '', name: '' }] };
  const faults = faultsOf(schema, '');
  return faults.length === 0 ? { schema, faults: [] } : { faults };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function faultsOf(schema: unknown, pointer: string): SchemaFault[] {
  if (!isObject(schema)) return [];
  return [
    ...ownFaults(schema, pointer),
    ...Object.entries(schema).flatMap(([key, value]) => faultsBelow(key, value, pointer)),
  ];
}

function ownFaults(schema: Record<string, unknown>, pointer: string): SchemaFault[] {
  const unknown = Object.keys(schema).filter((key) => !KEYWORDS.has(key));
  const types = [schema.type].flat().filter((type) => type !== undefined && !TYPES.includes(type as string));
  const crossed = BOUNDS.filter(([least, most]) => Number(schema[least]) > Number(schema[most]));
  const pattern = typeof schema.pattern === 'string' && !isPattern(schema.pattern) ? [schema.pattern] : [];
  return [
    ...unknown.map((name) => ({ code: 'unknown-keyword' as const, pointer: `${pointer}/${escaped(name)}`, name })),
    ...types.map((name) => ({ code: 'unknown-type' as const, pointer: `${pointer}/type`, name: String(name) })),
    ...pattern.map((name) => ({ code: 'bad-pattern' as const, pointer: `${pointer}/pattern`, name })),
    ...crossed.map(([least, most]) => ({ code: 'bad-bounds' as const, pointer, name: `${least} > ${most}` })),
  ];
}

function faultsBelow(key: string, value: unknown, pointer: string): SchemaFault[] {
  const at = `${pointer}/${escaped(key)}`;
  if (ONE.includes(key)) return faultsOf(value, at);
  if (LISTS.includes(key) && Array.isArray(value))
    return value.flatMap((one, index) => faultsOf(one, `${at}/${index}`));
  if (NAMED.includes(key) && isObject(value))
    return Object.entries(value).flatMap(([name, one]) => faultsOf(one, `${at}/${escaped(name)}`));
  return [];
}

/** As RFC 6901 writes a name. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

function isPattern(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}

/** Chromium and Node count characters, Firefox lines and columns; nothing where the text just breaks off. */
function positionOf(text: string, { message }: SyntaxError): Pick<SchemaFault, 'position'> {
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line !== undefined && column !== undefined) return { position: { line: Number(line), column: Number(column) } };
  const [, at] = /position (\d+)/.exec(message) ?? [];
  if (at === undefined) return {};
  const before = text.slice(0, Number(at)).split('\n');
  return { position: { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 } };
}
