import type { Schemas } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import type { Offer } from './offer';
import { texts } from './texts';

type Reward = Schemas['OfferTermsDto']['reward'];

/** Of a reward: "120 Punkte", "10 % Rabatt", "5,00 € Rabatt". */
export function useRewardWords(): (reward: Reward) => string {
  const t = useText(texts);
  const { number, money } = useFormats();
  return (reward) => {
    if (reward.type === 'points') return t.points(number(reward.points));
    const { kind, percent = 0, amountMinor = 0, currency = 'EUR' } = reward.discount;
    return kind === 'percent' ? t.percentOff(percent) : t.amountOff(money(amountMinor, currency));
  };
}

/** How much of an offer's budget is left. */
export function useBudgetWords(): (offer: Offer) => string {
  const t = useText(texts);
  const { number } = useFormats();
  return ({ budget, budgetLeft, reward }) => {
    const cap = budget?.points ?? budget?.codes;
    if (cap === undefined) return t.noBudget;
    if (budgetLeft === 0) return t.exhausted;
    const words = reward.type === 'points' ? t.pointsLeft : t.codesLeft;
    return words(number(budgetLeft ?? cap), number(cap));
  };
}

/** An offer's name in the language of the page; its draft's where nothing is in force. */
export function useOfferTitle(): (offer: Offer) => string {
  const { locale } = useLocale();
  return ({ title, key }) => title[locale] || key;
}
