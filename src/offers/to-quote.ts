import { toPublicId } from '../platform/ids';
import type { Ask, Locale, PublishedOffer } from './published-offer';
import type { QuoteDto, WhyNot } from './quote.dto';
import type { RewardDto } from './reward.dto';

/** What a quote shows of an offer. */
export interface Quotable extends Pick<
  PublishedOffer,
  'offerId' | 'key' | 'version' | 'title' | 'text' | 'reward' | 'notices'
> {
  asks: Omit<Ask, 'validate'>[];
}

/** An offer as a customer is shown it. */
export function toQuote(offer: Quotable, locale: Locale, whyNot: WhyNot | undefined): QuoteDto {
  const { id, hash, text } = offer.notices[locale];
  return {
    offerId: toPublicId('off', offer.offerId),
    offerVersion: offer.version,
    key: offer.key,
    title: offer.title[locale],
    text: offer.text[locale],
    notice: { id: toPublicId('ntc', id), hash, text, locale },
    asks: offer.asks.map((ask) => ({
      attribute: ask.attribute,
      title: ask.title[locale],
      purposes: ask.purposes.map((purpose) => ({
        key: purpose.key,
        title: purpose.title[locale],
        description: purpose.description[locale],
        required: purpose.required,
        recipients: purpose.recipients.map(({ name }) => name),
      })),
      required: ask.required,
      special: ask.special,
      retentionDays: ask.retentionDays,
      schema: ask.schema,
    })),
    reward: offer.reward as RewardDto,
    earnsNow: whyNot === undefined,
    ...(whyNot && { whyNot }),
  };
}
