import type { FieldFault } from '../../api/problem';
import { bodyOf, type OfferForm, type Typed } from './offer-form';
import type { OfferTexts } from './texts';

export const STEPS = ['asks', 'texts', 'reward', 'limits', 'audience', 'check'] as const;
export type Step = (typeof STEPS)[number];

/** The step where the field is that a JSON Pointer into the body names. */
export function stepOf(pointer: string): Step {
  const field = pointer.split('/')[1] ?? '';
  if (field === 'asks') return 'asks';
  if (['key', 'title', 'text'].includes(field)) return 'texts';
  if (['reward', 'validDays'].includes(field)) return 'reward';
  if (['eligibility', 'minimumAge', 'regions', 'valueOfData'].includes(field)) return 'audience';
  return 'limits';
}

/**
 * What keeps the offer from being saved, in the language of the page and at the pointers that the service would name. The service
 * has the last word; here is only what it says of input that is not finished.
 */
export function faultsOf(form: OfferForm, { faults }: OfferTexts): FieldFault[] {
  return [...faultsOfAsks(form, faults), ...faultsOfTexts(form, faults), ...faultsOfReward(form, faults)].concat(
    faultsOfLimits(form, faults),
    faultsOfAudience(form, faults),
  );
}

type Words = OfferTexts['faults'];

const check = (isRight: boolean, pointer: string, message: string): FieldFault[] =>
  isRight ? [] : [{ pointer, message }];

const isWhole = (value: Typed, most = Number.MAX_SAFE_INTEGER): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;

const isWholeOrEmpty = (value: Typed): boolean => value === '' || isWhole(value);

function faultsOfAsks({ asks }: OfferForm, words: Words): FieldFault[] {
  return [
    ...check(asks.length > 0, '/asks', words.asks),
    ...asks.flatMap(({ purposes }, n) => check(purposes.length > 0, `/asks/${n}/purposes`, words.purposes)),
  ];
}

function faultsOfTexts({ key, title, text }: OfferForm, words: Words): FieldFault[] {
  return [
    ...check(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(key.trim()), '/key', words.key),
    ...check(title.de.trim() !== '', '/title/de', words.text),
    ...check(title.en.trim() !== '', '/title/en', words.text),
    ...check(text.de.trim() !== '', '/text/de', words.text),
    ...check(text.en.trim() !== '', '/text/en', words.text),
  ];
}

function faultsOfReward(form: OfferForm, words: Words): FieldFault[] {
  if (form.rewardType === 'points')
    return [
      ...check(isWhole(form.points, 1e9), '/reward/points', words.number),
      ...check(isWholeOrEmpty(form.validDays), '/validDays', words.number),
    ];
  const isPercent = form.discountKind === 'percent';
  const hasMoney = !isPercent || form.minimumOrder !== '';
  return [
    ...check(!isPercent || isWhole(form.percent, 100), '/reward/discount/percent', words.percent),
    ...check(isPercent || Number(form.amount) > 0, '/reward/discount/amountMinor', words.amount),
    ...check(!hasMoney || /^[A-Z]{3}$/.test(form.currency), '/reward/discount/currency', words.currency),
    ...check(isWhole(form.codeValidDays), '/reward/discount/validDays', words.number),
    ...check(form.minimumOrder === '' || form.minimumOrder > 0, '/reward/discount/minimumOrderMinor', words.amount),
  ];
}

function faultsOfLimits(form: OfferForm, words: Words): FieldFault[] {
  const { startsAt, endsAt } = bodyOf(form);
  return [
    ...check(
      isWholeOrEmpty(form.budget),
      form.rewardType === 'points' ? '/budget/points' : '/budget/codes',
      words.number,
    ),
    ...check(!startsAt || !endsAt || startsAt < endsAt, '/endsAt', words.window),
    ...check(isWhole(form.times), '/perCustomer/times', words.number),
    ...check(isWhole(form.everyDays), '/perCustomer/everyDays', words.number),
  ];
}

function faultsOfAudience(form: OfferForm, words: Words): FieldFault[] {
  const isAge = (age: Typed) => Number.isInteger(age) && Number(age) >= 0 && Number(age) <= 150;
  const { method, ...others } = form.valueOfData;
  const isValued = method.trim() !== '';
  return [
    ...check(form.minimumAge === '' || isAge(form.minimumAge), '/minimumAge', words.age),
    ...form.agesByCountry.flatMap(({ country, age }, n) => [
      ...check(/^[A-Z]{2}$/.test(country), `/minimumAge/${n}/country`, words.country),
      ...check(isAge(age), `/minimumAge/${n}/age`, words.age),
    ]),
    ...check(
      form.regions.every((region) => /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(region)),
      '/regions',
      words.region,
    ),
    ...Object.entries(others).flatMap(([field, value]) =>
      check(!isValued || value.trim() !== '', `/valueOfData/${field}`, words.required),
    ),
  ];
}
