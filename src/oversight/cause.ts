import type { EndingScope } from '../consents/core';
import { type Cause, CAUSES } from './oversight.dto';

/** By which of its fields a scope says what ended consents. */
export function causeOf(scope: EndingScope): Cause {
  const cause = CAUSES.find((one) => one in scope);
  if (!cause) throw new Error('A revocation has a scope that nobody knows');
  return cause;
}
