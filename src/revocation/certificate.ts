import type { EndingScope } from '../consents/core';
import type { PublicKeyDto } from '../catalogue';
import { sha256 } from '../platform/crypto';
import type { Statement, Tx } from '../platform/database';
import { toPublicId } from '../platform/ids';
import { thumbprintOf } from '../platform/signing-keys';
import { scopeViewOf } from './scope';

const FACTS: Statement = {
  name: 'facts_of_revocation',
  // One statement, so one snapshot: what it says was true of all tables at once.
  text: `SELECT r.id, c.ref, r.scope, r.status, r.blocked_at AS "blockedAt", r.erased_at AS "erasedAt", statement_timestamp() AS "asOf",
           -- Of a database that was restored since a consent was given, nobody knows what was released after the backup.
           (SELECT h.opened_at FROM home h WHERE h.opened_at > (SELECT min(k.given_at) FROM consents k
              WHERE k.programme_id = $1 AND k.customer_id = r.customer_id AND k.revocation_id = r.id)) AS "restoredAt",
           (SELECT coalesce(json_agg(json_build_object('id', k.id, 'attribute', k.attribute, 'purpose', k.purpose, 'ended', k.status,
                    'endedAt', k.ended_at) ORDER BY k.attribute, k.purpose, k.id), '[]')
              FROM consents k WHERE k.programme_id = $1 AND k.customer_id = r.customer_id AND k.revocation_id = r.id) AS consents,
           -- A key that lies in another database is owed its destruction until it is destroyed.
           (SELECT coalesce(json_agg(json_build_object('attribute', j.attribute, 'version', j.version, 'at', j.erased_at,
                    'key', CASE WHEN d.id IS NOT NULL THEN d.destroyed_at IS NOT NULL ELSE o.id IS NULL END) ORDER BY j.sequence), '[]')
              FROM erasure_journal j LEFT JOIN key_store.data_keys d ON d.programme_id = $1 AND d.id = j.version
              LEFT JOIN outbox o ON o.programme_id = $1 AND o.topic = 'key' AND o.id = j.version
             WHERE j.programme_id = $1 AND j.revocation_id = r.id) AS destroyed,
           -- By when it ended and not by its status, which would leave the planner an index over all that is active.
           (SELECT coalesce(json_agg(json_build_object('attribute', v.attribute, 'covered', EXISTS (
                    SELECT FROM consents a WHERE a.programme_id = $1 AND a.customer_id = v.customer_id AND a.attribute = v.attribute
                       AND a.ended_at IS NULL)) ORDER BY v.attribute), '[]')
              FROM vault_values v WHERE v.programme_id = $1 AND v.customer_id = r.customer_id AND EXISTS (
                SELECT FROM consents k WHERE k.programme_id = $1 AND k.customer_id = v.customer_id AND k.attribute = v.attribute
                   AND k.revocation_id = r.id)) AS stored,
           (SELECT coalesce(json_agg(json_build_object('id', p.id, 'key', p.key, 'name', p.name, 'notice', n.id, 'purposes', n.purposes,
                    'attributes', n.attributes, 'toldAt', n.listed_at, 'dueAt', n.due_at,
                    'overdue', n.status = 'owed' AND (n.overdue_at IS NOT NULL OR n.due_at <= statement_timestamp()),
                    'useUntil', (SELECT max(d.use_until) FROM disclosures d JOIN consents k ON k.programme_id = $1
                        AND k.customer_id = r.customer_id AND k.revocation_id = r.id AND k.id = ANY (d.consents)
                      WHERE d.programme_id = $1 AND d.customer_id = r.customer_id AND d.recipient_id = p.id),
                    'answers', (SELECT coalesce(json_agg(json_build_object('did', a.did, 'at', a.at, 'signature', a.signature,
                        'key', a.public_jwk) ORDER BY a.did DESC), '[]')
                      FROM acknowledgements a WHERE a.programme_id = $1 AND a.notice_id = n.id)) ORDER BY p.key), '[]')
              FROM revocation_notices n JOIN recipients p ON p.programme_id = $1 AND p.id = n.recipient_id
             WHERE n.programme_id = $1 AND n.revocation_id = r.id) AS recipients
           FROM revocations r JOIN customers c ON c.programme_id = $1 AND c.id = r.customer_id
          WHERE r.programme_id = $1 AND r.id = $2`,
};

interface Answer {
  did: 'stopped' | 'erased';
  at: string;
  signature: string | null;
  key: PublicKeyDto | null;
}

interface RecipientFacts {
  id: string;
  key: string;
  name: string;
  notice: string;
  purposes: string[];
  attributes: string[];
  toldAt: string | null;
  dueAt: string;
  overdue: boolean;
  useUntil: string | null;
  /** By what they say: stopped before erased. */
  answers: Answer[];
}

/** What is known of a revocation, of one moment. Times inside of lists are as PostgreSQL writes them. */
export interface RevocationFacts {
  id: string;
  /** Null when the customer has left. */
  ref: string | null;
  scope: EndingScope;
  status: 'blocked' | 'erased' | 'told' | 'complete';
  blockedAt: Date;
  erasedAt: Date | null;
  asOf: Date;
  /** When the service was last restored from a backup, where that was after the first of the consents. */
  restoredAt: Date | null;
  consents: { id: string; attribute: string; purpose: string; ended: string; endedAt: string }[];
  destroyed: { attribute: string; version: string; at: string; key: boolean }[];
  /** Values of what ended that are still there. */
  stored: { attribute: string; covered: boolean }[];
  recipients: RecipientFacts[];
}

/** Undefined for one that is not there. */
export async function factsOf(tx: Tx, id: string): Promise<RevocationFacts | undefined> {
  return (await tx.query<RevocationFacts & Record<string, unknown>>(FACTS, [tx.programmeId, id]))[0];
}

/**
 * What the certificate says: what is in the rows, at whatever point the revocation has reached, and no more. Who has not
 * answered is named, and so is what is not destroyed yet.
 */
export function certificateOf(programmeId: string, facts: RevocationFacts): object {
  const { recipients } = facts;
  const confirmed = recipients.filter(({ answers }) => answers.length > 0);
  const overdue = recipients.filter((recipient) => recipient.overdue).map(({ key }) => key);
  return {
    iss: 'gegenwert',
    ...(facts.ref === null ? {} : { sub: facts.ref }),
    iat: Math.floor(facts.asOf.getTime() / 1000),
    revocation: toPublicId('rev', facts.id),
    programme: toPublicId('prg', programmeId),
    asOf: facts.asOf.toISOString(),
    scope: scopeViewOf(facts.scope),
    status: facts.status,
    blockedAt: facts.blockedAt.toISOString(),
    ...(facts.erasedAt === null ? {} : { erasedAt: facts.erasedAt.toISOString() }),
    ...(facts.restoredAt === null ? {} : { restoredAt: facts.restoredAt.toISOString() }),
    consents: facts.consents.map(({ id, endedAt, ...consent }) => ({
      id: toPublicId('cns', id),
      ...consent,
      endedAt: inUtc(endedAt),
    })),
    values: {
      destroyed: facts.destroyed.map(({ at, key, ...value }) => ({ ...value, at: inUtc(at), keyDestroyed: key })),
      stored: facts.stored.map(({ attribute, covered }) => ({
        attribute,
        because: covered ? 'other-consent' : 'erasure-owed',
      })),
    },
    recipients: recipients.map(recipientOf),
    confirmed: confirmed.length,
    of: recipients.length,
    overdue,
    statement: statementOf(facts, confirmed.length, overdue),
  };
}

/** What recipients signed, for whoever compares it with the certificate, which holds the hashes. */
export const evidenceOf = ({ recipients }: RevocationFacts) =>
  recipients.flatMap(({ notice, answers }) =>
    answers.flatMap(({ did, signature, key }) =>
      signature === null || key === null
        ? []
        : [{ notice: toPublicId('ntc', notice), did, signature, publicKey: { kty: key.kty, crv: key.crv, x: key.x } }],
    ),
  );

const recipientOf = ({ id, key, name, notice, purposes, attributes, ...facts }: RecipientFacts) => ({
  id: toPublicId('rcp', id),
  recipient: key,
  name,
  notice: toPublicId('ntc', notice),
  purposes,
  attributes,
  ...(facts.toldAt === null ? {} : { toldAt: inUtc(facts.toldAt) }),
  dueAt: inUtc(facts.dueAt),
  overdue: facts.overdue,
  ...(facts.useUntil === null ? {} : { useUntil: inUtc(facts.useUntil) }),
  answers: facts.answers.map(answerOf),
});

const answerOf = ({ did, at, signature, key }: Answer) => ({
  did,
  at: inUtc(at),
  ...(signature === null || key === null
    ? {}
    : { signature: { sha256: sha256(Buffer.from(signature)).toString('hex'), keyThumbprint: thumbprintOf(key.x) } }),
});

const inUtc = (at: string): string => new Date(at).toISOString();

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const restoredOf = (at: Date): string =>
  `Restored from a backup by ${at.toISOString()}: to whom else it was given between the two is not known.`;

/** The same in words. */
function statementOf(facts: RevocationFacts, confirmed: number, overdue: string[]): string {
  const { consents, destroyed, stored, recipients } = facts;
  const owed = stored.filter(({ covered }) => !covered).length;
  const keys = destroyed.filter(({ key }) => !key).length;
  const leases = recipients.flatMap(({ useUntil }) => (useUntil === null ? [] : inUtc(useUntil))).sort();
  const restored = facts.restoredAt === null ? '' : restoredOf(facts.restoredAt);
  const late = overdue.length === 0 ? '' : `, ${overdue.length} overdue: ${overdue.join(', ')}`;
  return [
    `Blocked at ${facts.blockedAt.toISOString()}: ${counted(consents.length, 'consent')} ended.`,
    ...(destroyed.length > 0 ? [`${counted(destroyed.length, 'value')} destroyed.`] : []),
    ...(keys > 0 ? [`${counted(keys, 'key')} not destroyed yet.`] : []),
    ...(owed > 0 ? [`${counted(owed, 'value')} not destroyed yet.`] : []),
    ...(stored.length > owed ? [`${counted(stored.length - owed, 'value')} kept under other consents.`] : []),
    recipients.length === 0
      ? `Nobody ${restored === '' ? 'had' : 'is known to have'} been given anything.`
      : `Confirmed ${confirmed} of ${recipients.length}${late}. Last lease until ${leases.at(-1)}.`,
    ...(restored === '' ? [] : [restored]),
  ].join(' ');
}
