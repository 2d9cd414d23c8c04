import type { OpenAPIObject } from '@nestjs/swagger';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  example?: unknown;
  examples?: unknown[];
  [keyword: string]: unknown;
}

/**
 * An example of the schema out of the examples of its parts; undefined where a part has none. A field without one is
 * left out.
 */
export function exampleOf(document: OpenAPIObject, schema: Schema): unknown {
  if (schema.examples !== undefined) return schema.examples[0];
  if (schema.$ref !== undefined) return exampleOf(document, resolve(document, schema.$ref));
  const [one] = schema.oneOf ?? schema.anyOf ?? [];
  if (one) return exampleOf(document, one);
  if (schema.items) {
    const item = exampleOf(document, schema.items);
    return item === undefined ? undefined : [item];
  }
  if (!schema.properties) return undefined;
  const fields = Object.entries(schema.properties).map(([name, field]) => [name, exampleOf(document, field)] as const);
  return Object.fromEntries(fields.filter(([, example]) => example !== undefined));
}

export function resolve(document: OpenAPIObject, ref: string): Schema {
  const found = document.components?.schemas?.[ref.replace('#/components/schemas/', '')];
  if (!found) throw new Error(`${ref} is not in the document`);
  return found as Schema;
}

/**
 * What @nestjs/swagger leaves of OpenAPI 3.0, in words of JSON Schema 2020-12: `example` is one of `examples`, a lone
 * `allOf` is a `$ref` with something beside it, and a choice that a class spells out is not also the class itself.
 */
export function modernise(node: unknown, within?: string): void {
  if (typeof node !== 'object' || node === null || within === 'examples') return;
  for (const [key, child] of Object.entries(node)) modernise(child, key);
  if (Array.isArray(node) || within === 'properties') return;
  const schema = node as Schema;
  const [only, ...others] = schema.allOf ?? [];
  if (only?.$ref !== undefined && others.length === 0) {
    delete schema.allOf;
    if (schema.oneOf === undefined) schema.$ref = only.$ref;
  }
  if ('example' in schema) {
    schema.examples = [schema.example];
    delete schema.example;
  }
}
