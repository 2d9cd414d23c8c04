import type { Statement, Tx } from '../platform/database';

const LOCK: Statement = {
  name: 'lock_recipients',
  text: 'SELECT id FROM recipients WHERE programme_id = $1 AND id = ANY ($2) ORDER BY id FOR NO KEY UPDATE',
};
const SETTLE: Statement = { name: 'settle_suspensions', text: 'SELECT settle_suspensions($1, $2)' };

/**
 * Held, until the transaction ends, by whoever changes what suspends a recipient: marks a notice as overdue, takes the answer
 * to an overdue one, changes what was agreed. Each of them sees what the one before did.
 */
export async function lockRecipients(tx: Tx, ids: string[]): Promise<void> {
  await tx.query(LOCK, [tx.programmeId, ids]);
}

/**
 * Suspends these recipients, or lifts it, as their overdue notices and what they agreed to say. The caller holds them, and
 * before that the programme's gate where it may suspend one: when it has committed, no release is under way.
 */
export async function settleSuspensions(tx: Tx, ids: string[]): Promise<void> {
  await tx.query(SETTLE, [tx.programmeId, ids]);
}
