import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { isDeeper } from '../json-bounds';
import { invalidField } from '../problem';
import { RESERVED_NAMES } from '../reserved-names';
import { toProblem } from './problem.filter';

/** More than anything that is asked for has; what goes through a body level by level then never exhausts the stack. */
const LEVELS = 64;

/** Whether a text can hold one at all: hardly any does. */
const SUSPECT = new RegExp(String.raw`"(?:${RESERVED_NAMES.join('|')})"|\\u00`);

function hasReserved(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasReserved);
  return RESERVED_NAMES.some((name) => Object.hasOwn(value, name)) || Object.values(value).some(hasReserved);
}

/**
 * Reads bodies as JSON. Bytes that are no UTF-8 are refused: they would become replacement characters, and a value that nobody
 * shared would be kept.
 */
export function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  const unreadable = () => toProblem({ statusCode: 400 });
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8(body)) return done(unreadable());
    const text = body.toString();
    return parse(request, text, (error, value: unknown) => {
      if (isDeeper(value, LEVELS)) return done(unreadable());
      const isRefused = SUSPECT.test(text) && hasReserved(value);
      return isRefused
        ? done(invalidField('', 'No field may be called as what every object has: constructor, toString and others'))
        : done(error, value);
    });
  });
}
