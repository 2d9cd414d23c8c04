import {
  activeConsents,
  type EndedAs,
  type EndingScope,
  end,
  findCustomer,
  type ActiveConsent,
  type RevocationScope,
} from '../consents/core';
import { balanceOf } from '../ledger';
import { append } from '../outbox';
import type { Statement, Tx } from '../platform/database';
import { newId, toPublicId } from '../platform/ids';
import { countUncoveredWithout } from '../vault';
import type { RevocationAnswer } from './revocation.dto';
import { announceNotices } from './tell';

// Not earlier than what was released before: a Date holds milliseconds, a release was recorded to the microsecond.
const NOW: Statement = {
  name: 'database_now',
  text: `SELECT date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' AS now`,
};
const GOT_IT: Statement = {
  name: 'recipients_of_consents',
  // Under what ended, and no more: other consents may still allow the rest of the same disclosure.
  text: `SELECT g.customer_id AS customer, r.id, r.key, r.name, g.consents FROM (
           SELECT d.customer_id, d.recipient_id, array_agg(DISTINCT k.id::text) AS consents
             FROM disclosures d CROSS JOIN LATERAL unnest(d.consents) AS k(id)
            WHERE d.programme_id = $1 AND d.customer_id = ANY ($2) AND k.id = ANY ($3) GROUP BY d.customer_id, d.recipient_id) g
           CROSS JOIN LATERAL (SELECT id, key, name FROM recipients WHERE programme_id = $1 AND id = g.recipient_id LIMIT 1) r
          ORDER BY r.key`,
};
const WRITE: Statement = {
  name: 'write_revocations',
  text: `INSERT INTO revocations (programme_id, id, customer_id, scope, status, consents_ended, values_erasing, blocked_at)
           SELECT $1, r.id, r.customer, $3, 'blocked', r.ended, r.erasing, $4
             FROM json_to_recordset($2) AS r(id uuid, customer bigint, ended int, erasing int)`,
};
const OWE_NOTICES: Statement = {
  name: 'owe_notices',
  text: `INSERT INTO revocation_notices (programme_id, id, revocation_id, recipient_id, purposes, attributes, created_at, due_at)
           SELECT $1, r.id, r.revocation, r.recipient, ARRAY(SELECT json_array_elements_text(r.purposes)),
                  ARRAY(SELECT json_array_elements_text(r.attributes)), $3, $3::timestamptz + make_interval(hours => d.due_hours)
             FROM json_to_recordset($2) AS r(id uuid, revocation uuid, recipient uuid, purposes json, attributes json)
             CROSS JOIN LATERAL (SELECT due_hours FROM recipients WHERE programme_id = $1 AND id = r.recipient LIMIT 1) d`,
};

interface Recipient {
  customer: string;
  id: string;
  key: string;
  name: string;
  purposes: string[];
  attributes: string[];
}

type Got = Omit<Recipient, 'purposes' | 'attributes'> & { consents: string[] };

/** What ends, is erased and is owed for one customer; or would be, in a dry run. */
interface Consequence {
  customerId: string;
  consents: ActiveConsent[];
  erasing: number;
  recipients: Recipient[];
}

/** One for each of the customers that have consents within the scope. */
async function consequences(tx: Tx, customerIds: string[], scope: EndingScope): Promise<Consequence[]> {
  const byCustomer = new Map<string, ActiveConsent[]>();
  for (const consent of await activeConsents(tx, customerIds, scope)) {
    byCustomer.set(consent.customerId, [...(byCustomer.get(consent.customerId) ?? []), consent]);
  }
  if (byCustomer.size === 0) return [];
  const active = new Map([...byCustomer.values()].flat().map((consent) => [consent.id, consent]));
  const [got, ...erasing] = await Promise.all([
    tx.query<Got>(GOT_IT, [tx.programmeId, [...byCustomer.keys()], [...active.keys()]]),
    ...[...byCustomer].map(([customer, consents]) =>
      countUncoveredWithout(
        tx,
        customer,
        consents.map(({ id }) => id),
      ),
    ),
  ]);
  const recipients = got.map(({ consents, ...recipient }) => {
    const used = consents.flatMap((id) => active.get(id) ?? []);
    const purposes = [...new Set(used.map(({ purpose }) => purpose))].sort();
    return { ...recipient, purposes, attributes: [...new Set(used.map(({ attribute }) => attribute))].sort() };
  });
  return [...byCustomer].map(([customerId, consents], n) => ({
    customerId,
    consents,
    erasing: erasing[n] ?? 0,
    recipients: recipients.filter(({ customer }) => customer === customerId),
  }));
}

/** Consents of customers that are about to end, with a revocation (uuid) each: read, and not written yet. */
export interface Ending {
  scope: EndingScope;
  of: (Consequence & { id: string })[];
  /** By the database's clock, after the locks. */
  at: Date;
}

/**
 * What would end for customers whose locks the caller holds exclusively; nobody for whom nothing would.
 * @param ids uuid of each customer's revocation, where it has one already
 */
export async function endingOf(
  tx: Tx,
  customerIds: string[],
  scope: EndingScope,
  ids?: ReadonlyMap<string, string>,
): Promise<Ending> {
  const [found, [clock]] = await Promise.all([consequences(tx, customerIds, scope), tx.query<{ now: Date }>(NOW, [])]);
  const of = found.map((one) => ({ ...one, id: ids?.get(one.customerId) ?? newId() }));
  return { scope, of, at: clock?.now ?? new Date() };
}

/**
 * Ends them: consents, history, a revocation each, the notices and the erasure that are owed. All in one round trip, what the
 * caller sends after it included: nothing here may wait before it has sent its statements.
 */
export async function writeEnding(tx: Tx, { scope, of, at }: Ending, status: EndedAs): Promise<void> {
  if (of.length === 0) return;
  const revocations = of.map(({ id, customerId, consents, erasing }) => ({
    id,
    customer: customerId,
    ended: consents.length,
    erasing,
  }));
  const notices = of.flatMap(({ id: revocation, recipients }) =>
    recipients.map(({ id: recipient, purposes, attributes }) => ({
      id: newId(),
      revocation,
      recipient,
      purposes,
      attributes,
    })),
  );
  const ended = of.flatMap(({ id: revocationId, consents }) => consents.map((one) => ({ ...one, revocationId })));
  const ids = of.map(({ id }) => id);
  await Promise.all([
    tx.query(WRITE, [
      tx.programmeId,
      JSON.stringify(revocations),
      'replayed' in scope ? { replayed: true } : scope,
      at,
    ]),
    end(tx, ended, { status, at }),
    ...(notices.length > 0
      ? [tx.query(OWE_NOTICES, [tx.programmeId, JSON.stringify(notices), at]), announceNotices(tx, ids)]
      : []),
    append(
      tx,
      ids.map((id) => ({ topic: 'erasure', id })),
    ),
  ]);
}

/** Both, in the caller's transaction. Answers what ended; a customer for whom nothing did is absent. */
export async function endConsents(
  tx: Tx,
  customerIds: string[],
  scope: EndingScope,
  status: EndedAs,
  ids?: ReadonlyMap<string, string>,
): Promise<Ending['of']> {
  const ending = await endingOf(tx, customerIds, scope, ids);
  await writeEnding(tx, ending, status);
  return ending.of;
}

export const answerOf = (keepsPoints: number, found: (Consequence & { id?: string }) | undefined): RevocationAnswer =>
  found === undefined
    ? { ...nothing, keepsPoints }
    : {
        ...(found.id === undefined ? {} : { id: toPublicId('rev', found.id) }),
        status: 'blocked',
        keepsPoints,
        consentsEnded: found.consents.length,
        values: { erasing: found.erasing },
        recipients: found.recipients.map(({ key, name }) => ({ recipient: key, name, status: 'owed' })),
      };

export async function pointsOf(tx: Tx, customerId: string): Promise<number> {
  const { available, held, pending } = await balanceOf(tx, customerId);
  return available + held + pending;
}

export const nothing: RevocationAnswer = {
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
  if (customerId === undefined) return nothing;
  const [found] = await consequences(tx, [customerId], scope);
  return answerOf(await pointsOf(tx, customerId), found);
}
