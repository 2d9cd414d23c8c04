import type { OpenAPIObject } from '@nestjs/swagger';
import { PROBLEMS, type Problems } from './api-problems';

export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & { [PROBLEMS]?: Problems };

/** RFC 9457, as problem.filter.ts sends it. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'What went wrong (RFC 9457). It never holds a shared value.',
  required: ['type', 'title', 'status', 'instance', 'errors'],
  properties: {
    type: { type: 'string', format: 'uri', examples: ['urn:gegenwert:problem:invalid-request'] },
    title: { type: 'string', description: 'The type in words.', examples: ['The request does not hold what it must'] },
    status: { type: 'integer', minimum: 400, maximum: 599, examples: [422] },
    detail: { type: 'string', description: 'What can be done about it.', examples: ['See errors for each field.'] },
    instance: {
      type: 'string',
      description: 'Id of the request, which the log knows it by.',
      examples: ['req_01kbn7p4a2f8x9d0v5q3w6y1zr'],
    },
    mergedInto: {
      type: 'string',
      description: 'Of `customer-merged`: the reference to call with.',
      examples: ['customer-0815'],
    },
    errors: {
      type: 'array',
      description: 'Each thing that is wrong with the request.',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: {
          pointer: {
            type: 'string',
            description: 'Where in the body, or which parameter (JSON Pointer, RFC 6901).',
            examples: ['/customerRef'],
          },
          message: { type: 'string', examples: ['customerRef must have 1 to 128 of A-Z a-z 0-9 . _ : @ | -'] },
        },
      },
    },
  },
};

const HEADERS: Partial<Record<number, object>> = {
  401: { 'WWW-Authenticate': { schema: { type: 'string' }, description: 'Bearer' } },
  429: {
    'Retry-After': { schema: { type: 'integer' }, description: 'Seconds after which to try again' },
    'RateLimit-Policy': {
      schema: { type: 'string' },
      description: 'How many calls in how many seconds: `"key";q=600;w=60`',
    },
    RateLimit: { schema: { type: 'string' }, description: 'How many are left, and for how long: `"key";r=0;t=12`' },
  },
  503: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds after which to try again' } },
};

/** What whoever calls too often is answered. */
export const TOO_MANY_REQUESTS = { 'too-many-requests': 'this caller, or this address, called too often' };

/** What a call meets because of its kind: whether it has a caller, a body, parameters, an Idempotency-Key. */
function problemsOfKind(method: string, operation: Operation, takesKey: boolean): Problems[] {
  const parameters = (operation.parameters ?? []) as { in: string }[];
  const has = (place: string) => parameters.some((parameter) => parameter.in === place);
  const called = (operation.security ?? []).length > 0;
  const byStorefront = (operation.security ?? []).some((who) => 'storefrontKey' in who);
  return [
    { 500: { internal: 'something went wrong on our side' } },
    called
      ? {
          401: { unauthorized: 'no key or token, or one that is unknown, expired or revoked' },
          403: { forbidden: 'the key or token is valid, but not for this call' },
          429: TOO_MANY_REQUESTS,
          503: { unavailable: 'a store that this needs is away, or too many requests are waiting' },
        }
      : {},
    method === 'get'
      ? {}
      : {
          400: { 'malformed-request': 'the body cannot be read as JSON' },
          413: { 'too-large': 'the body is larger than 256 kB' },
          415: { 'unsupported-media-type': 'the body is something else than application/json' },
        },
    has('path') ? { 404: { 'not-found': 'there is none with this id or key in this programme' } } : {},
    operation.requestBody || has('query') || takesKey
      ? { 422: { 'invalid-request': 'a field or parameter is missing, unknown or not what it must be: see errors' } }
      : {},
    takesKey && byStorefront ? { 400: { 'idempotency-key-required': 'a storefront sent no Idempotency-Key' } } : {},
    takesKey
      ? {
          409: { 'idempotency-in-progress': 'the first request with this Idempotency-Key is still running' },
          422: { 'idempotency-key-reused': 'the Idempotency-Key was used for another request' },
        }
      : {},
  ];
}

/** Gives every problem that the operation can answer its response: those of its kind, and what it says itself. */
export function addProblems(document: OpenAPIObject, method: string, operation: Operation, takesKey: boolean): void {
  const own = operation[PROBLEMS] ?? {};
  delete operation[PROBLEMS];
  const byStatus = new Map<number, Map<string, string>>();
  for (const problems of [...problemsOfKind(method, operation, takesKey), own]) {
    for (const [status, types] of Object.entries(problems)) {
      const known = byStatus.get(Number(status)) ?? new Map<string, string>();
      for (const [type, when] of Object.entries(types ?? {})) known.set(type, when);
      byStatus.set(Number(status), known);
    }
  }
  for (const [status, types] of byStatus) {
    operation.responses[String(status)] = { $ref: sharedResponse(document, status, types) };
  }
}

const pascalCase = (type: string): string =>
  type.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());

/** One response for all operations that answer the same problems with a status. */
function sharedResponse(document: OpenAPIObject, status: number, types: Map<string, string>): string {
  const sorted = [...types].sort(([a], [b]) => a.localeCompare(b));
  const name = sorted.map(([type]) => pascalCase(type)).join('Or');
  const response = {
    description: sorted.map(([type, when]) => `\`${type}\`: ${when}`).join('; '),
    ...(HEADERS[status] === undefined ? {} : { headers: HEADERS[status] }),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }],
          properties: {
            type: { enum: sorted.map(([type]) => `urn:gegenwert:problem:${type}`) },
            status: { const: status },
          },
        },
      },
    },
  };
  const responses = ((document.components ??= {}).responses ??= {});
  const known = responses[name];
  if (known && JSON.stringify(known) !== JSON.stringify(response)) {
    throw new Error(`Problems ${name} are described in two ways: say the same of each wherever it is answered`);
  }
  responses[name] = response as never;
  return `#/components/responses/${name}`;
}
