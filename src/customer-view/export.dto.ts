import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { BalanceView, EntryView } from './entries.dto';
import { LedgerItem, LocaleQuery } from './ledger.dto';

export const EXPORT_FORMATS = ['json', 'csv', 'zip'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How values were shown: as an export, or on the customer's page. */
export const SHOWN_AS = [...EXPORT_FORMATS, 'page'] as const;
export type ShownAs = (typeof SHOWN_AS)[number];

/** The schema of a value that may be anything. */
export const ANY_JSON = {
  oneOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'object', additionalProperties: true },
    { type: 'array', items: {} },
    { type: 'null' },
  ],
};

export class ExportQuery extends LocaleQuery {
  /** Without, what `Accept` asks for, JSON otherwise. csv: the values alone; zip: everything, also as CSV, with the receipts. */
  @ApiPropertyOptional({ enum: EXPORT_FORMATS })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: ExportFormat;
}

export class ExportedValue {
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ example: 'Geburtsdatum' })
  title: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  storedAt: string;
  /**
   * erasing: nothing covers it any more, so nobody reads it again, and it is about to be destroyed. unreadable: it does not open, to
   * anyone, since its key was lost or it was damaged.
   */
  @ApiProperty({ enum: ['stored', 'erasing', 'unreadable'], example: 'stored' })
  status: 'stored' | 'erasing' | 'unreadable';
  /** Any JSON, as it was shared or corrected; only of one that is stored. */
  @ApiPropertyOptional({ ...ANY_JSON, example: '1990-04-01' })
  value?: unknown;
}

export class ExportedShare extends LedgerItem {
  /** Signed proof of the consents (JWS, EdDSA; keys at /.well-known/jwks.json). */
  @ApiProperty({ example: 'eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJnZWdlbndlcnQifQ.c2lnbmF0dXJl' })
  receipt: string;
}

export class ExportedRecipient {
  @ApiProperty({ example: 'newsletter' })
  recipient: string;
  @ApiProperty({ example: 'Newsletter' })
  name: string;
}

export class ExportedConsent {
  @ApiProperty({ example: 'cns_01k9v5m3c8e1p9r2t4y6u8i0ac' })
  id: string;
  @ApiProperty({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  shareId: string;
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;
  /** Who may be given the value: those that the notice named. */
  @ApiProperty({ type: () => [ExportedRecipient] })
  recipients: ExportedRecipient[];
  @ApiProperty({ enum: ['active', 'withdrawn', 'expired', 'superseded'], example: 'active' })
  status: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  givenAt: string;
  /** When it ends by itself. */
  @ApiProperty({ format: 'date-time', example: '2027-11-24T09:00:00.000Z' })
  until: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  endedAt?: string;
}

/** What was done to consents: given with a share, or ended. */
export class ExportedConsentEvent {
  @ApiProperty({ enum: ['given', 'withdrawn', 'expired', 'superseded'], example: 'given' })
  event: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;
  @ApiProperty({ type: [String], example: ['cns_01k9v5m3c8e1p9r2t4y6u8i0ac'] })
  consents: string[];
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  shareId?: string;
  @ApiPropertyOptional({ example: 'rev_01k9v5m3c8e1p9r2t4y6u8i0af' })
  revocationId?: string;
}

/** What use the customer had stop for a time, or a merge did. */
export class ExportedPause {
  @ApiProperty({ example: 'pau_01k9v5m3c8e1p9r2t4y6u8i0ah' })
  id: string;
  /** Of a share, a purpose, everything, or, by a merge, of a consent of a share. */
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  shareId?: string;
  @ApiPropertyOptional({ example: 'birthday' })
  attribute?: string;
  @ApiPropertyOptional({ example: 'birthday-greeting' })
  purpose?: string;
  @ApiPropertyOptional({ example: true })
  everything?: true;
  @ApiPropertyOptional({ example: 'mrg_01k9v5m3c8e1p9r2t4y6u8i0am' })
  mergeId?: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  startedAt: string;
  /** Absent where it has no end of its own. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-12-24T09:00:00.000Z' })
  until?: string;
  /** Only where it was ended before. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  endedAt?: string;
}

/** That a value was replaced by the right one. */
export class ExportedCorrection {
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;
  @ApiProperty({ enum: ['customer', 'storefront'], example: 'customer' })
  by: 'customer' | 'storefront';
}

export class ExportedDisclosure extends ExportedRecipient {
  @ApiProperty({ example: 'dsc_01k9v5m3c8e1p9r2t4y6u8i0ae' })
  id: string;
  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;
  /** predicate: a question about the values was answered, the values stayed. */
  @ApiProperty({ enum: ['values', 'predicate'], example: 'values' })
  kind: string;
  @ApiProperty({ type: [String], example: ['birthday'] })
  attributes: string[];
  @ApiProperty({ type: [String], example: ['cns_01k9v5m3c8e1p9r2t4y6u8i0ac'] })
  consents: string[];
  @ApiProperty({ example: 'Greeting for tomorrow' })
  reason: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  at: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-25T10:00:00.000Z' })
  useUntil: string;
}

/** That the customer's values were shown to them, or to a storefront on their behalf. */
export class ExportRecord {
  @ApiProperty({ example: 'exp_01k9v5m3c8e1p9r2t4y6u8i0ak' })
  id: string;
  @ApiProperty({ enum: ['customer', 'storefront'], example: 'customer' })
  askedBy: 'customer' | 'storefront';
  /** page: shown to the customer on their page, where they can correct them. */
  @ApiProperty({ enum: SHOWN_AS, example: 'json' })
  format: ShownAs;
  /** Whose values were shown. */
  @ApiProperty({ type: [String], example: ['birthday'] })
  attributes: string[];
  @ApiProperty({ format: 'date-time', example: '2026-11-24T12:00:00.000Z' })
  at: string;
}

/** Everything that the programme holds about one customer. */
export class CustomerExport {
  @ApiProperty({ format: 'date-time', example: '2026-11-24T12:00:00.000Z' })
  exportedAt: string;
  @ApiProperty({ example: 'customer-4711' })
  customerRef: string;
  @ApiProperty({ type: () => BalanceView })
  balance: BalanceView;
  @ApiProperty({ type: () => [ExportedValue] })
  values: ExportedValue[];
  /** Newest first. */
  @ApiProperty({ type: () => [ExportedShare] })
  shares: ExportedShare[];
  /** In the order in which they were given. */
  @ApiProperty({ type: () => [ExportedConsent] })
  consents: ExportedConsent[];
  /** In the order in which it happened. */
  @ApiProperty({ type: () => [ExportedConsentEvent] })
  history: ExportedConsentEvent[];
  /** In the order in which they began. */
  @ApiProperty({ type: () => [ExportedPause] })
  pauses: ExportedPause[];
  /** In the order in which they were made. */
  @ApiProperty({ type: () => [ExportedCorrection] })
  corrections: ExportedCorrection[];
  /** When a browser last said that nothing is to be shared for advertising by others (`Sec-GPC: 1`); absent where none did. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  globalPrivacyControlAt?: string;
  /** Every time a recipient was given values, in order. */
  @ApiProperty({ type: () => [ExportedDisclosure] })
  disclosures: ExportedDisclosure[];
  /** This one is the last of them. */
  @ApiProperty({ type: () => [ExportRecord] })
  exports: ExportRecord[];
  /** Newest first. */
  @ApiProperty({ type: () => [EntryView] })
  entries: EntryView[];
}
