import type { Fault } from '../platform/problem';
import type { CreateOfferDto, EditOfferDto, OfferTermsDto } from './offer.dto';
import type { OfferVersionEntity } from './offer-version.entity';
import type { DiscountTerms, Reward } from './published-offer';

export type Terms = Omit<
  OfferVersionEntity,
  'programmeId' | 'offerId' | 'version' | 'change' | 'publishedAt' | 'publishedBy' | 'writtenBy' | 'revision'
>;

const PER_CUSTOMER = { times: 1, everyDays: 365 };

const toDate = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

const toAges = (age: number | Record<string, number> | null | undefined): Record<string, number> | null =>
  typeof age === 'number' ? { default: age } : (age ?? null);

/** The columns that a body sets. */
export function termsOf(body: CreateOfferDto): Terms {
  const perCustomer = body.perCustomer ?? PER_CUSTOMER;
  return {
    title: body.title,
    text: body.text,
    asks: body.asks,
    reward: body.reward,
    validDays: body.validDays ?? null,
    startsAt: toDate(body.startsAt),
    endsAt: toDate(body.endsAt),
    budget: body.budget ?? null,
    perCustomerTimes: perCustomer.times,
    perCustomerEveryDays: perCustomer.everyDays,
    eligibility: body.eligibility ?? null,
    minimumAge: toAges(body.minimumAge),
    regions: body.regions ?? null,
    valueOfData: body.valueOfData ?? null,
  };
}

/** Terms with an edit's fields in the place of theirs. */
export function edited(before: OfferVersionEntity, edit: EditOfferDto): Terms {
  const body = { ...toDto(before), ...definedOf(edit) } as CreateOfferDto;
  return termsOf(body);
}

const definedOf = (edit: EditOfferDto): Partial<EditOfferDto> =>
  Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));

export function toDto(row: OfferVersionEntity): OfferTermsDto {
  const optional = {
    startsAt: row.startsAt?.toISOString(),
    endsAt: row.endsAt?.toISOString(),
    budget: row.budget ?? undefined,
    eligibility: row.eligibility ?? undefined,
    minimumAge: fromAges(row.minimumAge),
    regions: row.regions ?? undefined,
    validDays: row.validDays ?? undefined,
    valueOfData: (row.valueOfData as OfferTermsDto['valueOfData'] | null) ?? undefined,
  };
  return {
    title: row.title,
    text: row.text,
    asks: row.asks.map(({ attribute, required, purposes }) => ({
      attribute,
      required,
      purposes: purposes.map((purpose) => ({ key: purpose.key, required: purpose.required })),
    })),
    reward: row.reward as OfferTermsDto['reward'],
    perCustomer: { times: row.perCustomerTimes, everyDays: row.perCustomerEveryDays },
    ...optional,
  };
}

function fromAges(ages: Record<string, number> | null): number | Record<string, number> | undefined {
  if (ages === null) return undefined;
  return Object.keys(ages).length === 1 && ages.default !== undefined ? ages.default : ages;
}

/** What does not fit together, field by field each of which is fine on its own. */
export function faultsOfTerms(terms: Terms): Fault[] {
  return [...windowFaults(terms), ...budgetFaults(terms), ...rewardFaults(terms)];
}

function windowFaults({ startsAt, endsAt }: Terms): Fault[] {
  const isWindow = startsAt === null || endsAt === null || endsAt > startsAt;
  return isWindow ? [] : [{ pointer: '/endsAt', message: 'endsAt must be later than startsAt' }];
}

function budgetFaults({ budget, reward }: Terms): Fault[] {
  if (budget === null) return [];
  const [own, other] = reward.type === 'points' ? (['points', 'codes'] as const) : (['codes', 'points'] as const);
  const amount = budget[own];
  if (budget[other] != null) {
    return [{ pointer: `/budget/${other}`, message: `The reward is in ${own}: its budget must be, too` }];
  }
  if (amount == null) return [{ pointer: '/budget', message: `A budget must say how many ${own}` }];
  if (reward.type === 'points' && amount < reward.points) {
    return [{ pointer: '/budget/points', message: 'The budget must be enough for one reward' }];
  }
  return [];
}

function rewardFaults({ reward, validDays }: Terms): Fault[] {
  if (reward.type === 'points') return [];
  const faults = discountFaults(reward.discount);
  if (validDays !== null) {
    faults.push({ pointer: '/validDays', message: 'Only points: a discount has validDays of its own' });
  }
  return faults;
}

function discountFaults(discount: DiscountTerms): Fault[] {
  const faults: Fault[] = [];
  const at = (field: keyof DiscountTerms, message: string) =>
    faults.push({ pointer: `/reward/discount/${field}`, message });
  const isPercent = discount.kind === 'percent';
  if (isPercent && discount.percent == null) at('percent', 'A discount of kind percent must say how many');
  if (isPercent && discount.amountMinor != null) at('amountMinor', 'A discount of kind percent has no amount');
  if (!isPercent && discount.amountMinor == null) at('amountMinor', 'A discount of kind amount must say how much');
  if (!isPercent && discount.percent != null) at('percent', 'A discount of kind amount has no percentage');
  const needsCurrency = !isPercent || discount.minimumOrderMinor != null;
  if (needsCurrency && discount.currency == null) at('currency', 'An amount needs a currency');
  if (discount.currency != null && !Intl.supportedValuesOf('currency').includes(discount.currency)) {
    at('currency', 'There is no such currency');
  }
  return faults;
}

/** What one share takes from the offer's budget, in its unit: points, or codes. */
export const costOf = (reward: Reward): bigint => (reward.type === 'points' ? BigInt(reward.points) : 1n);
