import type { Statement, Tx } from '../platform/database';

const FORFEIT: Statement = { name: 'forfeit_points', text: 'SELECT forfeit_points($1, $2, $3) AS points' };

/**
 * Gives up all available points of a customer, who chose so when leaving (the SQL is `forfeit_points` in the migrations).
 * Once a job: its uuid is the transfer's. What is pending must be booked before. Answers how many points.
 */
export async function forfeit(tx: Tx, customerId: string, jobId: string): Promise<number> {
  const [row] = await tx.query<{ points: string }>(FORFEIT, [tx.programmeId, customerId, jobId]);
  return Number(row?.points ?? 0);
}
