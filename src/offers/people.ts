import type { Statement, Tx } from '../platform/database';
import { toPublicId } from '../platform/ids';
import type { PersonDto } from './approval.dto';

const NAMES: Statement = {
  name: 'names_of_staff',
  // Who signs in without a key has, in the record of changes, the name that their token had.
  text: `SELECT c.id, k.id IS NOT NULL AS "isKey", CASE WHEN k.id IS NOT NULL THEN k.name ELSE (SELECT s.by_name FROM staff_changes s
             WHERE s.programme_id = $1 AND s.by_id = c.id ORDER BY s.sequence DESC LIMIT 1) END AS name
           FROM unnest($2::uuid[]) AS c(id) LEFT JOIN access_keys k ON k.programme_id = $1 AND k.id = c.id`,
};

interface Row {
  id: string;
  isKey: boolean;
  name: string | null;
}

/** Who is behind the uuids of staff's callers, with their names as far as they are known; undefined for null. */
export async function peopleOf(
  tx: Tx,
  callers: (string | null)[],
): Promise<(caller: string | null) => PersonDto | undefined> {
  const wanted = [...new Set(callers.filter((caller) => caller !== null))];
  const rows = wanted.length === 0 ? [] : await tx.query<Row>(NAMES, [tx.programmeId, wanted]);
  const people = new Map(
    rows.map(({ id, isKey, name }) => [id, { caller: toPublicId(isKey ? 'key' : 'stf', id), name }]),
  );
  return (caller) => (caller === null ? undefined : people.get(caller));
}
