import type { Locale } from '../offers';

interface RecordTexts {
  consent: string;
  explicitConsent: string;
  persons: string;
  security: string[];
  toAdd: string[];
  columns: string[];
  yes: string;
  no: string;
}

/** What of the record (GDPR Art. 30) is the same for every programme. The measures are those that the service itself takes. */
export const RECORD_TEXTS: Record<Locale, RecordTexts> = {
  de: {
    consent: 'Einwilligung (Art. 6 Abs. 1 Buchst. a DSGVO)',
    explicitConsent: 'ausdrückliche Einwilligung (Art. 9 Abs. 2 Buchst. a DSGVO)',
    persons: 'Kundinnen und Kunden des Programms',
    security: [
      'Jeder Wert ist mit einem eigenen Schlüssel verschlüsselt (AES-256-GCM); die Schlüssel liegen getrennt und sind mit dem Schlüssel des Programms verschlüsselt.',
      'Werte werden nur für einen Zweck herausgegeben, in den eingewilligt ist; jede Herausgabe wird vorher festgehalten.',
      'Nach einem Widerruf wird nichts mehr herausgegeben; Wert und Schlüssel werden vernichtet, und die Empfänger werden benachrichtigt, bis sie bestätigen.',
      'Programme sind in der Datenbank voneinander getrennt (Row-Level Security).',
      'Einwilligungen, Herausgaben und Punktebuchungen sind durch Hashes verkettet und signiert; Änderungen fallen auf.',
      'Kundinnen und Kunden sind nur unter der Kennung des Shops bekannt; das Punktebuch enthält keine personenbezogenen Angaben.',
      'Zugangsschlüssel sind nur als Hash gespeichert; Protokolle enthalten keine Werte.',
    ],
    toAdd: [
      'Kontaktdaten des Verantwortlichen und der oder des Datenschutzbeauftragten (Art. 30 Abs. 1 Buchst. a)',
      'Übermittlungen in Drittländer durch die Empfänger, mit Garantien (Buchst. e)',
      'Maßnahmen des Betriebs: Zutritt, Sicherungen, Schulung (Buchst. g)',
    ],
    columns: [
      'Zweck',
      'Bezeichnung',
      'Beschreibung',
      'Rechtsgrundlage',
      'Werbung Dritter',
      'Betroffene Personen',
      'Datenkategorie',
      'Bezeichnung der Daten',
      'Besondere Kategorie',
      'Löschfrist in Tagen',
      'Empfänger',
      'Angebote',
    ],
    yes: 'ja',
    no: 'nein',
  },
  en: {
    consent: 'consent (GDPR Art. 6(1)(a))',
    explicitConsent: 'explicit consent (GDPR Art. 9(2)(a))',
    persons: 'customers of the programme',
    security: [
      'Each value is encrypted with a key of its own (AES-256-GCM); the keys lie apart and are encrypted with the key of the programme.',
      'Values are released for a consented purpose only; each release is on record before it happens.',
      'After a revocation nothing more is released; value and key are destroyed, and recipients are told until they confirm.',
      'Programmes are kept apart by the database (row-level security).',
      'Consents, releases and points are chained by hashes and signed, so that a change shows.',
      'Customers are known by the shop’s own reference alone; the ledger of points holds no personal data.',
      'Access keys are stored as hashes; logs hold no values.',
    ],
    toAdd: [
      'Contact details of the controller and the data protection officer (Art. 30(1)(a))',
      'Transfers to third countries by the recipients, with safeguards (e)',
      'Measures of the installation: access to premises, backups, training (g)',
    ],
    columns: [
      'purpose',
      'title',
      'description',
      'legal basis',
      'advertising by others',
      'persons',
      'category of data',
      'title of the data',
      'special category',
      'retention in days',
      'recipients',
      'offers',
    ],
    yes: 'yes',
    no: 'no',
  },
};
