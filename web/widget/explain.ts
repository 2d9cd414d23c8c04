import { ProblemError } from '../shared/problem';
import { Unreachable } from './api';
import { text, type Key, type Locale } from './texts';

const KNOWN = new Set([
  'notice-outdated',
  'offer-exhausted',
  'offer-not-live',
  'too-many-requests',
  'customer-merged',
  'programme-ended',
  'value-invalid',
  'unavailable',
]);

/**
 * What went wrong, and what to do about it. Empty when the session is over, which is said for the page as a whole.
 * @param what a change may have happened though its answer was lost; looking changes nothing
 */
export function explain(locale: Locale, error: unknown, what: 'look' | 'change'): string {
  if (error instanceof Unreachable) return text(locale, what === 'look' ? 'problem.network' : 'problem.unsure');
  if (!(error instanceof ProblemError)) throw error;
  if (error.status === 401) return '';
  // Without a number it is not the service that answered, but something before it.
  const known = KNOWN.has(error.type) ? error.type : error.instance === '' ? 'unavailable' : 'other';
  return text(locale, `problem.${known}` as Key, { instance: error.instance });
}
