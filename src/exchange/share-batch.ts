import {
  addCustomers,
  give,
  keepSignal,
  RECEIPT_FORM,
  identifyCustomers,
  lockCustomers,
  type GivenConsent,
  type IdentifiedCustomer,
} from '../consents';
import { findRemembered, rememberAll, type Fingerprint, keyReused } from '../idempotency';
import {
  costOf,
  earnsNow,
  holdFormerConsents,
  markOf,
  rememberEarned,
  type EarningRule,
  reserve,
  setAside,
  type Need,
  type PublishedOffer,
  type SetAside,
} from '../offers';
import { append } from '../outbox';
import { sha256 } from '../platform/crypto';
import type { Commit, Statement, Tx } from '../platform/database';
import type { ProgrammeKeys } from '../platform/key-ring';
import { conflict, customerMerged, Problem } from '../platform/problem';
import { endConsents } from '../revocation/core';
import { storeValues, type SealedValue } from '../vault';
import { noticeOutdated } from './share-checks';

/** A share that waits for its batch: checked, encrypted, with its ids; all that is left to decide depends on others. */
export interface PreparedShare {
  id: string;
  customerRef: string;
  offer: PublishedOffer;
  noticeId: string;
  channel: string;
  refused: string[];
  /** Whether the call said Sec-GPC: 1. */
  gpc: boolean;
  consents: GivenConsent[];
  values: SealedValue[];
  receiptKid: string;
  /** Undefined where the caller need not send a key. */
  idempotency: Fingerprint | undefined;
}

export const whyNone = (confirms: boolean): string => (confirms ? 'confirming' : 'cool-off');

/** What became of it. replayed: by the first call with this key, whose facts these are. */
export interface AcceptedShare {
  id: string;
  acceptedAt: string;
  earns: boolean;
  /** Whether it took the place of consents from before the notice became materially another: then it earns nothing. */
  confirms: boolean;
  /** Key that signs the receipt. */
  kid: string;
  /** Of the receipt; absent where it is of the first. */
  form?: number;
  consents: Pick<GivenConsent, 'id' | 'attribute' | 'purpose'>[];
  replayed: boolean;
}

type Outcome = AcceptedShare | Problem;

const READ_OFFERS: Statement = {
  name: 'read_offers_of_shares',
  // A key share: publishing, pausing and ending wait for the shares at hand, and the next shares for them.
  text: `SELECT id, status, published_version AS version, clock_timestamp() AS now FROM offers
          WHERE programme_id = $1 AND id = ANY ($2) ORDER BY id FOR KEY SHARE`,
};
const WRITE_SHARES: Statement = {
  name: 'write_shares',
  text: `INSERT INTO shares (programme_id, customer_id, id, offer_id, offer_version, notice_id, channel, refused, gpc, receipt_kid, receipt_form, ciphertexts, accepted_at)
           SELECT $1, r.customer, r.id, r.offer, r.version, r.notice, r.channel, ARRAY(SELECT json_array_elements_text(r.refused)), r.gpc, r.kid, ${RECEIPT_FORM},
                  decode(r.ciphertexts, 'base64'), $3
             FROM json_to_recordset($2) AS r(customer bigint, id uuid, offer uuid, version int, notice uuid, channel text, refused json, gpc boolean, kid text,
                                             ciphertexts text)`,
};
const WRITE_AWARDS: Statement = {
  name: 'write_awards',
  text: `INSERT INTO awards (programme_id, id, customer_id, share_id, kind, points, expires_on, discount, why, promised_at)
           SELECT $1, r.id, r.customer, r.id, r.kind, r.points,
                  ($3::timestamptz AT TIME ZONE (SELECT time_zone FROM programmes WHERE id = $1))::date + r.days, r.discount, r.why, $3::timestamptz
             FROM json_to_recordset($2) AS r(id uuid, customer bigint, kind text, points bigint, days int, discount jsonb, why text)`,
};

/**
 * THE share transaction, for all shares of one programme that came in together. One outcome each, in their order; no
 * customer and no key twice in one batch. Nothing is written for a refused one.
 *
 * Order: lock the customers; read, in statements after the lock, what the keys did before, whether the offers are live and
 * who has earned or would confirm, and set the budgets aside; decide; write. Any failure undoes it all.
 */
export async function commitShares(
  tx: Tx,
  commit: Commit,
  keys: ProgrammeKeys,
  shares: PreparedShare[],
): Promise<Outcome[]> {
  const refs = shares.map((share) => share.customerRef);
  const prints = shares.flatMap(({ idempotency }) => idempotency ?? []);
  const rules = shares.map((share) => earningRule(keys, share));
  const offerIds = [...new Set(shares.map(({ offer }) => offer.offerId))];
  // In this order, and in one round trip.
  const [, before, offers, mayEarn, customers, aside, confirms] = await Promise.all([
    lockCustomers(tx, refs),
    findRemembered(tx, prints),
    tx.query<OfferNow>(READ_OFFERS, [tx.programmeId, offerIds]),
    earnsNow(tx, rules),
    identifyCustomers(tx, refs),
    setAside(tx, shares.filter(({ offer }) => offer.budgeted).map(budgetNeed)),
    holdFormerConsents(tx, shares),
  ]);
  const earns = mayEarn.map((may, n) => may && !confirms[n]);
  const now = offers[0]?.now ?? new Date();
  const outcomes = shares.map((share): Outcome | undefined => {
    const { idempotency } = share;
    const first = idempotency && before.get(idempotency.key);
    if (!first) return mergedAway(customers.get(share.customerRef)) ?? refusalOf(share, offers, now);
    return first.request === idempotency.request ? { ...(first.answer as AcceptedShare), replayed: true } : keyReused();
  });
  await refuseExhausted(tx, aside, shares, earns, outcomes);
  const accepted = shares.flatMap((share, n): Accepted[] => {
    if (outcomes[n] !== undefined) return [];
    const answer = acceptedShare(share, { earns: earns[n]!, confirms: confirms[n]! }, now);
    outcomes[n] = answer;
    return [{ share, answer, earned: earns[n] ? [rules[n]!] : [], customer: customers.get(share.customerRef)! }];
  });
  const confirming = accepted.filter(({ answer }) => answer.confirms);
  const written = write(tx, accepted, now);
  if (confirming.length === 0) commit();
  await written;
  await supersede(tx, confirming);
  return outcomes as Outcome[];
}

interface OfferNow {
  id: string;
  status: string;
  version: number | null;
  now: Date;
}

const earningRule = (keys: ProgrammeKeys, { customerRef, offer }: PreparedShare): EarningRule => ({
  mark: markOf(keys, customerRef, offer.offerId),
  ...offer.perCustomer,
});

const budgetNeed = ({ offer }: PreparedShare): Need => ({ offerId: offer.offerId, amount: costOf(offer.reward) });

const mergedAway = (customer: IdentifiedCustomer | undefined): Problem | undefined =>
  typeof customer?.mergedInto === 'string' ? customerMerged(customer.mergedInto) : undefined;

function refusalOf({ offer }: PreparedShare, offers: OfferNow[], now: Date): Problem | undefined {
  const current = offers.find(({ id }) => id === offer.offerId);
  const inWindow = !(offer.startsAt && now < offer.startsAt) && !(offer.endsAt && now >= offer.endsAt);
  if (current?.status !== 'live' || !inWindow) return conflict('offer-not-live', 'The offer is not made at this time');
  return current.version === offer.version ? undefined : noticeOutdated();
}

/** Keeps of what was set aside what those that earn need; what a budget does not hold is refused before anything is stored. */
async function refuseExhausted(
  tx: Tx,
  aside: SetAside,
  shares: PreparedShare[],
  earns: boolean[],
  outcomes: (Outcome | undefined)[],
): Promise<void> {
  const needing = [...shares.keys()].filter((n) => outcomes[n] === undefined && earns[n] && shares[n]?.offer.budgeted);
  const needs = needing.map((n) => budgetNeed(shares[n]!));
  const reserved = await reserve(tx, aside, needs);
  needing.forEach((n, m) => {
    if (!reserved[m])
      outcomes[n] = conflict('offer-exhausted', 'The budget of the offer is used up', 'Nothing was stored.');
  });
}

/**
 * What was consented to under a former notice ends with the share that confirms the new one: after it has been written, so that
 * a value that both cover does not count as one to erase.
 */
async function supersede(tx: Tx, confirming: Accepted[]): Promise<void> {
  const offers = new Map(confirming.map(({ share }) => [share.offer.offerId, share.offer]));
  for (const { offerId, asksAgainSince = 0 } of offers.values()) {
    const of = confirming.filter(({ share }) => share.offer.offerId === offerId);
    const customerIds = of.map(({ customer }) => customer.id);
    await endConsents(tx, customerIds, { offer: offerId, before: asksAgainSince }, 'superseded');
  }
}

const acceptedShare = (
  share: PreparedShare,
  { earns, confirms }: Pick<AcceptedShare, 'earns' | 'confirms'>,
  now: Date,
): AcceptedShare => ({
  id: share.id,
  acceptedAt: now.toISOString(),
  earns,
  confirms,
  kid: share.receiptKid,
  form: RECEIPT_FORM,
  consents: share.consents.map(({ id, attribute, purpose }) => ({ id, attribute, purpose })),
  replayed: false,
});

interface Accepted {
  share: PreparedShare;
  answer: AcceptedShare;
  /** The rule under which it earned, where it did. */
  earned: EarningRule[];
  customer: IdentifiedCustomer;
}

/** All in one round trip, the COMMIT of the caller included: nothing here may wait before it has sent its statements. */
async function write(tx: Tx, accepted: Accepted[], now: Date): Promise<void> {
  if (accepted.length === 0) return;
  const customers = accepted.map(({ customer }) => customer);
  const consents = accepted.map(({ customer, share }) => ({
    customerId: customer.id,
    shareId: share.id,
    consents: share.consents,
  }));
  const values = accepted.flatMap(({ customer, share }) =>
    share.values.map((value) => ({ ...value, customerId: customer.id })),
  );
  const owed = accepted.map(({ share, answer }) => ({
    topic: answer.earns ? share.offer.reward.type : ('share' as const),
    id: share.id,
  }));
  const signalled = accepted.filter(({ share }) => share.gpc).map(({ customer }) => customer.id);
  const answers = accepted.flatMap(({ share, answer }) =>
    share.idempotency ? [{ ...share.idempotency, status: 201, answer }] : [],
  );
  await Promise.all([
    addCustomers(tx, customers),
    tx.query(WRITE_SHARES, [tx.programmeId, JSON.stringify(accepted.map(shareRow)), now]),
    give(tx, consents, now),
    keepSignal(tx, signalled),
    storeValues(tx, values, now),
    tx.query(WRITE_AWARDS, [tx.programmeId, JSON.stringify(accepted.map(awardRow)), now]),
    append(tx, owed),
    rememberEarned(
      tx,
      accepted.flatMap(({ earned }) => earned),
    ),
    rememberAll(tx, answers),
  ]);
}

const shareRow = ({ share, customer }: Accepted) => ({
  customer: customer.id,
  id: share.id,
  offer: share.offer.offerId,
  version: share.offer.version,
  notice: share.noticeId,
  channel: share.channel,
  refused: share.refused,
  gpc: share.gpc,
  kid: share.receiptKid,
  ciphertexts: Buffer.concat(share.values.map(sealedAs)).toString('base64'),
});

/** Which ciphertext was stored, for the chain that history is sealed in: it still says so when the value is erased. */
const sealedAs = ({ version, ciphertext }: SealedValue): Buffer =>
  Buffer.concat([Buffer.from(version.replaceAll('-', ''), 'hex'), sha256(ciphertext)]);

function awardRow({ share, answer: { earns, confirms }, customer }: Accepted) {
  const { reward, validDays } = share.offer;
  const base = { id: share.id, customer: customer.id };
  if (!earns) return { ...base, kind: 'none', why: whyNone(confirms) };
  if (reward.type === 'points') return { ...base, kind: 'points', points: reward.points, days: validDays };
  return { ...base, kind: 'discount', discount: reward.discount };
}
