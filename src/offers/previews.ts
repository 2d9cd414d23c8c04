import { Injectable } from '@nestjs/common';
import type { EntityTx } from '../platform/database';
import type { OfferPreviewDto, PreviewOfferDto, UnfinishedTextsDto } from './drafting.dto';
import type { CreateOfferDto } from './offer.dto';
import { faultsOfTerms, termsOf } from './offer-terms';
import { OffersService } from './offers.service';
import type { Locale, Texts } from './published-offer';
import { noticeTextsOf } from './publishing';
import { Snapshots } from './snapshots';
import { toQuote } from './to-quote';

/** Of what is not stored. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Stands where nothing is written yet. */
const toTexts = (texts: UnfinishedTextsDto | undefined): Texts => ({ de: texts?.de || '…', en: texts?.en || '…' });

/** Shows what customers would see of an offer that is being written. */
@Injectable()
export class Previews {
  constructor(
    private readonly offers: OffersService,
    private readonly snapshots: Snapshots,
  ) {}

  /** @throws 422 with pointers. */
  async preview(tx: EntityTx, unfinished: PreviewOfferDto): Promise<OfferPreviewDto> {
    const { title, text, key = 'preview' } = unfinished;
    const body = { ...unfinished, key, title: toTexts(title), text: toTexts(text) } as CreateOfferDto;
    const terms = termsOf(body);
    await this.offers.check(tx, body.asks, faultsOfTerms(terms));
    const { asks } = await this.snapshots.take(tx, terms.asks);
    const texts = await noticeTextsOf(tx, terms, asks);
    const quotable = {
      offerId: NOBODY,
      key,
      version: 1,
      title: terms.title,
      text: terms.text,
      reward: terms.reward,
      asks: asks.map((ask) => ({ ...ask, special: ask.sensitivity === 'special' })),
      notices: { de: { id: NOBODY, ...texts.de }, en: { id: NOBODY, ...texts.en } },
    };
    const shown = (locale: Locale) => toQuote(quotable, locale, undefined);
    return { de: shown('de'), en: shown('en') };
  }
}
