import { addCustomers, identifyCustomers, lockCustomers } from '../consents';
import { type Statement, type Tx, violatedConstraint } from '../platform/database';
import { newId, toPublicId } from '../platform/ids';
import { invalidField, notFound } from '../platform/problem';
import type { PauseAnswer } from './pause.dto';

/** What a customer pauses. */
export type PauseScope = { share: string } | { purpose: string } | { everything: true };

const WRITE: Statement = {
  name: 'write_pause',
  // No row where the time is over already, by the database's clock.
  text: `INSERT INTO pauses (programme_id, id, customer_id, share_id, purpose, everything, started_at, until)
           SELECT $1, $2, $3, $4, $5, $6, s.now, $7 FROM (SELECT clock_timestamp() AS now) s WHERE $7::timestamptz > s.now
           RETURNING until`,
};
const FIND: Statement = {
  name: 'find_pause',
  text: `SELECT c.ref FROM pauses p JOIN customers c ON c.programme_id = $1 AND c.id = p.customer_id
          WHERE p.programme_id = $1 AND p.id = $2 AND p.attribute IS NULL`,
};
const END: Statement = {
  name: 'end_pause',
  text: `UPDATE pauses SET ended_at = clock_timestamp(), changed_in = transaction_number()
          WHERE programme_id = $1 AND id = $2 AND ended_at IS NULL`,
};

/** Constraints that say that there is no such thing to pause. */
const MISSING: Record<string, string> = { pauses_share_fk: 'share', pauses_purpose_fk: 'purpose' };

/**
 * Pauses use. It holds the customer's lock as a revocation does, so when it has committed no release for what is paused
 * commits any more. Neither consents nor awards are touched.
 * @throws 404 for a share that is not this customer's or an unknown purpose, 422 when until is over.
 */
export async function pause(tx: Tx, customerRef: string, scope: PauseScope, until: Date): Promise<PauseAnswer> {
  await lockCustomers(tx, [customerRef]);
  const customer = (await identifyCustomers(tx, [customerRef])).get(customerRef)!;
  await addCustomers(tx, [customer]);
  const customerId = customer.id;
  const id = newId();
  const share = 'share' in scope ? scope.share : null;
  const purpose = 'purpose' in scope ? scope.purpose : null;
  const values = [tx.programmeId, id, customerId, share, purpose, 'everything' in scope, until];
  const [row] = await tx.query<{ until: Date }>(WRITE, values).catch((error: unknown) => {
    const missing = MISSING[violatedConstraint(error) ?? ''];
    throw missing === undefined ? error : notFound(missing);
  });
  if (!row) throw invalidField('/until', 'until must be in the future');
  return { id: toPublicId('pau', id), until: row.until.toISOString() };
}

/**
 * Ends a pause; one that has ended stays so. What a merge paused only its undo lets go on. @throws 404, also for another customer's
 * where customerRef is given.
 */
export async function endPause(tx: Tx, id: string, customerRef?: string): Promise<void> {
  const [found] = await tx.query<{ ref: string | null }>(FIND, [tx.programmeId, id]);
  if (!found || (customerRef !== undefined && found.ref !== customerRef)) throw notFound('pause');
  if (found.ref !== null) await lockCustomers(tx, [found.ref]);
  await tx.query(END, [tx.programmeId, id]);
}
