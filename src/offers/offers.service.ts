import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThan } from 'typeorm';
import { AttributesService, lockGateShared, orKeyTaken, PurposesService } from '../catalogue';
import type { EntityTx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { newId, parsePublicId, requireId, toPublicId } from '../platform/ids';
import { conflict, type Fault, invalidField, invalidRequest, notFound } from '../platform/problem';
import type { ApprovalDto } from './approval.dto';
import type { AskDto } from './ask.dto';
import { remaining } from './budgets';
import { type Grace, gracesOf } from './graces';
import { newestVersion } from './newest-version';
import { NoticeEntity } from './notice.entity';
import type { CreateOfferDto, EditOfferDto, OfferDto } from './offer.dto';
import { OfferEntity, type OfferStatus } from './offer.entity';
import { edited, faultsOfTerms, type Terms, termsOf, toDto } from './offer-terms';
import { OfferVersionEntity } from './offer-version.entity';
import { requireOngoing } from './ongoing';
import { peopleOf } from './people';
import { isSubmissionOf, newestSubmissions } from './submissions';
import { namesWithdrawn } from './withdrawn';

export const offerState = (detail: string) => conflict('offer-state', 'The offer is not in a state for that', detail);

/** Writes offers, and takes them from draft to live, paused and ended. Ids are public ones; by is the caller's uuid. */
@Injectable()
export class OffersService {
  constructor(
    private readonly attributes: AttributesService,
    private readonly purposes: PurposesService,
  ) {}

  /** @throws 422 with pointers, 409 `key-taken`. */
  async create(tx: EntityTx, body: CreateOfferDto, by: string): Promise<OfferDto> {
    const terms = termsOf(body);
    await this.check(tx, body.asks, faultsOfTerms(terms));
    const id = newId();
    const offer = { programmeId: tx.programmeId, id, key: body.key, status: 'draft' as const, publishedVersion: null };
    await orKeyTaken('offers_key_unique', 'offer', tx.entities.insert(OfferEntity, offer));
    await saveDraft(tx, { offerId: id, version: 1 }, terms, by);
    return this.one(tx, toPublicId('off', id));
  }

  /**
   * A new draft with another offer's terms: those of its draft or, where it has none, what was published last.
   * @throws 404, 422 with pointers, 409 `key-taken`.
   */
  async duplicate(tx: EntityTx, offerId: string, key: string, by: string): Promise<OfferDto> {
    const terms = toDto(await newestVersion(tx, requireId('off', offerId, 'offer')));
    return this.create(tx, { ...terms, key } as CreateOfferDto, by);
  }

  /**
   * Edits the draft; of a published offer, that of its next version.
   * @throws 404, 422 with pointers, 409 `offer-state` when the offer has ended.
   */
  async edit(tx: EntityTx, offerId: string, body: EditOfferDto, by: string): Promise<OfferDto> {
    const offer = await lockOffer(tx, offerId);
    if (offer.status === 'ended') throw offerState('An offer that has ended is not edited: make a new one.');
    const newest = await newestVersion(tx, offer.id);
    const terms = edited(newest, body);
    await this.check(tx, terms.asks, faultsOfTerms(terms));
    const version = newest.publishedAt === null ? newest.version : newest.version + 1;
    await saveDraft(tx, { offerId: offer.id, version }, terms, by);
    return this.one(tx, offerId);
  }

  /** @throws 404, 409 `offer-state`, `programme-ended`. */
  async move(tx: EntityTx, offerId: string, from: OfferStatus[], to: OfferStatus): Promise<OfferDto> {
    if (to === 'live') {
      await lockGateShared(tx);
      await requireOngoing(tx);
    }
    const offer = await lockOffer(tx, offerId);
    if (!from.includes(offer.status)) {
      throw offerState(`It is ${offer.status}; it must be ${from.join(' or ')}.`);
    }
    if (to === 'live' && (await namesWithdrawn(tx, offer.id))) {
      throw offerState('It names a purpose or recipient that was withdrawn: edit it and publish it again.');
    }
    await tx.entities.update(OfferEntity, { programmeId: tx.programmeId, id: offer.id }, { status: to });
    return this.one(tx, offerId);
  }

  /** @throws 404. */
  async one(tx: EntityTx, offerId: string): Promise<OfferDto> {
    const id = requireId('off', offerId, 'offer');
    const [offer] = await this.withVersions(tx, await tx.entities.findBy(OfferEntity, { id }));
    if (!offer) throw notFound('offer');
    return offer;
  }

  /** Newest first. */
  async list(tx: EntityTx, page: PageQuery): Promise<Page<OfferDto>> {
    const after = page.after === undefined ? undefined : parsePublicId('off', page.after);
    if (page.after !== undefined && after === undefined) {
      throw invalidField('/after', 'after must be the nextCursor of the page before');
    }
    const rows = await tx.entities.find(OfferEntity, {
      where: after === undefined ? {} : { id: LessThan(after) },
      order: { id: 'DESC' },
      take: page.limit + 1,
    });
    const offers = await this.withVersions(tx, rows);
    return pageOf(
      offers,
      page.limit,
      (offer) => offer,
      (offer) => offer.id,
    );
  }

  private async withVersions(tx: EntityTx, offers: OfferEntity[]): Promise<OfferDto[]> {
    const drafts = { offerId: In(offers.map(({ id }) => id)), publishedAt: IsNull() };
    const published = offers.flatMap(({ id, publishedVersion }) =>
      publishedVersion === null ? [] : [{ offerId: id, version: publishedVersion }],
    );
    const versions = await tx.entities.find(OfferVersionEntity, { where: [drafts, ...published] });
    const inForce = published.map(({ offerId, version }) => ({ offerId, offerVersion: version }));
    const notices = inForce.length === 0 ? [] : await tx.entities.findBy(NoticeEntity, inForce);
    const publishedIds = published.map(({ offerId }) => offerId);
    const graces = await gracesOf(tx, publishedIds);
    const left = await remaining(tx, publishedIds);
    const approvals = await approvalsOf(
      tx,
      versions.filter(({ publishedAt }) => publishedAt === null),
    );
    return offers.map((offer) =>
      toOfferDto(offer, {
        versions: versions.filter(({ offerId }) => offerId === offer.id),
        notices: notices.filter(({ offerId }) => offerId === offer.id),
        graces: graces.filter(({ offerId }) => offerId === offer.id),
        left: left.get(offer.id),
        approval: approvals.get(offer.id) ?? { state: 'none' },
      }),
    );
  }

  /** @throws 422 with these faults, and with pointers to what the catalogue does not have. */
  async check(tx: EntityTx, asks: AskDto[], faults: Fault[]): Promise<void> {
    const attributes = await this.attributes.byKey(
      tx,
      asks.map(({ attribute }) => attribute),
    );
    const purposes = await this.purposes.byKey(
      tx,
      asks.flatMap((ask) => ask.purposes.map(({ key }) => key)),
    );
    const unknown = asks.flatMap((ask, n) => [
      ...(attributes.has(ask.attribute)
        ? []
        : [{ pointer: `/asks/${n}/attribute`, message: 'There is no such attribute in the catalogue' }]),
      ...ask.purposes.flatMap(({ key }, m) =>
        purposes.has(key)
          ? []
          : [{ pointer: `/asks/${n}/purposes/${m}`, message: 'There is no such purpose in the catalogue' }],
      ),
    ]);
    if (faults.length + unknown.length > 0) throw invalidRequest([...faults, ...unknown]);
  }
}

/** The offer, held until the transaction ends. @throws 404. */
export async function lockOffer(tx: EntityTx, offerId: string): Promise<OfferEntity> {
  const offer = await tx.entities.findOne(OfferEntity, {
    where: { programmeId: tx.programmeId, id: requireId('off', offerId, 'offer') },
    lock: { mode: 'pessimistic_write' },
  });
  if (!offer) throw notFound('offer');
  return offer;
}

async function saveDraft(
  tx: EntityTx,
  { offerId, version }: { offerId: string; version: number },
  terms: Terms,
  by: string,
): Promise<void> {
  const draft = { ...terms, programmeId: tx.programmeId, offerId, version, writtenBy: by, publishedAt: null };
  await tx.entities.save(OfferVersionEntity, draft);
}

interface OfferParts {
  versions: OfferVersionEntity[];
  notices: NoticeEntity[];
  graces: Grace[];
  left: bigint | undefined;
  approval: ApprovalDto;
}

/** How far each of these drafts is, by the uuids of their offers. */
async function approvalsOf(tx: EntityTx, drafts: OfferVersionEntity[]): Promise<Map<string, ApprovalDto>> {
  const newest = await newestSubmissions(
    tx,
    drafts.map(({ offerId }) => offerId),
  );
  const current = newest.filter((submission) => drafts.some((draft) => isSubmissionOf(submission, draft)));
  const personOf = await peopleOf(
    tx,
    current.flatMap(({ submittedBy, approvedBy }) => [submittedBy, approvedBy]),
  );
  return new Map(
    current.map(({ offerId, submittedBy, submittedAt, approvedBy, approvedAt }) => [
      offerId,
      {
        state: approvedBy === null ? 'awaiting' : 'approved',
        submittedBy: personOf(submittedBy),
        submittedAt: submittedAt.toISOString(),
        approvedBy: personOf(approvedBy),
        approvedAt: approvedAt?.toISOString(),
      },
    ]),
  );
}

function toOfferDto(offer: OfferEntity, { versions, notices, graces, left, approval }: OfferParts): OfferDto {
  const draft = versions.find(({ publishedAt }) => publishedAt === null);
  const inForce = versions.find(({ publishedAt }) => publishedAt !== null);
  const shown = inForce ?? draft;
  if (!shown) throw new Error(`Offer ${offer.id} has no version`);
  return {
    id: toPublicId('off', offer.id),
    key: offer.key,
    status: offer.status,
    version: offer.publishedVersion,
    ...toDto(shown),
    draft: draft ? { version: draft.version, revision: draft.revision, ...toDto(draft) } : null,
    approval,
    budgetLeft: left === undefined ? undefined : Number(left),
    notices: notices
      .map(({ id, locale, hash, text }) => ({ id: toPublicId('ntc', id), locale, hash, text }))
      .sort((a, b) => a.locale.localeCompare(b.locale)),
    publishedAt: inForce?.publishedAt?.toISOString(),
    change: inForce?.change ?? undefined,
    confirmBy: graces.find(({ version }) => version === inForce?.version)?.until.toISOString(),
    createdAt: offer.createdAt.toISOString(),
  };
}
