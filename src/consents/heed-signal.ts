import type { Statement, Tx } from '../platform/database';
import { lockCustomers } from './customers';

const KEEP: Statement = {
  name: 'keep_gpc',
  // Never before what it is said of: a clock that was set back must not let a consent look later than the signal.
  text: `UPDATE customers m SET gpc_at = greatest(m.gpc_at, clock_timestamp(),
                (SELECT max(k.given_at) FROM consents k WHERE k.programme_id = $1 AND k.customer_id = m.id)),
              gpc_in = transaction_number()
          WHERE m.programme_id = $1 AND m.id = ANY ($2)`,
};
const KEEP_AGAIN: Statement = {
  name: 'keep_gpc_again',
  // Ids are counted anew from where the backup was: one who came after it is not the one who said it.
  text: `UPDATE customers m SET gpc_at = r.at, gpc_in = transaction_number()
           FROM (SELECT customer, max(at) AS at FROM unnest($2::bigint[], $3::timestamptz[]) AS r(customer, at) GROUP BY customer) r
          WHERE m.programme_id = $1 AND m.id = r.customer AND m.created_at <= r.at AND (m.gpc_at IS NULL OR m.gpc_at < r.at)`,
};
const UNHEEDED: Statement = {
  name: 'gpc_unheeded',
  // Also of whom they have been merged into, one after the other: what the browser of the one says is said of them.
  text: `SELECT m.id, m.ref FROM customers f JOIN customers m ON m.programme_id = $1
            AND m.id = ANY (CASE WHEN f.merged_into IS NULL THEN ARRAY[f.id] ELSE merged_way($1, f.id) END)
          WHERE f.programme_id = $1 AND f.ref = $2
            AND (m.gpc_at IS NULL OR EXISTS (
              SELECT FROM consents k JOIN purposes p ON p.programme_id = $1 AND p.key = k.purpose AND p.third_party_advertising
               WHERE k.programme_id = $1 AND k.customer_id = m.id AND k.status = 'active' AND k.given_at > m.gpc_at))`,
};

/** Someone whom the signal would still change something for. */
export interface Unheeded {
  id: string;
  /** Null when they have left. */
  ref: string | null;
}

/**
 * Keeps that these customers (by id) said it now. The caller holds their locks exclusively: when it has committed, nothing is
 * released for advertising by others under a consent from before.
 */
export async function keepSignal(tx: Tx, customerIds: string[]): Promise<void> {
  if (customerIds.length > 0) await tx.query(KEEP, [tx.programmeId, customerIds]);
}

/** A signal that a journal says was given. */
export interface ReplayedSignal {
  customer: string;
  at: string;
}

/** Keeps again what a backup does not know, as of when it was said. The caller holds the customers' locks. */
export async function keepSignalsAgain(tx: Tx, signals: ReplayedSignal[]): Promise<void> {
  if (signals.length === 0) return;
  await tx.query(KEEP_AGAIN, [tx.programmeId, signals.map(({ customer }) => customer), signals.map(({ at }) => at)]);
}

/** Whom the signal of this customer would still change something for: it is new, or a consent was given since. */
export function unheeded(tx: Tx, customerRef: string): Promise<Unheeded[]> {
  return tx.query<Unheeded & Record<string, unknown>>(UNHEEDED, [tx.programmeId, customerRef]);
}

/** The same for a customer by reference, where there is anything to change; takes the locks, of those found before as well. */
export async function heedSignal(tx: Tx, customerRef: string, found: Unheeded[]): Promise<void> {
  await lockCustomers(tx, [customerRef, ...found.flatMap(({ ref }) => ref ?? [])]);
  await keepSignal(
    tx,
    (await unheeded(tx, customerRef)).map(({ id }) => id),
  );
}
