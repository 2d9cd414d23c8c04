import { counted } from '../../../counted';

/** What is put into a text, by its name. */
type Put<Name extends string> = Record<Name, string>;

export const de = {
  title: 'Zahlen',
  lead: 'Was deine Angebote bewirken. Weniger als zehn Personen stehen immer als „<10“ da, und „nicht gezeigt“, was durch Abziehen doch eine so kleine Gruppe verriete.',
  withheld: 'nicht gezeigt',
  offer: 'Angebot',
  allOffers: 'Alle Angebote',
  chooseOffer: 'Trichter und Budget gehören zu einem Angebot. Wähle oben eines aus.',
  noOffers: 'Noch gibt es kein Angebot. Lege eines an: Seine Zahlen stehen dann hier.',
  from: 'Von',
  to: 'Bis',
  table: 'Als Tabelle',
  csv: 'CSV laden',
  loading: 'Wird geladen …',
  nothingYet: 'Noch nichts zu sehen.',
  month: 'Monat',
  day: 'Tag',
  persons: 'Personen',
  /** So many, and the same after „von“ and „bei“. */
  units: {
    points: (count: string) => counted(count, 'Punkt', 'Punkte'),
    codes: (count: string) => counted(count, 'Code', 'Codes'),
  },
  ofUnits: {
    points: (count: string) => counted(count, 'Punkt', 'Punkten'),
    codes: (count: string) => counted(count, 'Code', 'Codes'),
  },
  funnel: {
    title: 'Vom Angebot bis zum Widerruf',
    step: 'Schritt',
    ofOffered: 'Anteil an den Gefragten',
    offered: 'Angebot gesehen',
    shared: 'Geteilt',
    granted: 'Belohnung erhalten',
    revoked: 'Widerrufen',
    summary: ({
      from,
      to,
      offered,
      shared,
      granted,
      revoked,
    }: Put<'from' | 'to' | 'offered' | 'shared' | 'granted' | 'revoked'>) =>
      `Von ${from} bis ${to}: ${offered} Personen haben das Angebot gesehen, ${shared} haben geteilt, ${granted} haben ihre Belohnung erhalten, ${revoked} haben widerrufen.`,
    summaryShare: ({ share }: Put<'share'>) => `Von 100, die es gesehen haben, haben ${share} geteilt.`,
  },
  burnDown: {
    title: 'Budget und wie lange es reicht',
    spent: 'Ausgegeben',
    left: 'Übrig',
    forecast: 'Vorhersage',
    budget: ({ budget }: Put<'budget'>) => `Budget: ${budget}`,
    summaryLeft: ({ left, budget }: Put<'left' | 'budget'>) => `Noch übrig: ${left} von ${budget}.`,
    summaryOpen: ({ spent }: Put<'spent'>) => `Kein Budget gesetzt. Bisher ausgegeben: ${spent}.`,
    summaryForecast: ({ perDay, emptyOn }: Put<'perDay' | 'emptyOn'>) =>
      `Bei ${perDay} am Tag ist das Budget am ${emptyOn} leer.`,
    summaryLasting: 'Beim Tempo der letzten Tage läuft es nicht leer.',
    summaryEmpty:
      'Das Budget ist aufgebraucht: Das Angebot nimmt nichts mehr an. Erhöhe das Budget in einer neuen Fassung.',
    emptyOn: ({ day }: Put<'day'>) => `leer am ${day}`,
  },
  cohorts: {
    title: 'Wie lange Einwilligungen bleiben',
    given: 'Erteilt im',
    after: ({ months }: Put<'months'>) => `nach ${months} Mon.`,
    afterNone: 'im selben Monat',
    keptShare: ({ share, persons }: Put<'share' | 'persons'>) => `${share} (${persons})`,
    summary:
      'Jede Zeile ist ein Monat, in dem Personen eingewilligt haben; jede Zelle sagt, wie viele davon noch dabei sind.',
    summaryBest: ({ month, months, share }: Put<'month' | 'months' | 'share'>) =>
      `Am weitesten zurück reicht ${month}: Nach ${counted(months, 'Monat', 'Monaten')} sind noch ${share} dabei.`,
  },
  costs: {
    title: 'Was eine nutzbare Angabe kostet',
    attribute: 'Angabe',
    paid: 'Bezahlte Punkte',
    usable: 'Heute nutzbar',
    perUsable: 'Punkte je nutzbarer Angabe',
    tooFew: 'zu wenige',
    summary: ({
      dearest,
      dearestPoints,
      cheapest,
      cheapestPoints,
    }: Put<'dearest' | 'dearestPoints' | 'cheapest' | 'cheapestPoints'>) =>
      `Am meisten kostet ${dearest}: ${counted(dearestPoints, 'Punkt', 'Punkte')} je nutzbarer Angabe. Am wenigsten ${cheapest}: ${cheapestPoints}.`,
    summaryOne: ({ dearest, dearestPoints }: Put<'dearest' | 'dearestPoints'>) =>
      `${dearest} kostet ${counted(dearestPoints, 'Punkt', 'Punkte')} je nutzbarer Angabe.`,
    summaryNone: 'Keine Angabe ist von mindestens zehn Personen nutzbar, darum wird kein Preis genannt.',
  },
  liability: {
    title: 'Offene Punkte nach Verfallsmonat',
    points: 'Punkte',
    never: 'verfällt nicht',
    summary: ({ total, month, points }: Put<'total' | 'month' | 'points'>) =>
      `Kundinnen und Kunden haben zusammen ${counted(total, 'Punkt', 'Punkte')}. Die meisten verfallen im ${month}: ${points}.`,
    summaryNever: ({ total }: Put<'total'>) =>
      `Kundinnen und Kunden haben zusammen ${counted(total, 'Punkt', 'Punkte')}.`,
    summaryNone: 'Niemand hat offene Punkte.',
  },
  stopping: {
    title: 'Vom Widerruf bis zum Stopp',
    about:
      'Wie schnell ein Widerruf wirkt: bis nichts mehr gelesen wird, bis die Werte gelöscht sind, bis alle Empfänger es wissen.',
    week: 'Woche',
    revocations: 'Widerrufe',
    blocked: 'Gesperrt',
    erased: 'Gelöscht',
    told: 'Alle benachrichtigt',
    half: 'die Hälfte',
    most: '95 von 100',
    p50: ({ step }: Put<'step'>) => `${step}, Hälfte`,
    p95: ({ step }: Put<'step'>) => `${step}, 95 von 100`,
    summary: ({ weeks }: Put<'weeks'>) => `In den letzten ${weeks} Wochen:`,
    summaryStep: ({ p50, step, p95 }: Put<'p50' | 'step' | 'p95'>) =>
      `Die Hälfte der Widerrufe war nach ${p50} ${step}, 95 von 100 nach ${p95}.`,
    stepBlocked: 'gesperrt',
    stepErased: 'gelöscht',
    stepTold: 'allen Empfängern mitgeteilt',
    summaryNone: ({ weeks }: Put<'weeks'>) =>
      `In den letzten ${weeks} Wochen gab es weniger als zehn Widerrufe. Zeiten stehen erst ab zehn da.`,
    tooFew: 'weniger als 10',
  },
};
