import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  AttributesService,
  lockGateShared,
  type NamedRecipient,
  type PurposeEntity,
  PurposesService,
  RecipientsService,
} from '../catalogue';
import type { Statement, EntityTx } from '../platform/database';
import { newId } from '../platform/ids';
import { type Fault, invalidRequest } from '../platform/problem';
import { namesCalifornia } from './audience';
import { setBudget } from './budgets';
import { grantGrace } from './graces';
import { type ChangeDecision, judgeChange } from './notice-change';
import { NoticeEntity } from './notice.entity';
import { noticeText } from './notice-text';
import type { OfferDto } from './offer.dto';
import { OfferEntity } from './offer.entity';
import { type DraftAsk, OfferVersionEntity, type PublishedAsk } from './offer-version.entity';
import { lockOffer, OffersService, offerState } from './offers.service';
import { requireOngoing } from './ongoing';

const NOW: Statement = { name: 'time_of_publishing', text: 'SELECT now() AS now' };
const PROGRAMME_NAME: Statement = { name: 'programme_name', text: 'SELECT name FROM programmes WHERE id = $1' };

/** Turns a draft into the version in force: what it asks is fixed as the catalogue has it now, and its notices are written. */
@Injectable()
export class Publishing {
  constructor(
    private readonly offers: OffersService,
    private readonly attributes: AttributesService,
    private readonly purposes: PurposesService,
    private readonly recipients: RecipientsService,
  ) {}

  /**
   * @throws 404; 409 `offer-state` when it has ended or there is no draft, `programme-ended`; 422 with pointers when an attribute
   * could be used by nobody, a purpose was withdrawn, the offer is over already, California lacks its value-of-data record, or
   * what goes beyond existing consents is called compatible.
   */
  async publish(tx: EntityTx, offerId: string, decision: ChangeDecision): Promise<OfferDto> {
    // Nothing is withdrawn between reading the catalogue and the commit.
    await lockGateShared(tx);
    await requireOngoing(tx);
    const offer = await lockOffer(tx, offerId);
    const draft = await tx.entities.findOne(OfferVersionEntity, {
      where: { offerId: offer.id },
      order: { version: 'DESC' },
    });
    if (offer.status === 'ended') throw offerState('An offer that has ended is not published again.');
    if (!draft || draft.publishedAt !== null) throw offerState('There is no draft: what was written is published.');
    const { asks, faults } = await this.snapshot(tx, draft.asks);
    const judged = judgeChange(await this.asksBefore(tx, offer), asks, decision);
    const { change } = judged;
    // The database's clock: those of processes may differ.
    const now = (await tx.query<{ now: Date }>(NOW, []))[0]?.now ?? new Date();
    faults.push(...timeFaults(draft, now), ...californiaFaults(draft, now), ...judged.faults);
    if (faults.length > 0) throw invalidRequest(faults, 'The offer cannot be published as it is.');
    await tx.entities.save(OfferVersionEntity, { ...draft, asks, change, publishedAt: now });
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

  /** What the version in force asks; undefined where none was published. */
  private async asksBefore(tx: EntityTx, { id, publishedVersion }: OfferEntity): Promise<PublishedAsk[] | undefined> {
    if (publishedVersion === null) return undefined;
    const inForce = { programmeId: tx.programmeId, offerId: id, version: publishedVersion };
    const { asks } = await tx.entities.findOneByOrFail(OfferVersionEntity, inForce);
    return asks as PublishedAsk[];
  }

  private async snapshot(tx: EntityTx, drafts: DraftAsk[]): Promise<{ asks: PublishedAsk[]; faults: Fault[] }> {
    const keys = [...new Set(drafts.flatMap((ask) => ask.purposes.map(({ key }) => key)))];
    const attributes = await this.attributes.byKey(
      tx,
      drafts.map(({ attribute }) => attribute),
    );
    const purposes = await this.purposes.byKey(tx, keys);
    const recipients = await this.recipients.ofPurposes(tx, keys);
    const faults: Fault[] = [];
    const asks = drafts.map((ask, n) => {
      const attribute = attributes.get(ask.attribute);
      if (!attribute) throw new Error(`Attribute ${ask.attribute} was asked for and is gone`);
      const { title, schema, sensitivity, retentionDays } = attribute;
      const asked = ask.purposes.map((purpose) => askedPurpose(purpose, purposes, recipients));
      faults.push(...usersFaults(ask, n, purposes, recipients));
      return { ...ask, title, schema, sensitivity, retentionDays, purposes: asked };
    });
    return { asks, faults };
  }
}

function askedPurpose(
  { key, required }: DraftAsk['purposes'][number],
  purposes: Map<string, PurposeEntity>,
  recipients: Map<string, NamedRecipient[]>,
): PublishedAsk['purposes'][number] {
  const purpose = purposes.get(key);
  if (!purpose) throw new Error(`Purpose ${key} was asked for and is gone`);
  const { title, description, thirdPartyAdvertising } = purpose;
  return { key, required, title, description, thirdPartyAdvertising, recipients: recipients.get(key) ?? [] };
}

/** Data minimisation (GDPR Art. 5(1)(c)): what nobody could use is not asked for. */
function usersFaults(
  ask: DraftAsk,
  n: number,
  purposes: Map<string, PurposeEntity>,
  recipients: Map<string, NamedRecipient[]>,
): Fault[] {
  const withdrawn = ask.purposes.flatMap(({ key }, m) =>
    purposes.get(key)?.withdrawnAt
      ? [{ pointer: `/asks/${n}/purposes/${m}`, message: 'This purpose was withdrawn' }]
      : [],
  );
  const isOfUse = ask.purposes.some(({ key }) => (recipients.get(key) ?? []).length > 0);
  if (isOfUse) return withdrawn;
  const message = 'No recipient is registered for any of its purposes: what nobody could use is not asked for';
  return [...withdrawn, { pointer: `/asks/${n}/attribute`, message }];
}

function timeFaults({ endsAt }: OfferVersionEntity, now: Date): Fault[] {
  return endsAt !== null && endsAt <= now ? [{ pointer: '/endsAt', message: 'endsAt is in the past' }] : [];
}

function californiaFaults({ regions, valueOfData }: OfferVersionEntity, now: Date): Fault[] {
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
  const [programme] = await tx.query<{ name: string }>(PROGRAMME_NAME, [tx.programmeId]);
  const terms = {
    ...draft,
    asks,
    programme: programme?.name ?? '',
    valueOfData: namesCalifornia(draft.regions) ? draft.valueOfData : null,
  };
  const notices = (['de', 'en'] as const).map((locale) => {
    const text = noticeText(terms, locale);
    const hash = createHash('sha256').update(text).digest('hex');
    const { programmeId, offerId, version } = draft;
    return { programmeId, id: newId(), offerId, offerVersion: version, locale, text, hash };
  });
  await tx.entities.insert(NoticeEntity, notices);
}
