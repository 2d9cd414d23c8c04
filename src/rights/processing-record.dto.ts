import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IsLocale } from '../offers';

export const RECORD_FORMATS = ['json', 'csv'] as const;

export class ProcessingRecordQuery {
  @IsLocale()
  locale?: string;

  /** Without, what `Accept` asks for, JSON otherwise. */
  @ApiPropertyOptional({ enum: RECORD_FORMATS })
  @IsOptional()
  @IsIn(RECORD_FORMATS)
  format?: (typeof RECORD_FORMATS)[number];
}

export class RecordController {
  @ApiProperty({ example: 'prg_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  id: string;
  @ApiProperty({ example: 'Nordwind' })
  name: string;
}

export class RecordCategory {
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ example: 'Geburtsdatum' })
  title: string;
  /** special: of Art. 9, also by what it reveals. */
  @ApiProperty({ enum: ['ordinary', 'special'], example: 'ordinary' })
  sensitivity: 'ordinary' | 'special';
  /** Days from the consent until it ends by itself and the value is erased; the longest that was agreed to. */
  @ApiProperty({ type: 'integer', example: 365 })
  retentionDays: number;
}

export class RecordRecipient {
  @ApiProperty({ example: 'rcp_01k9v5m3c8e1p9r2t4y6u8i0ab' })
  id: string;
  @ApiProperty({ example: 'Newsletter' })
  name: string;
}

export class RecordOffer {
  @ApiProperty({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0ac' })
  id: string;
  @ApiProperty({ type: 'integer', example: 1 })
  version: number;
  @ApiProperty({ example: 'Dein Tag' })
  title: string;
  /** False: it is over or replaced, and what was given under it is still used. */
  @ApiProperty({ example: true })
  live: boolean;
}

/** One purpose (Art. 30(1)(b) to (f)). */
export class ProcessingActivity {
  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;
  @ApiProperty({ example: 'Glückwünsche zum Geburtstag' })
  title: string;
  @ApiProperty({ example: 'Wir gratulieren dir zum Geburtstag.' })
  description: string;
  @ApiProperty({ example: 'Einwilligung (Art. 6 Abs. 1 Buchst. a DSGVO)' })
  legalBasis: string;
  @ApiProperty({ example: false })
  thirdPartyAdvertising: boolean;
  /** Of persons. */
  @ApiProperty({ example: 'Kundinnen und Kunden des Programms' })
  persons: string;
  @ApiProperty({ type: () => [RecordCategory] })
  data: RecordCategory[];
  @ApiProperty({ type: () => [RecordRecipient] })
  recipients: RecordRecipient[];
  @ApiProperty({ type: () => [RecordOffer] })
  offers: RecordOffer[];
}

export class ProcessingRecord {
  @ApiProperty({ format: 'date-time', example: '2026-11-24T12:00:00.000Z' })
  generatedAt: string;
  @ApiProperty({ type: () => RecordController })
  controller: RecordController;
  @ApiProperty({ type: () => [ProcessingActivity] })
  activities: ProcessingActivity[];
  /** General description of the technical and organisational measures (Art. 30(1)(g), Art. 32(1)). */
  @ApiProperty({ type: [String], example: ['Jeder Wert ist mit einem eigenen Schlüssel verschlüsselt.'] })
  security: string[];
  /** What this service cannot know, and the controller adds. */
  @ApiProperty({
    type: [String],
    example: ['Kontaktdaten des Verantwortlichen und der oder des Datenschutzbeauftragten'],
  })
  toAdd: string[];
}
