import * as fc from 'fast-check';
import { Problem } from '../platform/problem';
import { discountOf, type CodeTerms } from './code-terms';

const percent = (of: number, more: Partial<CodeTerms> = {}): CodeTerms => ({
  kind: 'percent',
  percent: of,
  validDays: 30,
  ...more,
});
const amount = (amountMinor: number, more: Partial<CodeTerms> = {}): CodeTerms => ({
  kind: 'amount',
  amountMinor,
  currency: 'EUR',
  validDays: 30,
  ...more,
});
const euro = (totalMinor: number) => ({ totalMinor, currency: 'EUR' });
const refusal = (terms: CodeTerms, order: { totalMinor: number; currency: string }): string => {
  try {
    return `${discountOf(terms, order)}`;
  } catch (error) {
    return (error as Problem).type;
  }
};

it.each([
  [10, 999, 99],
  [10, 1000, 100],
  [33, 100, 33],
  [33, 101, 33],
  [100, 101, 101],
  [1, 99, 0],
  [1, 100, 1],
  [50, 0, 0],
])('%i percent of %i is %i, rounded down', (of, total, off) => {
  expect(discountOf(percent(of), euro(total))).toBe(off);
});

it('is the whole-number quotient for every total and percentage', () => {
  const total = fc.integer({ min: 0, max: 1_000_000_000_000 });
  fc.assert(
    fc.property(total, fc.integer({ min: 1, max: 100 }), (totalMinor, of) => {
      expect(BigInt(discountOf(percent(of), euro(totalMinor)))).toBe((BigInt(totalMinor) * BigInt(of)) / 100n);
    }),
  );
});

it.each([
  [500, 2000, 500],
  [500, 500, 500],
  [500, 499, 499],
  [500, 0, 0],
])('%i off %i is %i, never more than the total', (off, total, given) => {
  expect(discountOf(amount(off), euro(total))).toBe(given);
});

it('needs the minimum, to the smallest unit', () => {
  const terms = percent(10, { minimumOrderMinor: 5000, currency: 'EUR' });
  expect([4999, 5000].map((total) => refusal(terms, euro(total)))).toEqual(['order-too-small', '500']);
});

it('needs the currency of its amount or minimum, and none for a percentage of any order', () => {
  const inFrancs = { totalMinor: 9000, currency: 'CHF' };
  expect(refusal(amount(500), inFrancs)).toBe('currency-mismatch');
  expect(refusal(percent(10, { minimumOrderMinor: 5000, currency: 'EUR' }), inFrancs)).toBe('currency-mismatch');
  expect(refusal(percent(10), inFrancs)).toBe('900');
  expect(refusal(percent(10, { minimumOrderMinor: null, currency: null } as object), inFrancs)).toBe('900');
});
