import { parsePublicId, type IdPrefix } from '../platform/ids';
import { invalidField } from '../platform/problem';

/** The uuid of a cursor that is an id, null at the beginning of a list. @throws 422 for what is no cursor. */
export function requireCursor(prefix: IdPrefix, after: string | undefined): string | null {
  if (after === undefined) return null;
  const uuid = parsePublicId(prefix, after);
  if (!uuid) throw invalidField('/after', 'after is no cursor of this list');
  return uuid;
}
