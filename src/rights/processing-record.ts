import { Injectable } from '@nestjs/common';
import { type Locale, localeOf, OfferBook, type PublishedOffer } from '../offers';
import { Database, type Statement } from '../platform/database';
import { toPublicId } from '../platform/ids';
import type { ProcessingActivity, ProcessingRecord, RecordCategory, RecordRecipient } from './processing-record.dto';
import { RECORD_TEXTS } from './record-texts';

const PROGRAMME: Statement = {
  name: 'programme_of_record',
  text: 'SELECT name, locale, now() AS now FROM programmes WHERE id = $1',
};
const STILL_USED: Statement = {
  name: 'still_used',
  text: `SELECT DISTINCT s.offer_id AS "offerId", s.offer_version AS version, k.attribute, k.purpose FROM shares s
           JOIN consents k ON k.programme_id = $1 AND k.customer_id = s.customer_id AND k.share_id = s.id AND k.status = 'active' AND k.until > now()
          WHERE s.programme_id = $1`,
};

interface Source extends PublishedOffer {
  live: boolean;
}

/** What somebody consents to still, under a version of an offer. */
interface Used {
  offerId: string;
  version: number;
  attribute: string;
  purpose: string;
}

/** The record of processing activities (GDPR Art. 30), made from what is asked for now and what is still used. */
@Injectable()
export class ProcessingRecords {
  constructor(
    private readonly database: Database,
    private readonly offers: OfferBook,
  ) {}

  async record(programmeId: string, tag?: string): Promise<{ record: ProcessingRecord; language: Locale }> {
    const { programme, live, used } = await this.database.inProgramme(programmeId, async (tx) => ({
      programme: (await tx.query<{ name: string; locale: Locale; now: Date }>(PROGRAMME, [programmeId]))[0]!,
      live: await this.offers.liveIn(tx),
      used: await tx.query<Used & Record<string, unknown>>(STILL_USED, [programmeId]),
    }));
    const language = localeOf(tag) ?? programme.locale;
    const sources: Source[] = live.map((offer) => ({ ...offer, live: true }));
    const versions = new Map(used.map(({ offerId, version }) => [`${offerId} ${version}`, { offerId, version }]));
    for (const { offerId, version } of versions.values()) {
      const isIts = (one: { offerId: string; version: number }) => one.offerId === offerId && one.version === version;
      if (live.some(isIts)) continue;
      const offer = await this.offers.version(programmeId, offerId, version);
      if (offer) sources.push({ ...offer, asks: stillUsed(offer, used.filter(isIts)), live: false });
    }
    const { security, toAdd } = RECORD_TEXTS[language];
    const record = {
      generatedAt: programme.now.toISOString(),
      controller: { id: toPublicId('prg', programmeId), name: programme.name },
      activities: activitiesOf(sources, language),
      security,
      toAdd,
    };
    return { record, language };
  }
}

/** Of what a version asked for that is not offered any more, what somebody consents to still. */
function stillUsed({ asks }: PublishedOffer, used: Used[]): PublishedOffer['asks'] {
  const pairs = new Set(used.map(({ attribute, purpose }) => `${attribute} ${purpose}`));
  return asks.map((ask) => ({
    ...ask,
    purposes: ask.purposes.filter(({ key }) => pairs.has(`${ask.attribute} ${key}`)),
  }));
}

/** By purpose, in the order of their keys. */
export function activitiesOf(sources: Source[], language: Locale): ProcessingActivity[] {
  const asked = sources.flatMap((offer) =>
    offer.asks.flatMap((ask) => ask.purposes.map((purpose) => ({ offer, ask, purpose }))),
  );
  const keys = [...new Set(asked.map(({ purpose }) => purpose.key))].sort();
  return keys.map((key) =>
    activityOf(
      asked.filter(({ purpose }) => purpose.key === key),
      language,
    ),
  );
}

interface Asked {
  offer: Source;
  ask: PublishedOffer['asks'][number];
  purpose: PublishedOffer['asks'][number]['purposes'][number];
}

function activityOf(asked: Asked[], language: Locale): ProcessingActivity {
  const { purpose } = asked[0]!;
  const { consent, explicitConsent, persons } = RECORD_TEXTS[language];
  const data = new Map<string, RecordCategory>();
  const recipients = new Map<string, RecordRecipient>();
  const offers = new Map<string, ProcessingActivity['offers'][number]>();
  for (const { offer, ask, purpose: of } of asked) {
    const retentionDays = Math.max(ask.retentionDays, data.get(ask.attribute)?.retentionDays ?? 0);
    const sensitivity = ask.special ? ('special' as const) : ('ordinary' as const);
    data.set(ask.attribute, { attribute: ask.attribute, title: ask.title[language], sensitivity, retentionDays });
    for (const { id, name } of of.recipients) recipients.set(id, { id: toPublicId('rcp', id), name });
    const { offerId, version, title, live } = offer;
    offers.set(`${offerId} ${version}`, { id: toPublicId('off', offerId), version, title: title[language], live });
  }
  const categories = [...data.values()];
  const isSpecial = categories.some(({ sensitivity }) => sensitivity === 'special');
  return {
    purpose: purpose.key,
    title: purpose.title[language],
    description: purpose.description[language],
    legalBasis: isSpecial ? `${consent}; ${explicitConsent}` : consent,
    thirdPartyAdvertising: purpose.thirdPartyAdvertising,
    persons,
    data: categories,
    recipients: [...recipients.values()],
    offers: [...offers.values()],
  };
}
