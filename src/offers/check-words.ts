import type { Locale } from './published-offer';

/** What the checks before publishing say, in one language. Dates, numbers and lists come as texts of it. */
export interface CheckWords {
  draft: string;
  noDraft: string;
  offerEnded: string;
  programmeEnded: string;
  approvalNotWanted: string;
  approval: Record<'none' | 'awaiting' | 'approved' | 'outdated', string>;
  windowOver: (end: string) => string;
  window: (start: string | undefined, end: string | undefined) => string;
  texts: string;
  sameTexts: string;
  wordsOfTrade: (words: string) => string;
  retention: (attribute: string, days: string) => string;
  longRetention: (attribute: string, days: string) => string;
  nobody: (attribute: string) => string;
  recipients: (attribute: string, purpose: string, names: string) => string;
  noRecipient: (attribute: string, purpose: string) => string;
  withdrawn: (purpose: string) => string;
  advertising: (purpose: string) => string;
  special: (attribute: string) => string;
  optionalOnly: string;
  budget: (shares: string) => string;
  smallBudget: (shares: string) => string;
  noBudget: string;
  spent: string;
  perCustomer: (times: string, days: string) => string;
  pointsForGood: string;
  pointsFor: (days: string) => string;
  code: (days: string) => string;
  everybody: string;
  ruled: (facts: string) => string;
  noAge: string;
  age: string;
  noValue: string;
  valueOver: (end: string) => string;
  value: (end: string) => string;
  notInCalifornia: string;
  first: string;
  compatible: string;
  material: string;
}

const DE: CheckWords = {
  draft: 'Es gibt einen Entwurf, der veröffentlicht werden kann.',
  noDraft: 'Es gibt keinen Entwurf: Was geschrieben wurde, ist veröffentlicht.',
  offerEnded: 'Das Angebot ist beendet und wird nicht wieder veröffentlicht. Lege eine Kopie davon an.',
  programmeEnded: 'Das Programm ist beendet: Es beginnt nichts Neues mehr.',
  approvalNotWanted: 'Das Programm verlangt keine zweite Person.',
  approval: {
    none: 'Eine zweite Person muss zustimmen: Reiche den Entwurf ein.',
    awaiting: 'Der Entwurf ist eingereicht und wartet auf die Zustimmung einer zweiten Person.',
    approved: 'Eine zweite Person hat dem Entwurf zugestimmt.',
    outdated:
      'Seit der Zustimmung hat sich der Katalog hinter dem Angebot geändert: Reiche den Entwurf noch einmal ein.',
  },
  windowOver: (end) => `Das Ende (${end}) liegt in der Vergangenheit.`,
  window: (start, end) =>
    `Es läuft ${start === undefined ? 'ab der Veröffentlichung' : `ab ${start}`} ${end === undefined ? 'ohne Ende' : `bis ${end}`}.`,
  texts: 'Titel und Text stehen in beiden Sprachen da.',
  sameTexts: 'Auf Deutsch und Englisch steht dasselbe da: Fehlt eine Übersetzung?',
  wordsOfTrade: (words) =>
    `Der Text klingt nach Bezahlung oder Verkauf („${words}“). Ein Angebot dankt, es kauft keine Daten.`,
  retention: (attribute, days) => `„${attribute}“ wird ${days} aufbewahrt.`,
  longRetention: (attribute, days) => `„${attribute}“ wird ${days} aufbewahrt: Ist das wirklich so lange nötig?`,
  nobody: (attribute) =>
    `Für keinen Zweck von „${attribute}“ ist ein Empfänger eingetragen: Was niemand nutzen kann, wird nicht erfragt.`,
  recipients: (attribute, purpose, names) => `„${attribute}“ für „${purpose}“ erhalten: ${names}.`,
  noRecipient: (attribute, purpose) => `„${attribute}“ erhält für „${purpose}“ niemand: Wird der Zweck gebraucht?`,
  withdrawn: (purpose) => `Der Zweck „${purpose}“ wurde zurückgezogen.`,
  advertising: (purpose) =>
    `„${purpose}“ ist Werbung Dritter: Bei allen, die das Signal Global Privacy Control senden, wird diese Einwilligung abgelehnt.`,
  special: (attribute) =>
    `„${attribute}“ ist besonders geschützt (Art. 9 DSGVO): eigene ausdrückliche Einwilligung, und „Keine Angabe“ bringt dasselbe.`,
  optionalOnly: 'Alle Angaben sind freiwillig: Von keiner hängt das Dankeschön ab.',
  budget: (shares) => `Das Budget reicht für ${shares}.`,
  smallBudget: (shares) => `Das Budget reicht nur für ${shares}.`,
  noBudget: 'Es gibt kein Budget: Das Angebot kann unbegrenzt viel versprechen.',
  spent: 'Das Budget ist durch frühere Versionen schon versprochen: Niemand bekäme noch etwas.',
  perCustomer: (times, days) => `Jede und jeder verdient höchstens ${times} in ${days}.`,
  pointsForGood: 'Die Punkte verfallen nicht.',
  pointsFor: (days) => `Die Punkte gelten ${days}.`,
  code: (days) => `Der Rabattcode gilt ${days}.`,
  everybody: 'Das Angebot ist für alle.',
  ruled: (facts) =>
    `Das Angebot sehen nur, über wen der Shop das Nötige mitschickt: ${facts}. Auf der eigenen Seite der Kundinnen und Kunden ist nichts davon bekannt.`,
  noAge: 'Es gibt kein Mindestalter: In Deutschland willigen Kinder unter 16 nicht selbst ein (Art. 8 DSGVO).',
  age: 'Es gibt ein Mindestalter: Der Shop muss Alter oder Altersband mitschicken.',
  noValue: 'Für Kalifornien fehlt die Bewertung der Daten (§ 7081 CCPA Regulations).',
  valueOver: (end) => `Die Bewertung der Daten für Kalifornien galt nur bis ${end}.`,
  value: (end) => `Die Bewertung der Daten für Kalifornien gilt bis ${end}.`,
  notInCalifornia: 'In Kalifornien wird das Angebot nicht gemacht.',
  first: 'Es ist die erste Version.',
  compatible: 'Gegenüber der Version davor ändert sich nichts, worin eingewilligt wurde.',
  material: 'Die Änderung ist wesentlich: Wer schon eingewilligt hat, wird neu gefragt.',
};

const EN: CheckWords = {
  draft: 'There is a draft that can be published.',
  noDraft: 'There is no draft: what was written is published.',
  offerEnded: 'The offer has ended and is not published again. Duplicate it.',
  programmeEnded: 'The programme has ended: nothing new begins in it.',
  approvalNotWanted: 'The programme wants no second person.',
  approval: {
    none: 'A second person must approve it: submit the draft.',
    awaiting: 'The draft is submitted and waits for a second person’s approval.',
    approved: 'A second person has approved the draft.',
    outdated: 'Since the approval, the catalogue behind the offer has changed: submit the draft again.',
  },
  windowOver: (end) => `The end (${end}) is in the past.`,
  window: (start, end) =>
    `It runs ${start === undefined ? 'from its publication' : `from ${start}`} ${end === undefined ? 'without an end' : `until ${end}`}.`,
  texts: 'Title and text are there in both languages.',
  sameTexts: 'German and English say the same: is a translation missing?',
  wordsOfTrade: (words) => `The text sounds like payment or sale (“${words}”). An offer thanks, it does not buy data.`,
  retention: (attribute, days) => `“${attribute}” is kept for ${days}.`,
  longRetention: (attribute, days) => `“${attribute}” is kept for ${days}: is it needed for that long?`,
  nobody: (attribute) =>
    `No recipient is registered for any purpose of “${attribute}”: what nobody could use is not asked for.`,
  recipients: (attribute, purpose, names) => `Who gets “${attribute}” for “${purpose}”: ${names}.`,
  noRecipient: (attribute, purpose) => `Nobody gets “${attribute}” for “${purpose}”: is the purpose needed?`,
  withdrawn: (purpose) => `The purpose “${purpose}” was withdrawn.`,
  advertising: (purpose) =>
    `“${purpose}” is advertising by third parties: of whoever sends the Global Privacy Control, this consent is refused.`,
  special: (attribute) =>
    `“${attribute}” is specially protected (Art. 9 GDPR): explicit consent of its own, and “prefer not to say” brings the same.`,
  optionalOnly: 'Everything that is asked is optional: the thank-you depends on none of it.',
  budget: (shares) => `The budget runs for ${shares}.`,
  smallBudget: (shares) => `The budget runs for only ${shares}.`,
  noBudget: 'There is no budget: the offer can promise without limit.',
  spent: 'Versions before have promised the budget already: nobody would get anything.',
  perCustomer: (times, days) => `Each customer earns at most ${times} in ${days}.`,
  pointsForGood: 'The points do not expire.',
  pointsFor: (days) => `The points last for ${days}.`,
  code: (days) => `The discount code is valid for ${days}.`,
  everybody: 'The offer is for everybody.',
  ruled: (facts) =>
    `Only those see the offer of whom the shop sends what it looks at: ${facts}. On the customers’ own page none of it is known.`,
  noAge: 'There is no minimum age: in Germany, children under 16 do not consent by themselves (Art. 8 GDPR).',
  age: 'There is a minimum age: the shop must send age or age band.',
  noValue: 'The value-of-data record for California is missing (§ 7081 CCPA Regulations).',
  valueOver: (end) => `The value-of-data record for California was valid until ${end} only.`,
  value: (end) => `The value-of-data record for California is valid until ${end}.`,
  notInCalifornia: 'The offer is not made in California.',
  first: 'It is the first version.',
  compatible: 'Nothing that was consented to under the version before changes.',
  material: 'The change is material: whoever has consented is asked again.',
};

export const CHECK_WORDS: Record<Locale, CheckWords> = { de: DE, en: EN };

const UNITS: Record<Locale, Record<'day' | 'share' | 'time', [one: string, many: string]>> = {
  de: { day: ['einen Tag', 'Tage'], share: ['eine Teilung', 'Teilungen'], time: ['einmal', 'Mal'] },
  en: { day: ['one day', 'days'], share: ['one share', 'shares'], time: ['once', 'times'] },
};

/** "1.000 Tage", "one share". */
export function counted(count: number | bigint, unit: 'day' | 'share' | 'time', locale: Locale): string {
  const [one, many] = UNITS[locale][unit];
  return Number(count) === 1 ? one : `${new Intl.NumberFormat(locale).format(count)} ${many}`;
}
