import { violatedConstraint } from '../platform/database';
import { conflict, notFound } from '../platform/problem';
import { KEY_PATTERN } from './texts.dto';

/** Does work that stores a new key, and says 409 `key-taken` where the named constraint refuses it; other errors pass. */
export async function orKeyTaken<T>(constraint: string, what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (violatedConstraint(error) === constraint) throw conflict('key-taken', `The key of this ${what} is taken`);
    throw error;
  }
}

/** A key in a path; 404 when it can be none. */
export function requireKey(key: string, what: string): string {
  if (!KEY_PATTERN.test(key)) throw notFound(what);
  return key;
}
