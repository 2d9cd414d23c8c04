import type { Role } from '../access';
import type { Statement, Tx } from '../platform/database';
import { newId } from '../platform/ids';
import { conflict, notFound } from '../platform/problem';

/** All that makes an award wrong; that consent was withdrawn does not (the type of the column is the same list). */
export const REVERSAL_REASONS = ['error', 'duplicate', 'fraud'] as const;
export type ReversalReason = (typeof REVERSAL_REASONS)[number];

export interface ReversalRequest {
  /** uuid */
  awardId: string;
  reason: ReversalReason;
  evidence: string;
  /** All that is left of the award, unless given. */
  points?: number | undefined;
  /** Who does it. */
  staff: { callerId: string; role: Role };
  /** The instant to judge and book by: that of the transaction unless a test says. */
  at?: Date;
}

/** A reversal as it was made, for those who audit it. */
export interface Reversal {
  /** uuid */
  id: string;
  reason: ReversalReason;
  evidence: string;
  /** Asked for. */
  points: number;
  /** Taken from the customer's available points. */
  reversed: number;
  staff: { callerId: string; role: Role };
  at: Date;
}

const REVERSE: Statement = {
  name: 'reverse_award',
  text: 'SELECT outcome, taken, uncovered, remains FROM reverse_award($1, $2, $3, $4, $5, $6, $7, $8, $9)',
};
const LIST: Statement = {
  name: 'reversals_of_award',
  text: `SELECT id, reason, evidence, points, reversed, staff_id, staff_role, reversed_at FROM reversals
          WHERE programme_id = $1 AND award_id = $2 ORDER BY number`,
};
const BEHIND: Statement = {
  name: 'reversals_behind_entries',
  text: 'SELECT id, award_id, reason FROM reversals WHERE programme_id = $1 AND id = ANY ($2)',
};

interface Outcome {
  outcome: 'reversed' | 'unknown' | 'pending' | 'exceeds';
  taken: string | null;
  uncovered: string | null;
  remains: string | null;
}

/**
 * Takes points of a wrong award back (the SQL is `reverse_award` in the migrations): from its own lot first, then from those
 * that end first, and never more than are available. What is not there is uncovered, and may be asked for again.
 * @throws 404 for what is no award of points, 409 `award-pending` when it is not booked yet, or on its way after a merge, `reversal-exceeds-award` for
 * more than is left of it: what was reversed before, or ended unused, is not
 */
export async function reverse(
  tx: Tx,
  { awardId, reason, evidence, points, staff, at }: ReversalRequest,
): Promise<{ id: string; reversed: number; uncovered: number }> {
  const id = newId();
  const { callerId, role } = staff;
  const values = [tx.programmeId, awardId, id, reason, evidence, points ?? null, callerId, role, at ?? null];
  const [said] = await tx.query<Outcome>(REVERSE, values);
  switch (said?.outcome) {
    case 'reversed':
      return { id, reversed: Number(said.taken), uncovered: Number(said.uncovered) };
    case 'pending':
      throw conflict('award-pending', 'The award is not booked yet', 'Try again shortly.');
    case 'exceeds': {
      const detail = `${Math.max(0, Number(said.remains))} points are left of it: the others were reversed, or ended unused.`;
      throw conflict('reversal-exceeds-award', 'That many points are not left of the award', detail);
    }
    default:
      throw notFound('award of points');
  }
}

/** The reversals of an award, in their order. */
export async function reversalsOf(tx: Tx, awardId: string): Promise<Reversal[]> {
  const rows = await tx.query<Row>(LIST, [tx.programmeId, awardId]);
  return rows.map((row) => ({
    id: row.id,
    reason: row.reason,
    evidence: row.evidence,
    points: Number(row.points),
    reversed: Number(row.reversed),
    staff: { callerId: row.staff_id, role: row.staff_role },
    at: row.reversed_at,
  }));
}

/** Which award was reversed and why, by the uuid of the reversal, which is that of its transfer and its cause as well. */
export async function reversalsBehind(
  tx: Tx,
  ids: string[],
): Promise<Map<string, { awardId: string; reason: ReversalReason }>> {
  const rows = await tx.query<{ id: string; award_id: string; reason: ReversalReason }>(BEHIND, [tx.programmeId, ids]);
  return new Map(rows.map(({ id, award_id: awardId, reason }) => [id, { awardId, reason }]));
}

interface Row {
  id: string;
  reason: ReversalReason;
  evidence: string;
  points: string;
  reversed: string;
  staff_id: string;
  staff_role: Role;
  reversed_at: Date;
}
