import { Inject, Injectable } from '@nestjs/common';
import { signReceipt } from '../consents';
import { fingerprint, markReplayed, type Call } from '../idempotency';
import { OfferBook, type DiscountTerms, type PublishedOffer, type Reward } from '../offers';
import { Batcher } from '../platform/batcher';
import { Database, isOnesFault, Statement, violatedConstraint } from '../platform/database';
import { newId, requireId, toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { metrics } from '../platform/metrics';
import { BELL, type Bell } from '../platform/platform.module';
import { conflict, notFound } from '../platform/problem';
import { SigningKeys } from '../platform/signing-keys';
import { keepKeys, sealValue } from '../vault';
import { AcceptedShare, commitShares, PreparedShare, whyNone } from './share-batch';
import { checkShare, noticeOutdated, ShareRequest } from './share-checks';
import type { AwardAnswer, ShareAnswer, ShareView } from './exchange.dto';

/** Shares in one transaction at most: past this a batch gets slower, not better. */
const BATCH_LIMIT = 256;

const FIND_OFFER: Statement = {
  name: 'find_offer_of_share',
  text: 'SELECT published_version FROM offers WHERE programme_id = $1 AND id = $2',
};
const FIND_SHARE: Statement = {
  name: 'find_share',
  text: `SELECT s.id, c.ref, s.offer_id, s.offer_version, s.channel, s.refused, s.gpc, s.receipt_kid, s.receipt_form, s.accepted_at, n.hash, n.locale,
                w.kind, w.points, w.discount, w.why, t.id IS NOT NULL OR d.code IS NOT NULL AS granted, d.code,
                (SELECT coalesce(json_agg(json_build_object('id', k.id, 'attribute', k.attribute, 'purpose', k.purpose, 'status', k.status)), '[]')
                   FROM consents k WHERE k.programme_id = $1 AND k.customer_id = s.customer_id AND k.share_id = s.id) AS consents
           FROM shares s JOIN customers c ON c.programme_id = $1 AND c.id = s.customer_id
           JOIN notices n ON n.programme_id = $1 AND n.id = s.notice_id
           JOIN awards w ON w.programme_id = $1 AND w.id = s.id
           LEFT JOIN transfers t ON t.programme_id = $1 AND t.id = s.id
           LEFT JOIN discount_codes d ON d.programme_id = $1 AND d.award_id = s.id
          WHERE s.programme_id = $1 AND s.id = $2`,
};

interface ShareRow {
  id: string;
  ref: string;
  offer_id: string;
  offer_version: number;
  channel: string;
  refused: string[];
  gpc: boolean;
  receipt_kid: string;
  receipt_form: number;
  accepted_at: Date;
  hash: string;
  locale: string;
  kind: 'points' | 'discount' | 'none';
  points: string | null;
  discount: DiscountTerms | null;
  why: string | null;
  granted: boolean;
  code: string | null;
  consents: { id: string; attribute: string; purpose: string; status: string }[];
}

/** The shares as they are stored, when their keys are kept, where keys lie apart. */
async function keepAll(keyRing: KeyRing, programmeId: string, shares: PreparedShare[]): Promise<PreparedShare[]> {
  if (!keyRing.dataKeys) return shares;
  const kept = await keepKeys(
    keyRing,
    programmeId,
    shares.flatMap(({ values }) => values),
  );
  let at = 0;
  return shares.map((share) => ({ ...share, values: kept.slice(at, (at += share.values.length)) }));
}

type ConsentLine = { id: string; attribute: string; purpose: string };

/** THE exchange: a customer accepts an offer; consents, values and the promised award become one. */
@Injectable()
export class Exchange {
  private readonly batcher = new Batcher<PreparedShare, AcceptedShare>({
    run: async (programmeId, shares) => {
      const keys = await this.keyRing.of(programmeId);
      const stored = await keepAll(this.keyRing, programmeId, shares);
      const run = () => this.database.inProgramme(programmeId, (tx, commit) => commitShares(tx, commit, keys, stored));
      const outcomes = await run().catch((error: unknown) => {
        // The same key for another customer, in another process, whose lock is not this one's.
        if (violatedConstraint(error) === 'idempotency_keys_pk') return run();
        throw error;
      });
      this.bell.ring(programmeId, shares.length);
      return outcomes;
    },
    limit: BATCH_LIMIT,
    keysOf: ({ customerRef, idempotency }) => [customerRef, ...(idempotency ? [`# ${idempotency.key}`] : [])],
    mayBeOnes: isOnesFault,
    observe: (size) => metrics.batchSize.observe({ what: 'share' }, size),
  });

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly signingKeys: SigningKeys,
    private readonly offers: OfferBook,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /**
   * Accepts an offer for a customer. The award is promised when this answers, and booked by the worker.
   * @throws 404, 409 `offer-not-live`, `offer-exhausted`, `notice-outdated`, `not-eligible`, `too-young`; 422 of `checkShare`.
   */
  async share(call: Call, request: ShareRequest): Promise<ShareAnswer> {
    const { programmeId } = call.principal;
    const offer = await this.findOffer(programmeId, request);
    const checked = checkShare(offer, request);
    const refusal = offer.refusal(request.context ?? {});
    if (refusal) throw conflict(refusal, 'The offer is not made to this customer', 'Nothing was stored.');
    const keys = await this.keyRing.of(programmeId);
    const outcome = await this.batcher.submit(programmeId, {
      id: newId(),
      customerRef: request.customerRef,
      offer,
      noticeId: checked.notice.id,
      channel: request.channel ?? 'unspecified',
      refused: checked.refused,
      gpc: request.gpc ?? false,
      consents: checked.consents,
      values: checked.values.map(([attribute, value]) =>
        sealValue(keys, { programmeId, customerRef: request.customerRef, attribute }, value),
      ),
      receiptKid: this.signingKeys.currentKid,
      idempotency: call.key === undefined ? undefined : fingerprint(keys, said(call, request), call.key),
    });
    if (outcome.replayed) markReplayed(call, 201);
    return {
      id: toPublicId('shr', outcome.id),
      status: 'accepted',
      award: promisedAward(outcome, offer.reward),
      consents: outcome.consents.map(({ id, attribute, purpose }) => ({
        id: toPublicId('cns', id),
        attribute,
        purpose,
      })),
      ...(request.gpc && { globalPrivacyControl: { refused: checked.refusedBySignal } }),
      receipt: this.receipt(programmeId, offer, {
        ...outcome,
        customerRef: request.customerRef,
        acceptedAt: new Date(outcome.acceptedAt),
        noticeHash: checked.notice.hash,
        locale: checked.notice.locale,
        refused: checked.refused,
        kid: outcome.kid,
        form: outcome.form ?? 1,
      }),
    };
  }

  /** A share and what became of its award. @throws 404, also for another customer's where customerRef is given. */
  async find(programmeId: string, publicId: string, customerRef?: string): Promise<ShareView> {
    const id = requireId('shr', publicId, 'share');
    const [row] = await this.database.inProgramme(programmeId, (tx) =>
      tx.query<ShareRow>(FIND_SHARE, [programmeId, id]),
    );
    const offer = row && (await this.offers.version(programmeId, row.offer_id, row.offer_version));
    if (!row || !offer || (customerRef !== undefined && row.ref !== customerRef)) throw notFound('share');
    return {
      id: publicId,
      status: 'accepted',
      customerRef: row.ref,
      offerId: toPublicId('off', row.offer_id),
      offerVersion: row.offer_version,
      channel: row.channel,
      acceptedAt: row.accepted_at.toISOString(),
      award: awardOf(row),
      consents: inOrderOfAsking(offer, row.consents).map((consent) => ({
        ...consent,
        id: toPublicId('cns', consent.id),
      })),
      refused: row.refused,
      globalPrivacyControl: row.gpc,
      receipt: this.receipt(programmeId, offer, {
        id: row.id,
        customerRef: row.ref,
        acceptedAt: row.accepted_at,
        noticeHash: row.hash,
        locale: row.locale,
        refused: row.refused,
        consents: row.consents,
        kid: row.receipt_kid,
        form: row.receipt_form,
      }),
    };
  }

  private async findOffer(programmeId: string, request: ShareRequest): Promise<PublishedOffer> {
    const offerId = requireId('off', request.offerId, 'offer');
    const offer = await this.offers.version(programmeId, offerId, request.offerVersion);
    if (offer) return offer;
    const [row] = await this.database.inProgramme(programmeId, (tx) =>
      tx.query<{ published_version: number | null }>(FIND_OFFER, [programmeId, offerId]),
    );
    if (!row) throw notFound('offer');
    throw row.published_version === null
      ? conflict('offer-not-live', 'The offer is not made at this time')
      : noticeOutdated();
  }

  private receipt(
    programmeId: string,
    offer: PublishedOffer,
    share: {
      id: string;
      customerRef: string;
      acceptedAt: Date;
      noticeHash: string;
      locale: string;
      refused: string[];
      consents: ConsentLine[];
      kid: string;
      form: number;
    },
  ): string {
    const asks = new Map(offer.asks.map((ask) => [ask.attribute, ask]));
    return signReceipt(this.signingKeys, share.kid, {
      form: share.form,
      programmeId,
      customerRef: share.customerRef,
      shareId: share.id,
      offerId: offer.offerId,
      offerVersion: offer.version,
      noticeHash: share.noticeHash,
      locale: share.locale,
      acceptedAt: share.acceptedAt,
      refused: share.refused,
      consents: inOrderOfAsking(offer, share.consents).map(({ id, attribute, purpose }) => {
        const ask = asks.get(attribute);
        const recipients =
          ask?.purposes.find(({ key }) => key === purpose)?.recipients.map((recipient) => recipient.id) ?? [];
        return {
          id,
          attribute,
          purpose,
          recipients,
          retentionDays: ask?.retentionDays ?? 0,
          special: ask?.special ?? false,
        };
      }),
    });
  }
}

/** A share with the signal is another request than one without. */
const said = (call: Call, { gpc }: ShareRequest): Call => (gpc ? { ...call, body: { gpc, of: call.body } } : call);

function inOrderOfAsking<Line extends ConsentLine>(offer: PublishedOffer, lines: Line[]): Line[] {
  const order = offer.asks.flatMap((ask) => ask.purposes.map(({ key }) => `${ask.attribute} ${key}`));
  const place = ({ attribute, purpose }: ConsentLine): number => order.indexOf(`${attribute} ${purpose}`);
  return [...lines].sort((a, b) => place(a) - place(b));
}

function promisedAward({ earns, confirms, id }: AcceptedShare, reward: Reward): AwardAnswer {
  return earns ? { id: toPublicId('awd', id), status: 'pending', reward } : { status: 'none', why: whyNone(confirms) };
}

function awardOf(row: ShareRow): AwardAnswer {
  if (row.kind === 'none') return { status: 'none', why: row.why ?? 'cool-off' };
  const reward: Reward =
    row.kind === 'points'
      ? { type: 'points', points: Number(row.points) }
      : { type: 'discount', discount: row.discount! };
  const code = row.code === null ? {} : { code: row.code };
  return { id: toPublicId('awd', row.id), status: row.granted ? 'granted' : 'pending', reward, ...code };
}
