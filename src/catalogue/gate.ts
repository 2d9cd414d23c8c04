import type { Statement, Tx } from '../platform/database';

const LOCK: Statement = {
  name: 'lock_gate',
  text: 'SELECT pg_advisory_xact_lock(gate_lock($1))',
};
const LOCK_SHARED: Statement = {
  name: 'lock_gate_shared',
  text: 'SELECT pg_advisory_xact_lock_shared(gate_lock($1))',
};

/**
 * The gate of a programme: whoever withdraws a purpose or a recipient holds it alone, whoever relies on none being
 * withdrawn (a release, a publication) holds it with others; taken before any other lock, until the transaction ends.
 */
export async function lockGate(tx: Tx): Promise<void> {
  await tx.query(LOCK, [tx.programmeId]);
}

export async function lockGateShared(tx: Tx): Promise<void> {
  await tx.query(LOCK_SHARED, [tx.programmeId]);
}
