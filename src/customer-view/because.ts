import { reasonsOf, reversalsBehind, type ReversalReason } from '../awards';
import type { Entry, TransferKind } from '../ledger';
import type { Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';
import { toPublicId, type IdPrefix } from '../platform/ids';
import type { EntryBecause, RedemptionStatus } from './entries.dto';

const SHARES: Statement = {
  name: 'shares_behind_awards',
  text: `SELECT s.id, s.offer_id, o.key, s.offer_version, v.title ->> $3 AS title,
                (SELECT max(c.ended_at) FROM consents c WHERE c.programme_id = $1 AND c.customer_id = s.customer_id AND c.share_id = s.id
                 HAVING bool_and(c.revocation_id IS NOT NULL)) AS revoked_at
           FROM shares s JOIN offers o ON o.programme_id = $1 AND o.id = s.offer_id
           JOIN offer_versions v ON v.programme_id = $1 AND v.offer_id = s.offer_id AND v.version = s.offer_version
          WHERE s.programme_id = $1 AND s.id = ANY ($2)`,
};
const OWN: Statement = {
  name: 'awards_of_person',
  text: `WITH RECURSIVE person AS (
           SELECT $2::bigint AS id
           UNION SELECT c.id FROM person p JOIN customers c ON c.programme_id = $1 AND c.merged_into = p.id)
         SELECT w.id FROM awards w WHERE w.programme_id = $1 AND w.id = ANY ($3) AND w.customer_id IN (SELECT id FROM person)`,
};
const LOTS: Statement = {
  name: 'lots_behind_entries',
  // From each lot back over those that it goes on with: the last of them is the one that an award opened, and has its id.
  text: `WITH RECURSIVE trail AS (
           SELECT u.lot, u.lot AS step FROM unnest($3::uuid[]) u(lot)
           UNION ALL
           SELECT t.lot, l.origin FROM trail t JOIN lots l ON l.programme_id = $1 AND l.id = t.step AND l.origin IS NOT NULL)
         SELECT t.lot, l.expires_on::text, w.id AS award FROM trail t
           JOIN awards w ON w.programme_id = $1 AND w.id = t.step
           JOIN lots l ON l.programme_id = $1 AND l.customer_id = $2 AND l.id = t.lot`,
};
const REDEMPTIONS: Statement = {
  name: 'redemptions_behind_entries',
  text: 'SELECT id, order_ref, status FROM redemptions WHERE programme_id = $1 AND id = ANY ($2)',
};

interface ShareRow {
  id: string;
  offer_id: string;
  key: string;
  offer_version: number;
  title: string;
  revoked_at: Date | null;
}
interface LotRow {
  lot: string;
  expires_on: string;
  award: string;
}
interface RedemptionRow {
  id: string;
  order_ref: string;
  status: RedemptionStatus;
}

/** Who reads it. Why staff took points back is the storefront's to know; the customer hears of it from them. */
export interface Reader {
  language: Locale;
  isCustomer: boolean;
}

type Earned = Pick<
  EntryBecause,
  'cause' | 'share' | 'offer' | 'offerKey' | 'offerVersion' | 'title' | 'shareRevokedAt' | 'reason' | 'reference'
>;

/**
 * What earned each of these awards (uuids): a share with the offer's version that was accepted, or what the storefront said.
 * reads: a customer who reads it, and learns only of what they earned, as who they are now. Points of another come to them by a
 * merge, and stay theirs where they were spent before it was undone.
 */
export async function earnedBy(
  tx: Tx,
  awardIds: string[],
  { language, reads }: { language: Locale; reads?: string | undefined },
): Promise<Map<string, Earned>> {
  const all = [...new Set(awardIds)];
  if (all.length === 0) return new Map();
  const ids = reads === undefined ? all : await ownOf(tx, reads, all);
  if (ids.length === 0) return new Map();
  const [shares, reasons] = await Promise.all([
    tx.query<ShareRow>(SHARES, [tx.programmeId, ids, language]),
    reasonsOf(tx, ids),
  ]);
  const byShare = new Map(shares.map((row) => [row.id, ofShare(row)]));
  return new Map(ids.map((id) => [id, byShare.get(id) ?? { cause: toPublicId('awd', id), ...reasons.get(id) }]));
}

async function ownOf(tx: Tx, customerId: string, awardIds: string[]): Promise<string[]> {
  return (await tx.query<{ id: string }>(OWN, [tx.programmeId, customerId, awardIds])).map(({ id }) => id);
}

const ofShare = (row: ShareRow): Earned => ({
  share: toPublicId('shr', row.id),
  offer: toPublicId('off', row.offer_id),
  offerKey: row.key,
  offerVersion: row.offer_version,
  title: row.title,
  ...(row.revoked_at === null ? {} : { shareRevokedAt: row.revoked_at.toISOString() }),
});

/** What the cause of a transfer is; that of an award is its share, where there is one. */
const CAUSES: Record<TransferKind, IdPrefix> = {
  award: 'awd',
  hold: 'red',
  capture: 'red',
  release: 'red',
  refund: 'red',
  expiry: 'lot',
  reversal: 'rvs',
  forfeit: 'job',
  merge: 'mrg',
};

const isOfRedemption = (kind: TransferKind): boolean => CAUSES[kind] === 'red';

type Explained = Pick<Entry, 'transferId' | 'kind' | 'cause'>;

/** Why these entries of a customer came about, by transfer; a fixed few statements, however many they are. */
export async function becauseOf(
  tx: Tx,
  customerId: string,
  entries: Explained[],
  { language, isCustomer }: Reader,
): Promise<Map<string, EntryBecause>> {
  const causesOf = (is: (kind: TransferKind) => boolean): string[] =>
    entries.filter(({ kind }) => is(kind)).map(({ cause }) => cause);
  const none = Promise.resolve([]);
  const [ended, reversed, redeemed] = [
    causesOf((kind) => kind === 'expiry'),
    causesOf((kind) => kind === 'reversal'),
    causesOf(isOfRedemption),
  ];
  const [lots, reversals, redemptions] = await Promise.all([
    ended.length === 0 ? none : tx.query<LotRow>(LOTS, [tx.programmeId, customerId, ended]),
    reversalsBehind(tx, reversed),
    redeemed.length === 0 ? none : tx.query<RedemptionRow>(REDEMPTIONS, [tx.programmeId, redeemed]),
  ]);
  const awards = [
    ...causesOf((kind) => kind === 'award'),
    ...lots.map(({ award }) => award),
    ...[...reversals.values()].map(({ awardId }) => awardId),
  ];
  const earned = await earnedBy(tx, awards, { language, reads: isCustomer ? customerId : undefined });
  const lotOf = new Map(lots.map((row) => [row.lot, row]));
  const redemptionOf = new Map(redemptions.map((row) => [row.id, row]));

  const explain = ({ kind, cause }: Explained): EntryBecause => {
    const itself = { cause: toPublicId(CAUSES[kind], cause) };
    if (kind === 'award') return earned.get(cause) ?? itself;
    if (kind === 'expiry') return { ...itself, ...ofLot(lotOf.get(cause), earned) };
    if (kind === 'reversal') return { ...itself, ...ofReversal(reversals.get(cause), earned, isCustomer) };
    return { ...itself, ...(isOfRedemption(kind) ? ofRedemption(redemptionOf.get(cause)) : {}) };
  };
  return new Map(entries.map((entry) => [entry.transferId, explain(entry)]));
}

/** What was earned, beside a cause that is something else. */
function earning(awardId: string, earned: Map<string, Earned>): EntryBecause {
  const { cause: _, ...rest } = earned.get(awardId) ?? {};
  return { award: toPublicId('awd', awardId), ...rest };
}

function ofLot(lot: LotRow | undefined, earned: Map<string, Earned>): EntryBecause {
  return lot ? { ...earning(lot.award, earned), expiredOn: lot.expires_on } : {};
}

function ofReversal(
  reversal: { awardId: string; reason: ReversalReason } | undefined,
  earned: Map<string, Earned>,
  isCustomer: boolean,
): EntryBecause {
  if (!reversal) return {};
  return { ...earning(reversal.awardId, earned), ...(isCustomer ? {} : { reversedFor: reversal.reason }) };
}

function ofRedemption(redemption: RedemptionRow | undefined): EntryBecause {
  return redemption ? { orderRef: redemption.order_ref, redemptionStatus: redemption.status } : {};
}
