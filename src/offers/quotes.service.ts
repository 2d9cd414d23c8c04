import { Injectable } from '@nestjs/common';
import { requireCursor } from '../access';
import { Database, type Statement, type Tx } from '../platform/database';
import { pageOf } from '../platform/http/page.dto';
import { KeyRing } from '../platform/key-ring';
import { remaining } from './budgets';
import { earnsNow, markOf } from './earned-marks';
import { holdFormerConsents } from './former-consents';
import { type Grace, gracesOf } from './graces';
import { localeOf } from './locale';
import { OfferBook } from './offer-book';
import { costOf } from './offer-terms';
import type { Context, Locale, PublishedOffer } from './published-offer';
import type { QuoteConfirmationDto, QuotesDto, WhyNot } from './quote.dto';
import { toQuote } from './to-quote';

const PROGRAMME_LOCALE: Statement = { name: 'programme_locale', text: 'SELECT locale FROM programmes WHERE id = $1' };

export interface QuoteQuestion {
  customerRef: string;
  locale?: string | undefined;
  context: Context;
  limit: number;
  after?: string | undefined;
}

/** Says what a customer would get for each offer now, and why not. Writes nothing. @throws 422 for what is no cursor of it. */
@Injectable()
export class QuotesService {
  constructor(
    private readonly book: OfferBook,
    private readonly database: Database,
    private readonly keyRing: KeyRing,
  ) {}

  async quotes(programmeId: string, question: QuoteQuestion): Promise<QuotesDto> {
    const after = requireCursor('off', question.after);
    const keys = await this.keyRing.of(programmeId);
    return this.database.inProgramme(programmeId, async (tx) => {
      const locale = localeOf(question.locale) ?? (await programmeLocale(tx));
      const all = await this.book.liveIn(tx);
      const rest = all.filter(({ offerId }) => after === null || offerId > after);
      const offers = rest.slice(0, question.limit + 1);
      const budgets = await remaining(
        tx,
        offers.filter(({ budgeted }) => budgeted).map(({ offerId }) => offerId),
      );
      const rules = offers.map(({ offerId, perCustomer }) => ({
        mark: markOf(keys, question.customerRef, offerId),
        ...perCustomer,
      }));
      const earning = await earnsNow(tx, rules);
      const confirming = await confirmationsOf(tx, question.customerRef, offers);
      const quotes = offers.map((offer, n) => {
        const confirms = confirming.get(offer.offerId);
        const left = budgets.get(offer.offerId);
        const whyNot = whyNotOf(offer, question.context, { left, isEarning: earning[n] ?? false, confirms });
        return { ...toQuote(offer, locale, whyNot), ...(confirms && { confirms }) };
      });
      return pageOf(
        quotes,
        question.limit,
        (quote) => quote,
        (quote) => quote.offerId,
      );
    });
  }
}

async function programmeLocale(tx: Tx): Promise<Locale> {
  const [row] = await tx.query<{ locale: Locale }>(PROGRAMME_LOCALE, [tx.programmeId]);
  return row?.locale ?? 'en';
}

/** Offers whose new notice the customer would confirm, by uuid. */
async function confirmationsOf(
  tx: Tx,
  customerRef: string,
  offers: PublishedOffer[],
): Promise<Map<string, QuoteConfirmationDto>> {
  const holding = await holdFormerConsents(
    tx,
    offers.map((offer) => ({ customerRef, offer })),
  );
  const asked = offers.filter((_, n) => holding[n]);
  const graces = await gracesOf(
    tx,
    asked.map(({ offerId }) => offerId),
  );
  return new Map(asked.map((offer) => [offer.offerId, confirmationOf(offer, graces)]));
}

/** By the first of the graces that end consents from before the version that asks again. */
function confirmationOf({ offerId, asksAgainSince = 0 }: PublishedOffer, graces: Grace[]): QuoteConfirmationDto {
  const ending = graces.filter((grace) => grace.offerId === offerId && grace.version <= asksAgainSince);
  const times = ending.map(({ until }) => until.getTime());
  return times.length === 0 ? {} : { by: new Date(Math.min(...times)).toISOString() };
}

interface Standing {
  left: bigint | undefined;
  isEarning: boolean;
  confirms: object | undefined;
}

function whyNotOf(offer: PublishedOffer, context: Context, standing: Standing): WhyNot | undefined {
  const { left, isEarning, confirms } = standing;
  const refusal = offer.refusal(context);
  if (refusal) return refusal;
  if (confirms) return 'confirming';
  if (offer.budgeted && (left ?? 0n) < costOf(offer.reward)) return 'exhausted';
  return isEarning ? undefined : 'cool-off';
}
