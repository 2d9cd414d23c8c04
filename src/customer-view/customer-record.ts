import type { Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';
import { newId, parsePublicId, toPublicId } from '../platform/ids';
import type { SealedValue } from '../vault';
import type {
  ExportedConsent,
  ExportedConsentEvent,
  ExportedCorrection,
  ExportedDisclosure,
  ExportedPause,
  ExportedRecipient,
  ExportRecord,
  ShownAs,
} from './export.dto';

const CONSENTS: Statement = {
  name: 'record_consents',
  text: `SELECT k.id, k.share_id, k.attribute, k.purpose, k.given_at, k.until, k.ended_at,
                CASE WHEN k.status = 'active' AND k.until <= now() THEN 'expired' ELSE k.status END AS status,
                (SELECT coalesce(json_agg(json_build_object('recipient', r.key, 'name', r.name) ORDER BY r.key), '[]')
                   FROM recipients r WHERE r.programme_id = $1 AND r.id = ANY (k.recipients)) AS recipients
           FROM consents k WHERE k.programme_id = $1 AND k.customer_id = $2
          ORDER BY k.given_at, k.share_id, k.attribute, k.purpose`,
};
const EVENTS: Statement = {
  name: 'record_consent_events',
  text: `SELECT event, at, share_id, revocation_id, consents FROM consent_events
          WHERE programme_id = $1 AND customer_id = $2 ORDER BY sequence`,
};
const PAUSES: Statement = {
  name: 'record_pauses',
  text: `SELECT id, share_id, attribute, purpose, everything, merge_id, started_at, CASE WHEN until < 'infinity' THEN until END AS until, ended_at
           FROM pauses WHERE programme_id = $1 AND customer_id = $2 ORDER BY started_at, id`,
};
const CORRECTIONS: Statement = {
  name: 'record_corrections',
  text: `SELECT attribute, at, corrected_by AS by FROM value_events
          WHERE programme_id = $1 AND customer_id = $2 AND event = 'corrected' ORDER BY sequence`,
};
const SIGNAL: Statement = {
  name: 'record_privacy_signal',
  text: 'SELECT gpc_at FROM customers WHERE programme_id = $1 AND id = $2',
};
const DISCLOSURES: Statement = {
  name: 'record_disclosures',
  text: `SELECT d.id, r.key, r.name, d.purpose, d.kind, d.attributes, d.consents, d.reason, d.at, d.use_until
           FROM disclosures d JOIN recipients r ON r.programme_id = $1 AND r.id = d.recipient_id
          WHERE d.programme_id = $1 AND d.customer_id = $2 AND d.at <= $3 AND ($4::uuid IS NULL OR d.id > $4)
          ORDER BY d.id LIMIT $5`,
};
const VALUES: Statement = {
  name: 'record_values',
  text: `SELECT v.attribute, a.title ->> $3 AS title, v.version, v.ciphertext, d.wrapped_key, v.stored_at,
                EXISTS (SELECT FROM consents k WHERE k.programme_id = $1 AND k.customer_id = $2 AND k.attribute = v.attribute
                           AND k.status = 'active' AND k.until > now()) AS covered
           FROM vault_values v JOIN attributes a ON a.programme_id = $1 AND a.key = v.attribute
           LEFT JOIN key_store.data_keys d ON d.programme_id = $1 AND d.id = v.version
          WHERE v.programme_id = $1 AND v.customer_id = $2 ORDER BY v.attribute`,
};

const RECORD_EXPORT: Statement = {
  name: 'record_export',
  text: `INSERT INTO exports (programme_id, customer_id, id, asked_by, caller_id, format, attributes, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp()) RETURNING at`,
};
const EXPORTS: Statement = {
  name: 'record_exports',
  text: `SELECT id, asked_by, format, attributes, at FROM exports WHERE programme_id = $1 AND customer_id = $2 ORDER BY id`,
};

interface ConsentRow {
  id: string;
  share_id: string;
  attribute: string;
  purpose: string;
  given_at: Date;
  until: Date;
  ended_at: Date | null;
  status: string;
  recipients: ExportedRecipient[];
}
interface EventRow {
  event: string;
  at: Date;
  share_id: string | null;
  revocation_id: string | null;
  consents: string[];
}
interface PauseRow {
  id: string;
  share_id: string | null;
  attribute: string | null;
  purpose: string | null;
  everything: boolean;
  merge_id: string | null;
  started_at: Date;
  until: Date | null;
  ended_at: Date | null;
}
interface DisclosureRow {
  id: string;
  key: string;
  name: string;
  purpose: string;
  kind: string;
  attributes: string[];
  consents: string[];
  reason: string;
  at: Date;
  use_until: Date;
}
interface ValueRow {
  attribute: string;
  title: string;
  version: string;
  ciphertext: Buffer;
  wrapped_key: Buffer | null;
  stored_at: Date;
  covered: boolean;
}

/** A value as the vault holds it, still encrypted; covered: an active consent allows some use of it. */
export interface HeldValue {
  title: string;
  storedAt: Date;
  covered: boolean;
  sealed: SealedValue;
}

const consentIds = (ids: string[]): string[] => ids.map((id) => toPublicId('cns', id));

/** All consents of a customer, in the order in which they were given. */
export async function consentsOf(tx: Tx, customerId: string): Promise<ExportedConsent[]> {
  const rows = await tx.query<ConsentRow>(CONSENTS, [tx.programmeId, customerId]);
  return rows.map((row) => ({
    id: toPublicId('cns', row.id),
    shareId: toPublicId('shr', row.share_id),
    attribute: row.attribute,
    purpose: row.purpose,
    recipients: row.recipients,
    status: row.status,
    givenAt: row.given_at.toISOString(),
    until: row.until.toISOString(),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
  }));
}

/** All that happened to a customer's consents, in order. */
export async function consentEventsOf(tx: Tx, customerId: string): Promise<ExportedConsentEvent[]> {
  const rows = await tx.query<EventRow>(EVENTS, [tx.programmeId, customerId]);
  return rows.map((row) => ({
    event: row.event,
    at: row.at.toISOString(),
    consents: consentIds(row.consents),
    ...(row.share_id === null ? {} : { shareId: toPublicId('shr', row.share_id) }),
    ...(row.revocation_id === null ? {} : { revocationId: toPublicId('rev', row.revocation_id) }),
  }));
}

/** What use a customer had stop for a time, in order. */
export async function pausesOf(tx: Tx, customerId: string): Promise<ExportedPause[]> {
  const rows = await tx.query<PauseRow>(PAUSES, [tx.programmeId, customerId]);
  return rows.map(({ id, share_id: share, attribute, purpose, everything, merge_id: merge, ...row }) => ({
    id: toPublicId('pau', id),
    ...(share === null ? {} : { shareId: toPublicId('shr', share) }),
    ...(attribute === null ? {} : { attribute }),
    ...(purpose === null ? {} : { purpose }),
    ...(everything ? { everything } : {}),
    ...(merge === null ? {} : { mergeId: toPublicId('mrg', merge) }),
    startedAt: row.started_at.toISOString(),
    ...(row.until === null ? {} : { until: row.until.toISOString() }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
  }));
}

/** Which values were corrected, in order. */
export async function correctionsOf(tx: Tx, customerId: string): Promise<ExportedCorrection[]> {
  const rows = await tx.query<{ attribute: string; at: Date; by: ExportedCorrection['by'] }>(CORRECTIONS, [
    tx.programmeId,
    customerId,
  ]);
  return rows.map(({ attribute, at, by }) => ({ attribute, at: at.toISOString(), by }));
}

/** When the customer's browser last refused advertising by others; undefined: never. */
export async function privacySignalOf(tx: Tx, customerId: string): Promise<string | undefined> {
  const [row] = await tx.query<{ gpc_at: Date | null }>(SIGNAL, [tx.programmeId, customerId]);
  return row?.gpc_at?.toISOString();
}

/** Releases of a customer's values until a time, in order: a page after the one with this public id. */
export async function disclosuresOf(
  tx: Tx,
  customerId: string,
  { until, after, limit }: { until: Date; after: string | undefined; limit: number },
): Promise<ExportedDisclosure[]> {
  const start = after === undefined ? null : parsePublicId('dsc', after);
  const rows = await tx.query<DisclosureRow>(DISCLOSURES, [tx.programmeId, customerId, until, start, limit]);
  return rows.map((row) => ({
    id: toPublicId('dsc', row.id),
    recipient: row.key,
    name: row.name,
    purpose: row.purpose,
    kind: row.kind,
    attributes: row.attributes,
    consents: consentIds(row.consents),
    reason: row.reason,
    at: row.at.toISOString(),
    useUntil: row.use_until.toISOString(),
  }));
}

/** What the vault holds of a customer; nothing is decrypted. */
export async function heldValues(tx: Tx, customerId: string, language: Locale): Promise<HeldValue[]> {
  const rows = await tx.query<ValueRow>(VALUES, [tx.programmeId, customerId, language]);
  return rows.map((row) => ({
    title: row.title,
    storedAt: row.stored_at,
    covered: row.covered,
    sealed: {
      attribute: row.attribute,
      version: row.version,
      ciphertext: row.ciphertext,
      wrappedKey: row.wrapped_key ?? undefined,
    },
  }));
}

/** Who asks for values: the customer, or a storefront on their behalf. */
export interface AskedBy {
  askedBy: 'customer' | 'storefront';
  /** Of the principal. */
  callerId: string;
  format: ShownAs;
}

/** Records that these attributes' values are about to be shown; the caller decrypts them after the commit. Answers when. */
export async function recordExport(
  tx: Tx,
  customerId: string,
  attributes: string[],
  { askedBy, callerId, format }: AskedBy,
): Promise<Date> {
  const values = [tx.programmeId, customerId, newId(), askedBy, callerId, format, attributes];
  const [row] = await tx.query<{ at: Date }>(RECORD_EXPORT, values);
  if (!row) throw new Error('An export was not recorded');
  return row.at;
}

/** Every export of a customer, in order. */
export async function exportsOf(tx: Tx, customerId: string): Promise<ExportRecord[]> {
  const rows = await tx.query<{
    id: string;
    asked_by: AskedBy['askedBy'];
    format: ShownAs;
    attributes: string[];
    at: Date;
  }>(EXPORTS, [tx.programmeId, customerId]);
  return rows.map(({ id, asked_by: askedBy, format, attributes, at }) => ({
    id: toPublicId('exp', id),
    askedBy,
    format,
    attributes,
    at: at.toISOString(),
  }));
}
