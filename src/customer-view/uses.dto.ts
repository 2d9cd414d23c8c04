import { IsOptional, IsString, MaxLength } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { LocalePage } from './ledger.dto';

export class UsesQuery extends LocalePage {
  /** Only what was used under this share's consents. */
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  share?: string;
}

export class UsePurpose {
  @ApiProperty({ example: 'birthday-greeting' })
  key: string;
  @ApiProperty({ example: 'Glückwünsche zum Geburtstag' })
  title: string;
}

/** That a recipient was given values, or an answer about them. */
export class Use {
  @ApiProperty({ example: 'dsc_01k9v5m3c8e1p9r2t4y6u8i0ae' })
  id: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  at: string;
  /** Key of the recipient. */
  @ApiProperty({ example: 'newsletter' })
  recipient: string;
  @ApiProperty({ example: 'Newsletter' })
  name: string;
  @ApiProperty({ type: () => UsePurpose })
  purpose: UsePurpose;
  @ApiProperty({ type: [String], example: ['birthday'] })
  attributes: string[];
  /** predicate: a question about the values was answered, the values stayed. */
  @ApiProperty({ enum: ['values', 'predicate'], example: 'values' })
  kind: string;
  /** As the recipient said it. */
  @ApiProperty({ example: 'Greeting for tomorrow' })
  reason: string;
  /** Until when the recipient may use it, at most. */
  @ApiProperty({ format: 'date-time', example: '2026-11-25T10:00:00.000Z' })
  useUntil: string;
  /** Whose consents allowed it. */
  @ApiProperty({ type: [String], example: ['shr_01k9v5m3c8e1p9r2t4y6u8i0ad'] })
  shares: string[];
}

export class UsePage {
  /** The newest first. */
  @ApiProperty({ type: () => [Use] })
  data: Use[];
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
