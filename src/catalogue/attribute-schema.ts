import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Fault } from '../platform/problem';
import { isWithin } from '../platform/json-bounds';
import { mayTakeLong, watch } from './bounded-check';

export type JsonSchema = Record<string, unknown>;

/** How pages name the values of an enum: `{"vegan": {"de": "Vegan", "en": "Vegan"}}`. It says nothing of which values are right. */
const TITLES = 'x-titles';
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const SCHEMA_BOUNDS = { bytes: 16 * 1024, levels: 32 };
/** A value is small; what a pattern or a recursive schema can cost all the same is watched. */
const VALUE_BOUNDS = { bytes: 8 * 1024, levels: 16 };
const STRICTNESS = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  logger: false,
} as const;

const ENDLESS: Fault = { pointer: '', message: 'The schema takes too long: does it refer to itself?' };
const SAMPLES = [null, true, 0, '', [], {}];

const metaSchema = new Ajv2020(STRICTNESS);
addFormats(metaSchema);

/** A compiler of its own for each schema: one that is shared keeps all it ever compiled, and mixes up their `$id`s. */
function compile(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ ...STRICTNESS, meta: false, validateSchema: false, allErrors: false });
  addFormats(ajv);
  ajv.addKeyword({ keyword: TITLES, schemaType: 'object' });
  return ajv.compile(schema);
}

/** Faults of an attribute's JSON Schema (2020-12); pointers are relative to the schema. */
export function faultsOfSchema(schema: JsonSchema): Fault[] {
  if (!isWithin(schema, SCHEMA_BOUNDS)) {
    return [{ pointer: '', message: 'The schema must have at most 16 kB and 32 levels' }];
  }
  if (schema.$schema !== undefined && schema.$schema !== DIALECT) {
    return [{ pointer: '/$schema', message: `Must be "${DIALECT}" or left out` }];
  }
  if ('$async' in schema) return [{ pointer: '/$async', message: '$async is not a keyword of JSON Schema 2020-12' }];
  if (!metaSchema.validateSchema(schema)) {
    return (metaSchema.errors ?? []).map((error) => ({ pointer: error.instancePath, message: messageOf(error) }));
  }
  try {
    const validate = compile(schema);
    // What refers to itself with nothing between takes for ever, whatever the value.
    const isEndless = mayTakeLong(schema) && SAMPLES.some((sample) => watch(() => validate(sample)) === undefined);
    return isEndless ? [ENDLESS] : [];
  } catch (error) {
    if (error instanceof RangeError) return [ENDLESS];
    return [compilerFault(schema, (error as Error).message)];
  }
}

function messageOf(error: ErrorObject): string {
  const allowed = (error.params as { allowedValues?: unknown[] }).allowedValues;
  return allowed ? `Must be one of ${allowed.map(String).join(', ')}` : (error.message ?? error.keyword);
}

/** The compiler says in words what it stumbled over: its keyword is looked for, to say where. */
function compilerFault(schema: JsonSchema, message: string): Fault {
  const keyword = /unknown keyword: "(.+)"/.exec(message)?.[1];
  if (keyword !== undefined) {
    return {
      pointer: `${pathTo(schema, (key) => key === keyword) ?? ''}`,
      message: `"${keyword}" is not a keyword of JSON Schema 2020-12`,
    };
  }
  const format = /unknown format "(.+?)"/.exec(message)?.[1];
  if (format !== undefined) {
    return {
      pointer: pathTo(schema, (key, value) => key === 'format' && value === format) ?? '',
      message: `"${format}" is not a known format`,
    };
  }
  const reference = /can't resolve reference (\S+)/.exec(message)?.[1];
  if (reference !== undefined) {
    return {
      pointer: pathTo(schema, (key, value) => key === '$ref' && value === reference) ?? '',
      message: 'The reference does not point into this schema: nothing is fetched from elsewhere, use #/$defs/…',
    };
  }
  return { pointer: '', message };
}

const escape = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

function pathTo(value: unknown, isIt: (key: string, value: unknown) => boolean): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const step = `/${escape(key)}`;
    if (isIt(key, child)) return step;
    const below = pathTo(child, isIt);
    if (below !== undefined) return step + below;
  }
  return undefined;
}

/**
 * Compiles an attribute's schema into a check of values. Its faults hold no part of the value: messages come from the
 * schema, and a pointer ends where the value's own words would begin.
 */
export function valueValidator(schema: JsonSchema): (value: unknown) => Fault[] {
  const validate = compile(schema);
  const known = propertyNames(schema, new Set());
  const isWatched = mayTakeLong(schema);
  return (value) => {
    if (!isWithin(value, VALUE_BOUNDS)) {
      return [{ pointer: '', message: 'The value must have at most 8 kB and 16 levels' }];
    }
    const isRight = isWatched ? watch(() => validate(value)) : validate(value);
    if (isRight) return [];
    if (isRight === undefined) return [{ pointer: '', message: 'The value takes too long to check' }];
    return (validate.errors ?? []).map((error) => ({
      pointer: knownPart(error.instancePath, value, known),
      message: messageOf(error),
    }));
  };
}

function propertyNames(schema: unknown, names: Set<string>): Set<string> {
  if (typeof schema !== 'object' || schema === null) return names;
  const { properties } = schema as { properties?: unknown };
  if (typeof properties === 'object' && properties !== null) Object.keys(properties).forEach((name) => names.add(name));
  Object.values(schema).forEach((child) => propertyNames(child, names));
  return names;
}

function knownPart(pointer: string, value: unknown, known: Set<string>): string {
  let here = value;
  let kept = '';
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!Array.isArray(here) && !known.has(name)) break;
    kept += `/${part}`;
    here = (here as Record<string, unknown>)[name];
  }
  return kept;
}
