import type { Locale } from './texts';
import type { Schema } from './types';

export interface Choice {
  value: unknown;
  label: string;
}

/** What an input for a schema looks like; undefined where none of them can hold such a value. */
export type InputKind = 'boolean' | 'choice' | 'choices' | 'number' | 'date' | 'text';

export function inputKind(schema: Schema): InputKind | undefined {
  if (hasChoices(schema)) return 'choice';
  const type = typeOf(schema);
  if (type === 'array') return hasChoices(schema.items ?? {}) ? 'choices' : undefined;
  if (type === 'boolean') return 'boolean';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'string') return schema.format === 'date' ? 'date' : 'text';
  return undefined;
}

export const isWhole = (schema: Schema): boolean => typeOf(schema) === 'integer';

/** By `enum`, named by `x-titles` in the locale where there are some; or by `oneOf` with a `const` and a title each. */
export function choicesOf(schema: Schema, locale: Locale): Choice[] {
  const titleOf = (value: unknown): string => schema['x-titles']?.[String(value)]?.[locale] ?? labelOf(value);
  const listed = (schema.enum ?? []).map((value) => ({ value, label: titleOf(value) }));
  const described = (schema.oneOf ?? schema.anyOf ?? []).filter((one) => one.const !== undefined);
  return listed.length > 0
    ? listed
    : described.map((one) => ({ value: one.const, label: one.title ?? labelOf(one.const) }));
}

const hasChoices = (schema: Schema): boolean => choicesOf(schema, 'en').length > 0;

/** A value as people read it: "glutenFree" is "Gluten free". */
export function labelOf(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  const words = value.replace(
    /([a-zäöüß])([A-ZÄÖÜ])/g,
    (_, end: string, start: string) => `${end} ${start.toLowerCase()}`,
  );
  const spaced = /^[\w-]+$/.test(value) ? words.replace(/[_-]+/g, ' ') : value;
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function typeOf({ type }: Schema): string | undefined {
  return Array.isArray(type) ? type.find((one) => one !== 'null') : type;
}
