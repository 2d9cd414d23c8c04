import { namesCalifornia } from './audience';
import type { CheckLevel, OfferCheckDto } from './check.dto';
import { CHECK_WORDS, type CheckWords, counted } from './check-words';
import { factsOf } from './eligibility';
import { beyondConsents } from './notice-change';
import type { OfferStatus } from './offer.entity';
import { costOf } from './offer-terms';
import type { OfferVersionEntity, PublishedAsk } from './offer-version.entity';
import type { Locale } from './published-offer';
import type { Snapshot } from './snapshots';

/** All that the checks look at. */
export interface Checked {
  status: OfferStatus;
  version: OfferVersionEntity;
  snapshot: Snapshot;
  /** What the version in force asks; undefined where none is. */
  before: PublishedAsk[] | undefined;
  /** Undefined: no budget limits it. */
  left: bigint | undefined;
  /** Undefined: the programme wants none. */
  approval: keyof CheckWords['approval'] | undefined;
  programme: { hasEnded: boolean; timeZone: string };
  now: Date;
  locale: Locale;
}

/** Three years: beyond, somebody should have a reason. */
const LONG_DAYS = 1095;
const SMALL_SHARES = 10n;
const WORDS_OF_TRADE: Record<Locale, RegExp> = {
  de: /bezahl\w*|vergüt\w*|honorar|entgelt|verkauf\w*|verkaufst|abkauf\w*/i,
  en: /\b(pay|pays|paid|payment|sell|sells|sold|sale of|buy your)\b/i,
};

interface Speech {
  words: CheckWords;
  date: (time: Date) => string;
  days: (count: number) => string;
}

function speechOf({ locale, programme }: Checked): Speech {
  const format = new Intl.DateTimeFormat(locale, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: programme.timeZone,
  });
  return {
    words: CHECK_WORDS[locale],
    date: (time) => format.format(time),
    days: (count) => counted(count, 'day', locale),
  };
}

function check(code: string, level: CheckLevel, message: string, pointer?: string): OfferCheckDto {
  return { code, level, message, ...(pointer !== undefined && { pointer }) };
}

/** What there is to say before it is published, in the order in which it is written. Errors are those of publishing it. */
export function checkOffer(checked: Checked): OfferCheckDto[] {
  const speech = speechOf(checked);
  return [
    ...stateChecks(checked, speech),
    ...textChecks(checked, speech),
    ...checked.snapshot.asks.flatMap((ask, n) => askChecks(ask, n, checked, speech)),
    ...optionalChecks(checked, speech),
    ...changeChecks(checked, speech),
    ...rewardChecks(checked, speech),
    ...budgetChecks(checked, speech),
    windowCheck(checked, speech),
    ...audienceChecks(checked, speech),
    californiaCheck(checked, speech),
    approvalCheck(checked, speech),
  ];
}

function stateChecks({ status, version, programme }: Checked, { words }: Speech): OfferCheckDto[] {
  const draft =
    status === 'ended'
      ? check('draft', 'error', words.offerEnded)
      : version.publishedAt === null
        ? check('draft', 'ok', words.draft)
        : check('draft', 'error', words.noDraft);
  return [draft, ...(programme.hasEnded ? [check('programme', 'error', words.programmeEnded)] : [])];
}

function textChecks({ version: { title, text } }: Checked, { words }: Speech): OfferCheckDto[] {
  const same = (['title', 'text'] as const).filter((field) => {
    const { de, en } = { title, text }[field];
    return de.trim() === en.trim();
  });
  const found = (['de', 'en'] as const).flatMap((locale) =>
    (['title', 'text'] as const).flatMap((field) => {
      const match = WORDS_OF_TRADE[locale].exec({ title, text }[field][locale]);
      return match ? [check('wording', 'warning', words.wordsOfTrade(match[0]), `/${field}/${locale}`)] : [];
    }),
  );
  const both =
    same.length === 0
      ? [check('texts', 'ok', words.texts)]
      : same.map((field) => check('texts', 'warning', words.sameTexts, `/${field}`));
  return [...both, ...found];
}

function askChecks(
  ask: PublishedAsk,
  n: number,
  { locale, snapshot }: Checked,
  { words, days }: Speech,
): OfferCheckDto[] {
  const at = `/asks/${n}`;
  const title = ask.title[locale];
  const isOf = (pointer: string) => snapshot.faults.some((fault) => fault.pointer === pointer);
  const purposes = ask.purposes.flatMap((purpose, m) => {
    const name = purpose.title[locale];
    const pointer = `${at}/purposes/${m}`;
    const names = new Intl.ListFormat(locale).format(purpose.recipients.map((recipient) => recipient.name));
    return [
      ...(isOf(pointer) ? [check('purpose', 'error', words.withdrawn(name), pointer)] : []),
      names === ''
        ? check('recipients', 'warning', words.noRecipient(title, name), pointer)
        : check('recipients', 'ok', words.recipients(title, name, names), pointer),
      ...(purpose.thirdPartyAdvertising ? [check('advertising', 'warning', words.advertising(name), pointer)] : []),
    ];
  });
  const attribute = `${at}/attribute`;
  const kept = days(ask.retentionDays);
  return [
    ...(isOf(attribute) ? [check('recipients', 'error', words.nobody(title), attribute)] : []),
    ...purposes,
    ask.retentionDays > LONG_DAYS
      ? check('retention', 'warning', words.longRetention(title, kept), attribute)
      : check('retention', 'ok', words.retention(title, kept), attribute),
    ...(ask.sensitivity === 'special' ? [check('special', 'warning', words.special(title), attribute)] : []),
  ];
}

const optionalChecks = ({ snapshot }: Checked, { words }: Speech): OfferCheckDto[] =>
  snapshot.asks.some(({ required }) => required) ? [] : [check('optional', 'warning', words.optionalOnly, '/asks')];

function changeChecks({ before, snapshot }: Checked, { words }: Speech): OfferCheckDto[] {
  if (before === undefined) return [check('change', 'ok', words.first)];
  const isMaterial = beyondConsents(before, snapshot.asks).length > 0;
  return [isMaterial ? check('change', 'warning', words.material) : check('change', 'ok', words.compatible)];
}

function rewardChecks({ version, locale }: Checked, { words, days }: Speech): OfferCheckDto[] {
  const { reward, validDays, perCustomerTimes, perCustomerEveryDays } = version;
  const times = counted(perCustomerTimes, 'time', locale);
  const lasting =
    reward.type === 'discount'
      ? words.code(days(reward.discount.validDays))
      : validDays === null
        ? words.pointsForGood
        : words.pointsFor(days(validDays));
  return [
    check('reward', 'ok', lasting, '/reward'),
    check('per-customer', 'ok', words.perCustomer(times, days(perCustomerEveryDays)), '/perCustomer'),
  ];
}

function budgetChecks({ version, left, locale }: Checked, { words }: Speech): OfferCheckDto[] {
  if (left === undefined) return [check('budget', 'warning', words.noBudget, '/budget')];
  const shares = left / costOf(version.reward);
  if (shares === 0n) return [check('budget', 'warning', words.spent, '/budget')];
  const text = counted(shares, 'share', locale);
  return [
    shares < SMALL_SHARES
      ? check('budget', 'warning', words.smallBudget(text), '/budget')
      : check('budget', 'ok', words.budget(text), '/budget'),
  ];
}

function windowCheck({ version: { startsAt, endsAt }, now }: Checked, { words, date }: Speech): OfferCheckDto {
  if (endsAt !== null && endsAt <= now) return check('window', 'error', words.windowOver(date(endsAt)), '/endsAt');
  const start = startsAt !== null && startsAt > now ? date(startsAt) : undefined;
  return check('window', 'ok', words.window(start, endsAt === null ? undefined : date(endsAt)), '/startsAt');
}

function audienceChecks({ version, locale }: Checked, { words }: Speech): OfferCheckDto[] {
  const { eligibility, minimumAge } = version;
  const facts = eligibility === null ? [] : factsOf(eligibility);
  return [
    facts.length === 0
      ? check('eligibility', 'ok', words.everybody, '/eligibility')
      : check('eligibility', 'warning', words.ruled(new Intl.ListFormat(locale).format(facts)), '/eligibility'),
    minimumAge === null
      ? check('minimum-age', 'warning', words.noAge, '/minimumAge')
      : check('minimum-age', 'ok', words.age, '/minimumAge'),
  ];
}

function californiaCheck({ version: { regions, valueOfData }, now }: Checked, { words, date }: Speech): OfferCheckDto {
  if (!namesCalifornia(regions)) return check('california', 'ok', words.notInCalifornia, '/regions');
  if (valueOfData === null) return check('california', 'error', words.noValue, '/valueOfData');
  const end = new Date(valueOfData.validUntil);
  return end > now
    ? check('california', 'ok', words.value(date(end)), '/valueOfData')
    : check('california', 'error', words.valueOver(date(end)), '/valueOfData/validUntil');
}

function approvalCheck({ approval }: Checked, { words }: Speech): OfferCheckDto {
  if (approval === undefined) return check('approval', 'ok', words.approvalNotWanted);
  return check('approval', approval === 'approved' ? 'ok' : 'error', words.approval[approval]);
}
