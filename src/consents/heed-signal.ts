import type { Statement, Tx } from '../platform/database';
import { lockCustomers } from './customers';

const KEEP: Statement = {
  name: 'keep_gpc',
  // Never before what it is said of: a clock that was set back must not let a consent look later than the signal.
  text: `UPDATE customers m SET gpc_at = greatest(m.gpc_at, clock_timestamp(),
                (SELECT max(k.given_at) FROM consents k WHERE k.programme_id = $1 AND k.customer_id = m.id))
          WHERE m.programme_id = $1 AND m.id = ANY ($2)`,
};
const UNHEEDED: Statement = {
  name: 'gpc_unheeded',
  text: `SELECT m.id FROM customers m WHERE m.programme_id = $1 AND m.ref = $2
            AND (m.gpc_at IS NULL OR EXISTS (
              SELECT FROM consents k JOIN purposes p ON p.programme_id = $1 AND p.key = k.purpose AND p.third_party_advertising
               WHERE k.programme_id = $1 AND k.customer_id = m.id AND k.status = 'active' AND k.given_at > m.gpc_at))`,
};

/**
 * Keeps that these customers (by id) said it now. The caller holds their locks exclusively: when it has committed, nothing is
 * released for advertising by others under a consent from before.
 */
export async function keepSignal(tx: Tx, customerIds: string[]): Promise<void> {
  if (customerIds.length > 0) await tx.query(KEEP, [tx.programmeId, customerIds]);
}

/** A customer whom the signal would still change something for: it is new, or a consent was given since. Undefined: none. */
export async function unheeded(tx: Tx, customerRef: string): Promise<string | undefined> {
  return (await tx.query<{ id: string }>(UNHEEDED, [tx.programmeId, customerRef]))[0]?.id;
}

/** The same for one customer by reference, where there is anything to change; takes the lock. */
export async function heedSignal(tx: Tx, customerRef: string): Promise<void> {
  await lockCustomers(tx, [customerRef]);
  const id = await unheeded(tx, customerRef);
  if (id !== undefined) await keepSignal(tx, [id]);
}
