import { conflict } from '../platform/problem';

/**
 * What a code is worth, as the offer promised it: percent with kind `percent`, amountMinor and currency with `amount`. What is not
 * there is null in some that were published long ago.
 */
export interface CodeTerms {
  kind: 'percent' | 'amount';
  percent?: number;
  amountMinor?: number;
  currency?: string;
  validDays: number;
  minimumOrderMinor?: number;
}

/** An order's total in the currency's smallest unit, before the discount. */
export interface Order {
  totalMinor: number;
  currency: string;
}

/**
 * What the order gets off, in its currency's smallest unit: a percentage rounded down, an amount at most the total.
 * @throws 409 `order-too-small`, `currency-mismatch`
 */
export function discountOf(terms: CodeTerms, { totalMinor, currency }: Order): number {
  const { amountMinor, percent, minimumOrderMinor = null } = terms;
  // A percentage of any order has no currency to match.
  const own = terms.currency ?? currency;
  if (own !== currency) {
    throw conflict('currency-mismatch', 'The code is for orders in another currency', `It is for ${own}.`);
  }
  if (minimumOrderMinor !== null && totalMinor < minimumOrderMinor) {
    const detail = `It needs an order of at least ${minimumOrderMinor} in the smallest unit of ${currency}.`;
    throw conflict('order-too-small', 'The order is smaller than the code needs', detail);
  }
  if (terms.kind === 'amount') return Math.min(amountMinor ?? 0, totalMinor);
  const hundredths = totalMinor * (percent ?? 0);
  return (hundredths - (hundredths % 100)) / 100;
}
