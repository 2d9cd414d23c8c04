import type { DiscountTerms, Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';
import { parsePublicId, toPublicId } from '../platform/ids';
import { invalidField } from '../platform/problem';
import type { LedgerAsk, LedgerItem, LedgerPage, LedgerPurpose, LedgerUse, PurposeStatus } from './ledger.dto';

const FIND_CURSOR: Statement = {
  name: 'find_share_of_ledger',
  text: 'SELECT id FROM shares WHERE programme_id = $1 AND customer_id = $2 AND id = $3',
};
const SHARES: Statement = {
  name: 'ledger_shares',
  text: `SELECT s.id, s.offer_id, o.key, s.offer_version, v.title ->> $5 AS title, s.accepted_at, w.kind, w.points, w.discount, w.why, d.code,
                EXISTS (SELECT FROM outbox b WHERE b.programme_id = $1 AND b.topic = w.kind AND b.id = s.id) AS owed
           FROM shares s JOIN awards w ON w.programme_id = $1 AND w.id = s.id
           JOIN offers o ON o.programme_id = $1 AND o.id = s.offer_id
           JOIN offer_versions v ON v.programme_id = $1 AND v.offer_id = s.offer_id AND v.version = s.offer_version
           LEFT JOIN discount_codes d ON d.programme_id = $1 AND d.award_id = s.id
          WHERE s.programme_id = $1 AND s.customer_id = $2
            AND ($3::uuid IS NULL OR (s.accepted_at, s.id) <
                 (SELECT c.accepted_at, c.id FROM shares c WHERE c.programme_id = $1 AND c.customer_id = $2 AND c.id = $3))
          ORDER BY s.accepted_at DESC, s.id DESC LIMIT $4`,
};
const ASKS: Statement = {
  name: 'ledger_asks',
  // As they were published: what the customer was shown, whatever the catalogue says now.
  text: `SELECT v.offer_id, v.version, json_agg(json_build_object('attribute', a.ask ->> 'attribute', 'title', a.ask -> 'title' ->> $4,
                  'purposes', (SELECT json_agg(json_build_object('key', p.purpose ->> 'key', 'title', p.purpose -> 'title' ->> $4) ORDER BY p.place)
                                 FROM jsonb_array_elements(a.ask -> 'purposes') WITH ORDINALITY AS p(purpose, place))) ORDER BY a.place) AS asks
           FROM (SELECT DISTINCT * FROM unnest($2::uuid[], $3::int[])) AS w(offer_id, version)
           JOIN offer_versions v ON v.programme_id = $1 AND v.offer_id = w.offer_id AND v.version = w.version
           CROSS JOIN jsonb_array_elements(v.asks) WITH ORDINALITY AS a(ask, place)
          GROUP BY v.offer_id, v.version`,
};
const CONSENTS: Statement = {
  name: 'ledger_consents',
  // One whose time is over allows nothing any more, also before the sweep has written that down.
  text: `SELECT share_id, attribute, purpose, CASE WHEN status = 'active' AND until <= now() THEN 'expired' ELSE status END AS status,
                until, revocation_id, CASE WHEN revocation_id IS NOT NULL THEN ended_at END AS revoked_at,
                ARRAY(SELECT r.name FROM recipients r WHERE r.programme_id = $1 AND r.id = ANY (consents.recipients) ORDER BY r.name) AS recipients
           FROM consents WHERE programme_id = $1 AND customer_id = $2 AND share_id = ANY ($3)`,
};
const PAUSES: Statement = {
  name: 'ledger_pauses',
  // What a merge has blocked without an end is blocked until the merge can be undone no more, and ends then; so is everything of
  // who has been merged away.
  text: `SELECT p.id, p.share_id, p.purpose, p.attribute, p.everything, p.attribute IS NOT NULL AS "isBlock",
                CASE WHEN p.until < 'infinity' THEN p.until ELSE (SELECT undo_until FROM merges m WHERE m.programme_id = $1 AND m.id = p.merge_id) END AS until
           FROM pauses p WHERE p.programme_id = $1 AND p.customer_id = $2 AND p.ended_at IS NULL AND p.until > now()
         UNION ALL
         SELECT m.id, NULL, NULL, NULL, true, true, m.undo_until FROM merges m
          WHERE m.programme_id = $1 AND m.from_id = $2 AND m.undone_at IS NULL
          ORDER BY id`,
};
const USES: Statement = {
  name: 'ledger_uses',
  text: `SELECT c.share_id, r.key, r.name, d.purpose, count(DISTINCT d.id)::int AS times, max(d.at) AS last_at
           FROM disclosures d JOIN consents c ON c.programme_id = $1 AND c.customer_id = $2 AND c.id = ANY (d.consents)
           JOIN recipients r ON r.programme_id = $1 AND r.id = d.recipient_id
          WHERE d.programme_id = $1 AND d.customer_id = $2 AND c.share_id = ANY ($3)
          GROUP BY c.share_id, r.key, r.name, d.purpose ORDER BY r.key, d.purpose`,
};
const TOLD: Statement = {
  name: 'ledger_recipients_told',
  // Of one revocation that took back several shares, each share counts those that got something under its own consents.
  text: `SELECT c.share_id, count(DISTINCT n.id)::int AS of, (count(DISTINCT n.id) FILTER (WHERE n.status = 'acknowledged'))::int AS acknowledged
           FROM consents c JOIN disclosures d ON d.programme_id = $1 AND d.customer_id = $2 AND c.id = ANY (d.consents)
           JOIN revocation_notices n ON n.programme_id = $1 AND n.revocation_id = c.revocation_id AND n.recipient_id = d.recipient_id
          WHERE c.programme_id = $1 AND c.customer_id = $2 AND c.share_id = ANY ($3)
          GROUP BY c.share_id`,
};

interface ShareRow {
  id: string;
  offer_id: string;
  key: string;
  offer_version: number;
  title: string;
  accepted_at: Date;
  kind: 'points' | 'discount' | 'none';
  points: string | null;
  discount: DiscountTerms | null;
  why: string | null;
  code: string | null;
  owed: boolean;
}
interface AsksRow {
  offer_id: string;
  version: number;
  asks: { attribute: string; title: string; purposes: { key: string; title: string }[] }[];
}
interface ConsentRow {
  share_id: string;
  attribute: string;
  purpose: string;
  status: Exclude<PurposeStatus, 'refused'>;
  until: Date;
  revocation_id: string | null;
  revoked_at: Date | null;
  recipients: string[];
}
interface PauseRow {
  id: string;
  share_id: string | null;
  purpose: string | null;
  attribute: string | null;
  everything: boolean;
  /** By a merge: the customer cannot end it. */
  isBlock: boolean;
  until: Date;
}
interface UseRow {
  share_id: string;
  key: string;
  name: string;
  purpose: string;
  times: number;
  last_at: Date;
}
interface ToldRow {
  share_id: string;
  of: number;
  acknowledged: number;
}

/**
 * A page of what a customer has shared, what for, and what came of it, newest first; six statements, whatever its
 * length. @throws 422 for a cursor that is none of this customer's.
 */
export async function pageOfShares(
  tx: Tx,
  customerId: string,
  { after, limit, language }: { after?: string; limit: number; language: Locale },
): Promise<LedgerPage> {
  const start = after === undefined ? null : await requireCursor(tx, customerId, after);
  const found = await tx.query<ShareRow>(SHARES, [tx.programmeId, customerId, start, limit + 1, language]);
  const shares = found.slice(0, limit);
  const asks = await asksOf(tx, shares, language);
  const of = [tx.programmeId, customerId, shares.map(({ id }) => id)];
  const consents = await tx.query<ConsentRow>(CONSENTS, of);
  const uses = await tx.query<UseRow>(USES, of);
  const told = await tx.query<ToldRow>(TOLD, of);
  const pauses = await tx.query<PauseRow>(PAUSES, [tx.programmeId, customerId]);
  const data = shares.map((share) =>
    itemOf(share, {
      asks: asks.get(versionOf(share.offer_id, share.offer_version)) ?? [],
      consents: consents.filter((row) => row.share_id === share.id),
      pauses,
      uses: uses.filter((row) => row.share_id === share.id),
      told: told.find((row) => row.share_id === share.id),
    }),
  );
  return { data, nextCursor: found.length > limit ? (data.at(-1)?.shareId ?? null) : null };
}

async function requireCursor(tx: Tx, customerId: string, after: string): Promise<string> {
  const id = parsePublicId('shr', after);
  const [own] = id === undefined ? [] : await tx.query(FIND_CURSOR, [tx.programmeId, customerId, id]);
  if (id === undefined || !own) throw invalidField('/after', 'after must be the nextCursor of the page before');
  return id;
}

const versionOf = (offerId: string, version: number): string => `${offerId} ${version}`;

async function asksOf(tx: Tx, shares: ShareRow[], language: Locale): Promise<Map<string, AsksRow['asks']>> {
  const rows = await tx.query<AsksRow>(ASKS, [
    tx.programmeId,
    shares.map((share) => share.offer_id),
    shares.map((share) => share.offer_version),
    language,
  ]);
  return new Map(rows.map((row) => [versionOf(row.offer_id, row.version), row.asks]));
}

interface Details {
  asks: AsksRow['asks'];
  consents: ConsentRow[];
  pauses: PauseRow[];
  uses: UseRow[];
  told?: ToldRow | undefined;
}

function itemOf(share: ShareRow, { asks, consents, pauses, uses, told }: Details): LedgerItem {
  const active = consents.filter(({ status }) => status === 'active');
  const own = pauses.filter((row) => !row.isBlock && active.some((consent) => isPausing(row, consent)));
  const revocations = new Set(consents.flatMap(({ revocation_id: id }) => id ?? []));
  const revoked = Math.max(...consents.map(({ revoked_at: at }) => at?.getTime() ?? 0));
  return {
    shareId: toPublicId('shr', share.id),
    offer: {
      id: toPublicId('off', share.offer_id),
      key: share.key,
      version: share.offer_version,
      title: share.title,
    },
    sharedAt: share.accepted_at.toISOString(),
    asks: asks.map((ask) => askOf(ask, consents, pauses)),
    ...awardOf(share),
    usedBy: uses.map(useOf),
    pauses: own.map(({ id, until }) => ({ id: toPublicId('pau', id), until: until.toISOString() })),
    revocations: [...revocations].sort().map((id) => toPublicId('rev', id)),
    ...(revoked > 0
      ? {
          revokedAt: new Date(revoked).toISOString(),
          recipientsTold: { acknowledged: told?.acknowledged ?? 0, of: told?.of ?? 0 },
        }
      : {}),
  };
}

/** As a release sees it. */
const isPausing = (row: PauseRow, { share_id: share, attribute, purpose }: ConsentRow): boolean =>
  row.attribute === null
    ? row.everything || row.share_id === share || row.purpose === purpose
    : row.share_id === share && row.attribute === attribute && row.purpose === purpose;

function askOf(
  { attribute, title, purposes }: AsksRow['asks'][number],
  consents: ConsentRow[],
  pauses: PauseRow[],
): LedgerAsk {
  const ofThis = consents.filter((consent) => consent.attribute === attribute);
  return {
    attribute,
    title,
    purposes: purposes.map(({ key, title: name }) => ({
      key,
      title: name,
      ...stateOf(
        ofThis.find(({ purpose }) => purpose === key),
        pauses,
      ),
    })),
  };
}

function stateOf(consent: ConsentRow | undefined, pauses: PauseRow[]): Omit<LedgerPurpose, 'key' | 'title'> {
  if (!consent) return { status: 'refused' };
  const { status, until, recipients } = consent;
  const paused = pauses.filter((row) => status === 'active' && isPausing(row, consent));
  const last = Math.max(...paused.map((row) => row.until.getTime()));
  return {
    status,
    until: until.toISOString(),
    recipients,
    ...(paused.length > 0 ? { pausedUntil: new Date(last).toISOString() } : {}),
  };
}

function awardOf(share: ShareRow): Pick<LedgerItem, 'reward' | 'why' | 'awardStatus' | 'code'> {
  if (share.kind === 'none') return { reward: null, why: share.why ?? 'cool-off', awardStatus: 'none' };
  return {
    reward:
      share.kind === 'points'
        ? { type: 'points', points: Number(share.points) }
        : { type: 'discount', discount: share.discount! },
    awardStatus: share.owed ? 'pending' : 'granted',
    ...(share.code === null ? {} : { code: share.code }),
  };
}

const useOf = (row: UseRow): LedgerUse => ({
  recipient: row.key,
  name: row.name,
  purpose: row.purpose,
  times: row.times,
  lastAt: row.last_at.toISOString(),
});
