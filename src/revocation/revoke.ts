import {
  activeConsents,
  end,
  findCustomer,
  lockCustomers,
  type ActiveConsent,
  type RevocationScope,
} from '../consents';
import { balanceOf } from '../ledger';
import { append } from '../outbox';
import type { Statement, Tx } from '../platform/database';
import { newId, toPublicId } from '../platform/ids';
import { countUncoveredWithout } from '../vault';
import type { RevocationAnswer } from './revocation.dto';

/** Recipients have so long to confirm before their notice counts as overdue. */
const DUE_HOURS = 72;

const NOW: Statement = { name: 'database_now', text: 'SELECT clock_timestamp() AS now' };
const GOT_IT: Statement = {
  name: 'recipients_of_consents',
  text: `SELECT r.id, r.key, r.name, array_agg(DISTINCT d.purpose::text) AS purposes, array_agg(DISTINCT a.attribute) AS attributes
           FROM disclosures d JOIN recipients r ON r.programme_id = $1 AND r.id = d.recipient_id
           CROSS JOIN LATERAL unnest(d.attributes) AS a(attribute)
          WHERE d.programme_id = $1 AND d.customer_id = $2 AND d.consents && $3
          GROUP BY r.id, r.key, r.name ORDER BY r.key`,
};
const WRITE: Statement = {
  name: 'write_revocation',
  text: `INSERT INTO revocations (programme_id, id, customer_id, scope, status, consents_ended, values_erasing, blocked_at)
           VALUES ($1, $2, $3, $4, 'blocked', $5, $6, $7)`,
};
const OWE_NOTICES: Statement = {
  name: 'owe_notices',
  text: `INSERT INTO revocation_notices (programme_id, id, revocation_id, recipient_id, purposes, attributes, created_at, due_at)
           SELECT $1, r.id, $2, r.recipient, ARRAY(SELECT json_array_elements_text(r.purposes)),
                  ARRAY(SELECT json_array_elements_text(r.attributes)), $4, $4::timestamptz + make_interval(hours => $5)
             FROM json_to_recordset($3) AS r(id uuid, recipient uuid, purposes json, attributes json)`,
};

interface Recipient {
  id: string;
  key: string;
  name: string;
  purposes: string[];
  attributes: string[];
}

/** What a revocation ends, erases and owes; or would, in a dry run. */
interface Consequence {
  customerId: string;
  consents: ActiveConsent[];
  erasing: number;
  recipients: Recipient[];
  keepsPoints: number;
}

async function consequence(tx: Tx, customerId: string, scope: RevocationScope): Promise<Consequence> {
  const consents = await activeConsents(tx, customerId, scope);
  const ids = consents.map(({ id }) => id);
  const [recipients, erasing, balance] = await Promise.all([
    tx.query<Recipient>(GOT_IT, [tx.programmeId, customerId, ids]),
    countUncoveredWithout(tx, customerId, ids),
    balanceOf(tx, customerId),
  ]);
  return { customerId, consents, erasing, recipients, keepsPoints: balance.available + balance.held + balance.pending };
}

const answerOf = (id: string | undefined, found: Consequence): RevocationAnswer => ({
  ...(id === undefined ? {} : { id: toPublicId('rev', id) }),
  status: found.consents.length === 0 ? 'complete' : 'blocked',
  keepsPoints: found.keepsPoints,
  consentsEnded: found.consents.length,
  values: { erasing: found.consents.length === 0 ? 0 : found.erasing },
  recipients: found.recipients.map(({ key, name }) => ({ recipient: key, name, status: 'owed' })),
});

const nothing: RevocationAnswer = {
  status: 'complete',
  keepsPoints: 0,
  consentsEnded: 0,
  values: { erasing: 0 },
  recipients: [],
};

/** What taking this back would do; nothing is changed. */
export async function previewRevocation(
  tx: Tx,
  customerRef: string,
  scope: RevocationScope,
): Promise<RevocationAnswer> {
  const customerId = await findCustomer(tx, customerRef);
  return customerId === undefined ? nothing : answerOf(undefined, await consequence(tx, customerId, scope));
}

/**
 * THE revocation transaction. It takes the customer's lock exclusively, and reads after it: releases that hold the lock
 * have their row by now, and those that wait for it will find the consents ended. When this has committed, the use is
 * blocked; erasing and telling are owed, in the same commit. The ledger is not touched.
 */
export async function revoke(tx: Tx, customerRef: string, scope: RevocationScope): Promise<RevocationAnswer> {
  await lockCustomers(tx, [customerRef]);
  const customerId = await findCustomer(tx, customerRef);
  if (customerId === undefined) return nothing;
  const found = await consequence(tx, customerId, scope);
  if (found.consents.length === 0) return answerOf(undefined, found);
  const id = newId();
  const at = (await tx.query<{ now: Date }>(NOW, []))[0]?.now ?? new Date();
  const notices = found.recipients.map(({ id: recipient, purposes, attributes }) => ({
    id: newId(),
    recipient,
    purposes,
    attributes,
  }));
  await tx.query(WRITE, [tx.programmeId, id, customerId, scope, found.consents.length, found.erasing, at]);
  await Promise.all([
    end(tx, customerId, found.consents, { status: 'withdrawn', revocationId: id, at }),
    tx.query(OWE_NOTICES, [tx.programmeId, id, JSON.stringify(notices), at, DUE_HOURS]),
    append(tx, [{ topic: 'erasure', id }]),
  ]);
  return answerOf(id, found);
}
