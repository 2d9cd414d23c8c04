import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsLocale } from './locale';

export const CHECK_LEVELS = ['ok', 'warning', 'error'] as const;
export type CheckLevel = (typeof CHECK_LEVELS)[number];

export class ChecksQuery {
  @IsLocale()
  locale?: string;
}

export class OfferCheckDto {
  /** What was looked at. */
  @ApiProperty({ example: 'budget' })
  code: string;

  /** `error`: it is not published like this. `warning`: somebody should know. */
  @ApiProperty({ enum: CHECK_LEVELS, example: 'ok' })
  level: CheckLevel;

  @ApiProperty({ example: 'The budget runs for 1,000 shares.' })
  message: string;

  /** JSON Pointer into the offer's terms. */
  @ApiPropertyOptional({ example: '/budget' })
  pointer?: string;
}

export class OfferChecksDto {
  /** Whether it would be published now: nothing of it is an error. */
  ready: boolean;

  @ApiProperty({ type: () => [OfferCheckDto] })
  checks: OfferCheckDto[];
}
