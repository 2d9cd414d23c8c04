import type { Schemas } from '../../api/client';
import type { Locale } from '../../locale';

/** What an input of a number holds while somebody types. */
export type Typed = number | '';

export interface AskForm {
  attribute: string;
  required: boolean;
  purposes: { key: string; required: boolean }[];
}

/** An offer as the wizard's fields have it: everything there, empty where nothing is said. */
export interface OfferForm {
  key: string;
  title: Record<Locale, string>;
  text: Record<Locale, string>;
  asks: AskForm[];
  rewardType: 'points' | 'discount';
  points: Typed;
  validDays: Typed;
  discountKind: 'percent' | 'amount';
  percent: Typed;
  /** In the currency's main unit: 5.5 for 5,50 €. */
  amount: Typed;
  currency: string;
  codeValidDays: Typed;
  minimumOrder: Typed;
  budget: Typed;
  /** As an input `datetime-local` has it, in the browser's time zone. */
  startsAt: string;
  endsAt: string;
  times: Typed;
  everyDays: Typed;
  eligibility: string;
  minimumAge: Typed;
  agesByCountry: { country: string; age: Typed }[];
  regions: string[];
  valueOfData: { method: string; inputs: string; reviewer: string; validUntil: string };
}

export const emptyForm: OfferForm = {
  key: '',
  title: { de: '', en: '' },
  text: { de: '', en: '' },
  asks: [],
  rewardType: 'points',
  points: 100,
  validDays: '',
  discountKind: 'percent',
  percent: 10,
  amount: '',
  currency: 'EUR',
  codeValidDays: 30,
  minimumOrder: '',
  budget: '',
  startsAt: '',
  endsAt: '',
  times: 1,
  everyDays: 365,
  eligibility: '',
  minimumAge: '',
  agesByCountry: [],
  regions: [],
  valueOfData: { method: '', inputs: '', reviewer: '', validUntil: '' },
};

type Terms = Schemas['OfferTermsDto'];
type Texts = Record<Locale, string>;
type Body = Schemas['CreateOfferDto'] & { title: Texts; text: Texts };

/** The fields as they are when somebody begins to edit: those of the draft, else those of the version in force. */
export function formOf(offer: Schemas['OfferDto']): OfferForm {
  const terms: Terms = offer.draft ?? offer;
  return {
    ...emptyForm,
    key: offer.key,
    title: terms.title,
    text: terms.text,
    asks: terms.asks.map(({ attribute, required, purposes }) => ({
      attribute,
      required: required ?? true,
      purposes: purposes.map((purpose) =>
        typeof purpose === 'string'
          ? { key: purpose, required: true }
          : { key: purpose.key, required: purpose.required ?? true },
      ),
    })),
    ...rewardForm(terms),
    validDays: terms.validDays ?? '',
    budget: terms.budget?.points ?? terms.budget?.codes ?? '',
    startsAt: localTime(terms.startsAt),
    endsAt: localTime(terms.endsAt),
    ...terms.perCustomer,
    eligibility: terms.eligibility ?? '',
    ...ageForm(terms.minimumAge),
    regions: terms.regions ?? [],
    valueOfData: valueForm(terms.valueOfData),
  };
}

function rewardForm({ reward }: Terms): Partial<OfferForm> {
  if (reward.type === 'points') return { rewardType: 'points', points: reward.points };
  const { kind, percent, amountMinor, currency = emptyForm.currency, validDays, minimumOrderMinor } = reward.discount;
  return {
    rewardType: 'discount',
    discountKind: kind,
    percent: percent ?? '',
    amount: toMain(amountMinor, currency),
    currency,
    codeValidDays: validDays,
    minimumOrder: toMain(minimumOrderMinor, currency),
  };
}

function ageForm(minimumAge: Terms['minimumAge']): Partial<OfferForm> {
  if (minimumAge === undefined || typeof minimumAge === 'number') return { minimumAge: minimumAge ?? '' };
  const { default: age, ...byCountry } = minimumAge;
  return {
    minimumAge: age ?? '',
    agesByCountry: Object.entries(byCountry).map(([country, years]) => ({ country, age: years })),
  };
}

function valueForm(value: Terms['valueOfData']): OfferForm['valueOfData'] {
  if (!value) return emptyForm.valueOfData;
  const { method, inputs, reviewer, validUntil } = value;
  return { method, inputs: typeof inputs === 'string' ? inputs : JSON.stringify(inputs), reviewer, validUntil };
}

/** What is sent: `null` takes away what the draft had before. The key is the offer's for good, so it goes with the first one alone. */
export function bodyOf(form: OfferForm): Body {
  return {
    key: form.key.trim(),
    title: trimmed(form.title),
    text: trimmed(form.text),
    asks: form.asks,
    reward: rewardOf(form),
    validDays: form.rewardType === 'points' ? orNull(form.validDays) : null,
    budget: form.budget === '' ? null : form.rewardType === 'points' ? { points: form.budget } : { codes: form.budget },
    startsAt: instant(form.startsAt),
    endsAt: instant(form.endsAt),
    perCustomer: form.times === '' || form.everyDays === '' ? null : { times: form.times, everyDays: form.everyDays },
    eligibility: form.eligibility.trim() || null,
    minimumAge: minimumAgeOf(form),
    regions: form.regions.length > 0 ? form.regions : null,
    valueOfData: form.valueOfData.method.trim() === '' ? null : form.valueOfData,
  };
}

const trimmed = ({ de, en }: Record<Locale, string>) => ({ de: de.trim(), en: en.trim() });

function rewardOf(form: OfferForm): Body['reward'] {
  if (form.rewardType === 'points') return { type: 'points', points: Number(form.points) };
  const isPercent = form.discountKind === 'percent';
  const hasMoney = !isPercent || form.minimumOrder !== '';
  return {
    type: 'discount',
    discount: {
      kind: form.discountKind,
      validDays: Number(form.codeValidDays),
      ...(isPercent ? { percent: Number(form.percent) } : { amountMinor: toMinor(form.amount, form.currency) }),
      ...(form.minimumOrder === '' ? {} : { minimumOrderMinor: toMinor(form.minimumOrder, form.currency) }),
      ...(hasMoney ? { currency: form.currency } : {}),
    },
  };
}

function minimumAgeOf({ minimumAge, agesByCountry }: OfferForm): Body['minimumAge'] {
  // openapi.json cannot say of a union that null takes it away.
  if (agesByCountry.length === 0) return orNull(minimumAge) as number;
  const byCountry = Object.fromEntries(agesByCountry.map(({ country, age }) => [country, Number(age)]));
  return minimumAge === '' ? byCountry : { default: minimumAge, ...byCountry };
}

const orNull = (value: Typed): number | null => (value === '' ? null : value);

const instant = (local: string): string | null => (local === '' ? null : new Date(local).toISOString());

/** An instant as `datetime-local` has it. */
function localTime(at: string | undefined | null): string {
  if (!at) return '';
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** How many digits the currency has behind the point; 2 while it is still being typed. */
export function digitsOf(currency: string): number {
  if (!/^[A-Z]{3}$/.test(currency)) return 2;
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

const toMinor = (amount: Typed, currency: string): number => Math.round(Number(amount) * 10 ** digitsOf(currency));

const toMain = (minor: number | undefined, currency: string): Typed =>
  minor === undefined ? '' : minor / 10 ** digitsOf(currency);

/** "Deine Größe" becomes "deine-groesse". */
export function suggestKey(title: string): string {
  const words = title
    .toLowerCase()
    .replace(/[äöüß]/g, (letter) => ({ ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' })[letter] ?? letter)
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-');
  return words.replace(/^[^a-z]+|-+$/g, '').slice(0, 64);
}
