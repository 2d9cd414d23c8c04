import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { lockGateShared } from '../catalogue';
import { type EntityTx, type Statement, violatedConstraint } from '../platform/database';
import { newId } from '../platform/ids';
import { conflict, type Fault, invalidRequest } from '../platform/problem';
import { namesCalifornia } from './audience';
import { setBudget } from './budgets';
import { grantGrace } from './graces';
import { newestVersion } from './newest-version';
import { type ChangeDecision, judgeChange } from './notice-change';
import { NoticeEntity } from './notice.entity';
import { noticeText } from './notice-text';
import type { OfferDto } from './offer.dto';
import { OfferEntity } from './offer.entity';
import type { Terms } from './offer-terms';
import { OfferVersionEntity, type PublishedAsk } from './offer-version.entity';
import { lockOffer, OffersService, offerState } from './offers.service';
import { requireOngoing } from './ongoing';
import type { Locale } from './published-offer';
import { Snapshots } from './snapshots';

const NOW: Statement = { name: 'time_of_publishing', text: 'SELECT now() AS now' };
const PROGRAMME_NAME: Statement = { name: 'programme_name', text: 'SELECT name FROM programmes WHERE id = $1' };

/** The database's own word: where the programme wants a second person, only what they approved is published. */
async function orApprovalRequired<T>(publishing: Promise<T>): Promise<T> {
  try {
    return await publishing;
  } catch (error) {
    if (violatedConstraint(error) !== 'offer_versions_approved') throw error;
    throw conflict(
      'approval-required',
      'A second person must approve the draft',
      'Submit it, and have someone else approve it. An approval ends when the draft is edited or the catalogue behind it changes.',
    );
  }
}

/** Turns a draft into the version in force: what it asks is fixed as the catalogue has it now, and its notices are written. */
@Injectable()
export class Publishing {
  constructor(
    private readonly offers: OffersService,
    private readonly snapshots: Snapshots,
  ) {}

  /**
   * @throws 404; 409 `offer-state` when it has ended or there is no draft, `programme-ended`, `approval-required`; 422 with pointers when an attribute
   * could be used by nobody, a purpose was withdrawn, the offer is over already, California lacks its value-of-data record, or
   * what goes beyond existing consents is called compatible.
   */
  async publish(tx: EntityTx, offerId: string, decision: ChangeDecision, by: string): Promise<OfferDto> {
    // Nothing is withdrawn between reading the catalogue and the commit.
    await lockGateShared(tx);
    await requireOngoing(tx);
    const offer = await lockOffer(tx, offerId);
    const draft = await newestVersion(tx, offer.id);
    if (offer.status === 'ended') throw offerState('An offer that has ended is not published again.');
    if (draft.publishedAt !== null) throw offerState('There is no draft: what was written is published.');
    const { asks, faults } = await this.snapshots.take(tx, draft.asks);
    const judged = judgeChange(await asksInForce(tx, offer), asks, decision);
    const { change } = judged;
    // The database's clock: those of processes may differ.
    const now = (await tx.query<{ now: Date }>(NOW, []))[0]?.now ?? new Date();
    faults.push(...publicationFaults(draft, now), ...judged.faults);
    if (faults.length > 0) throw invalidRequest(faults, 'The offer cannot be published as it is.');
    const published = { ...draft, asks, change, publishedAt: now, publishedBy: by };
    await orApprovalRequired(tx.entities.save(OfferVersionEntity, published));
    await writeNotices(tx, draft, asks);
    const { budget } = draft;
    await setBudget(tx, offer.id, budget === null ? undefined : BigInt(budget.points ?? budget.codes ?? 0));
    await tx.entities.update(
      OfferEntity,
      { programmeId: tx.programmeId, id: offer.id },
      { status: 'live', publishedVersion: draft.version },
    );
    if (decision.graceDays !== undefined) await grantGrace(tx, offer.id, draft.version, decision.graceDays);
    return this.offers.one(tx, offerId);
  }
}

/** What the version in force asks; undefined where none was published. */
export async function asksInForce(
  tx: EntityTx,
  { id, publishedVersion }: OfferEntity,
): Promise<PublishedAsk[] | undefined> {
  if (publishedVersion === null) return undefined;
  const inForce = { programmeId: tx.programmeId, offerId: id, version: publishedVersion };
  const { asks } = await tx.entities.findOneByOrFail(OfferVersionEntity, inForce);
  return asks as PublishedAsk[];
}

/** What of a version cannot be published now, beside what it asks; pointers into it. */
const publicationFaults = (version: Terms, now: Date): Fault[] => [
  ...timeFaults(version, now),
  ...californiaFaults(version, now),
];

function timeFaults({ endsAt }: Terms, now: Date): Fault[] {
  return endsAt !== null && endsAt <= now ? [{ pointer: '/endsAt', message: 'endsAt is in the past' }] : [];
}

function californiaFaults({ regions, valueOfData }: Terms, now: Date): Fault[] {
  if (!namesCalifornia(regions)) return [];
  if (valueOfData === null) {
    return [
      {
        pointer: '/valueOfData',
        message: 'California needs a value-of-data record: method, inputs, reviewer, validUntil',
      },
    ];
  }
  if (new Date(valueOfData.validUntil) > now) return [];
  return [{ pointer: '/valueOfData/validUntil', message: 'The value-of-data record is no longer valid' }];
}

async function writeNotices(tx: EntityTx, draft: OfferVersionEntity, asks: PublishedAsk[]): Promise<void> {
  const texts = await noticeTextsOf(tx, draft, asks);
  const { programmeId, offerId, version } = draft;
  const notices = (['de', 'en'] as const).map((locale) => {
    const { text, hash } = texts[locale];
    return { programmeId, id: newId(), offerId, offerVersion: version, locale, text, hash };
  });
  await tx.entities.insert(NoticeEntity, notices);
}

/** The notices of terms that ask this: what customers will read. */
export async function noticeTextsOf(
  tx: EntityTx,
  terms: Terms,
  asks: PublishedAsk[],
): Promise<Record<Locale, { text: string; hash: string }>> {
  const [programme] = await tx.query<{ name: string }>(PROGRAMME_NAME, [tx.programmeId]);
  const notice = {
    ...terms,
    asks,
    programme: programme?.name ?? '',
    valueOfData: namesCalifornia(terms.regions) ? terms.valueOfData : null,
  };
  const write = (locale: Locale) => {
    const text = noticeText(notice, locale);
    return { text, hash: createHash('sha256').update(text).digest('hex') };
  };
  return { de: write('de'), en: write('en') };
}
