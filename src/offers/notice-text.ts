import type { PublishedAsk, ValueOfData } from './offer-version.entity';
import type { Locale, Reward, Texts } from './published-offer';

export interface NoticeTerms {
  /** Who asks: the controller (GDPR Art. 13). */
  programme: string;
  title: Texts;
  text: Texts;
  asks: PublishedAsk[];
  reward: Reward;
  validDays: number | null;
  /** Only where the offer is made in California. */
  valueOfData: ValueOfData | null;
}

interface Words {
  asked: (programme: string) => string;
  required: string;
  optional: string;
  recipients: (names: string[]) => string;
  advertising: string;
  kept: (days: number) => string;
  special: string;
  points: (points: string, validDays: number | null) => string;
  discount: (worth: string, validDays: number, minimum: string | undefined) => string;
  freedom: string;
  california: (method: string, validUntil: string) => string;
}

const DE: Words = {
  asked: (programme) => `${programme} bittet dich um diese Angaben:`,
  required: 'gehört zum Angebot',
  optional: 'freiwillig, ohne Einfluss auf das Dankeschön',
  recipients: (names) => (names.length > 0 ? `Es erhalten sie: ${names.join(', ')}.` : 'Es erhält sie sonst niemand.'),
  advertising: 'Dabei geht es um Werbung Dritter.',
  kept: (days) => `Aufbewahrt wird die Angabe ${days === 1 ? 'einen Tag' : `${days} Tage`} ab dem Teilen.`,
  special:
    'Diese Angabe ist besonders geschützt (Art. 9 DSGVO): Du willigst gesondert ein, und „Keine Angabe“ bringt dir dasselbe.',
  points: (points, validDays) =>
    `Als Dankeschön erhältst du ${points}. ${validDays === null ? 'Sie verfallen nicht.' : `Sie gelten ${validDays === 1 ? 'einen Tag' : `${validDays} Tage`}.`}`,
  discount: (worth, validDays, minimum) =>
    `Als Dankeschön erhältst du einen Rabattcode über ${worth}, gültig ${validDays === 1 ? 'einen Tag' : `${validDays} Tage`}${minimum === undefined ? '' : `, ab ${minimum} Bestellwert`}.`,
  freedom:
    'Das ist freiwillig. Wenn du ablehnst, hast du außerhalb dieses Angebots keinen Nachteil. Du kannst deine Einwilligung jederzeit mit Wirkung für die Zukunft zurücknehmen, ganz oder für einzelne Zwecke; dein Dankeschön behältst du.',
  california: (method, validUntil) =>
    `Für Kundinnen und Kunden in Kalifornien: Der Wert dieser Angaben wurde nach dieser Methode geschätzt (§ 7081 CCPA Regulations): ${method}. Die Schätzung gilt bis ${validUntil}.`,
};

const EN: Words = {
  asked: (programme) => `${programme} asks you for:`,
  required: 'part of the offer',
  optional: 'your choice, without any effect on the thank-you',
  recipients: (names) => (names.length > 0 ? `Who gets it: ${names.join(', ')}.` : 'Nobody else gets it.'),
  advertising: 'This is advertising by third parties.',
  kept: (days) => `It is kept for ${days === 1 ? 'one day' : `${days} days`} from when you share it.`,
  special:
    'This is specially protected (Art. 9 GDPR): you consent to it separately, and “prefer not to say” brings you the same.',
  points: (points, validDays) =>
    `As a thank-you you get ${points}. ${validDays === null ? 'They do not expire.' : `They last for ${validDays === 1 ? 'one day' : `${validDays} days`}.`}`,
  discount: (worth, validDays, minimum) =>
    `As a thank-you you get a discount code for ${worth}, valid for ${validDays === 1 ? 'one day' : `${validDays} days`}${minimum === undefined ? '' : `, on orders from ${minimum}`}.`,
  freedom:
    'This is up to you. Saying no has no drawback beyond this offer. You can take your consent back at any time for the future, all of it or for single purposes; you keep your thank-you.',
  california: (method, validUntil) =>
    `For customers in California: the value of this information was estimated by this method (§ 7081 CCPA Regulations): ${method}. The estimate is valid until ${validUntil}.`,
};

const WORDS: Record<Locale, Words> = { de: DE, en: EN };

function pointsText(points: number, locale: Locale): string {
  const number = new Intl.NumberFormat(locale).format(points);
  if (locale === 'de') return `${number} ${points === 1 ? 'Punkt' : 'Punkte'}`;
  return `${number} ${points === 1 ? 'point' : 'points'}`;
}

function money(amountMinor: number, currency: string, locale: Locale): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

function rewardText({ reward, validDays }: NoticeTerms, locale: Locale, words: Words): string {
  if (reward.type === 'points') return words.points(pointsText(reward.points, locale), validDays);
  const { kind, percent, amountMinor, currency, minimumOrderMinor, validDays: codeDays } = reward.discount;
  const worth = kind === 'percent' ? `${percent} %` : money(amountMinor ?? 0, currency ?? 'EUR', locale);
  const minimum = minimumOrderMinor === undefined ? undefined : money(minimumOrderMinor, currency ?? 'EUR', locale);
  return words.discount(worth, codeDays, minimum);
}

/** A text that others follow on the same line. */
const sentence = (text: string): string => (/[.!?…:]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

function askText(ask: PublishedAsk, locale: Locale, words: Words): string {
  const lines = ask.purposes.map((purpose) => {
    const choice = purpose.required ? '' : ` (${words.optional})`;
    const parts = [
      `${purpose.title[locale]}${choice}: ${sentence(purpose.description[locale])}`,
      ...(purpose.thirdPartyAdvertising ? [words.advertising] : []),
      words.recipients(purpose.recipients.map(({ name }) => name)),
    ];
    return `   – ${parts.join(' ')}`;
  });
  return [
    `• ${ask.title[locale]} (${ask.required ? words.required : words.optional})`,
    ...lines,
    `   ${words.kept(ask.retentionDays)}`,
    ...(ask.sensitivity === 'special' ? [`   ${words.special}`] : []),
  ].join('\n');
}

/** The notice: what is asked, for what, who gets it, for how long, what comes back, and that it can be taken back. */
export function noticeText(terms: NoticeTerms, locale: Locale): string {
  const words = WORDS[locale];
  return [
    terms.title[locale],
    terms.text[locale],
    [words.asked(terms.programme), ...terms.asks.map((ask) => askText(ask, locale, words))].join('\n'),
    rewardText(terms, locale, words),
    words.freedom,
    ...(terms.valueOfData
      ? [words.california(terms.valueOfData.method, terms.valueOfData.validUntil.slice(0, 10))]
      : []),
  ].join('\n\n');
}
