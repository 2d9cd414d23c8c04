import type { Statement, Tx } from '../platform/database';
import type { ProgrammeKeys } from '../platform/key-ring';
import { markOf } from './earned-marks';

const OFFERS: Statement = { name: 'offers_with_marks', text: 'SELECT id FROM offers WHERE programme_id = $1' };
const CARRY: Statement = {
  name: 'carry_marks',
  text: `INSERT INTO earned_marks AS m (programme_id, mark, earned_at, expires_at)
           SELECT $1, r.to_mark, f.earned_at, f.expires_at FROM unnest($2::bytea[], $3::bytea[]) AS r(from_mark, to_mark)
             JOIN earned_marks f ON f.programme_id = $1 AND f.mark = r.from_mark
         ON CONFLICT ON CONSTRAINT earned_marks_pk DO UPDATE SET expires_at = greatest(m.expires_at, excluded.expires_at),
           earned_at = ARRAY(SELECT e.at FROM unnest(m.earned_at || excluded.earned_at) AS e(at) ORDER BY e.at)`,
};
const TAKE_BACK: Statement = {
  name: 'take_marks_back',
  text: `UPDATE earned_marks m SET earned_at = ARRAY(SELECT e.at FROM unnest(m.earned_at) AS e(at) WHERE e.at <> ALL (f.earned_at) ORDER BY e.at)
           FROM unnest($2::bytea[], $3::bytea[]) AS r(from_mark, to_mark)
           JOIN earned_marks f ON f.programme_id = $1 AND f.mark = r.from_mark
          WHERE m.programme_id = $1 AND m.mark = r.to_mark`,
};

/** Two references, both of whose customers' locks the caller holds. */
interface References {
  from: string;
  into: string;
}

/** What from earned counts for into as well: they are one customer, who earns once a period. */
export function carryMarks(tx: Tx, keys: ProgrammeKeys, references: References): Promise<void> {
  return change(tx, CARRY, keys, references);
}

/** Undoes it: what from earned counts for from alone. */
export function takeMarksBack(tx: Tx, keys: ProgrammeKeys, references: References): Promise<void> {
  return change(tx, TAKE_BACK, keys, references);
}

/** A mark names neither customer nor offer: those of the two customers are made anew for each offer of the programme. */
async function change(tx: Tx, statement: Statement, keys: ProgrammeKeys, { from, into }: References): Promise<void> {
  const offers = await tx.query<{ id: string }>(OFFERS, [tx.programmeId]);
  const marks = (ref: string): Buffer[] => offers.map(({ id }) => markOf(keys, ref, id));
  await tx.query(statement, [tx.programmeId, marks(from), marks(into)]);
}
