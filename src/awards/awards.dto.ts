import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { CUSTOMER_REF } from '../access';
import { IsTextOf } from '../platform/http/text-length';
import { REVERSAL_REASONS, type ReversalReason } from './reversals';

const MOST_POINTS = 1_000_000_000;
const MOST_DAYS = 36_500;
const NOT_BLANK = /\S/;

export class AwardBody {
  /** The storefront's own reference of the customer. */
  @ApiProperty({ pattern: CUSTOMER_REF.source, example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  customerRef: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_POINTS, example: 250 })
  @IsInt()
  @Min(1)
  @Max(MOST_POINTS)
  points: number;

  /** What for, in words that the customer may read; nothing about the customer. */
  @ApiProperty({ minLength: 1, maxLength: 200, example: 'Order' })
  @IsTextOf(1, 200)
  @Matches(NOT_BLANK, { message: 'reason must say something' })
  reason: string;

  /** The storefront's own reference of what it is for: it is awarded once. */
  @ApiProperty({ minLength: 1, maxLength: 128, example: 'order-1001' })
  @IsTextOf(1, 128)
  reference: string;

  /** Days that the points can be spent, counted from the award; without, they do not expire. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_DAYS, example: 365 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_DAYS)
  validDays?: number;
}

export class AwardGiven {
  @ApiProperty({ example: 'awd_01k9v5m3c8e1p9r2t4y6u8i0ab' })
  id: string;

  @ApiProperty({ enum: ['pending', 'granted'], example: 'pending' })
  status: 'pending' | 'granted';
}

export class ReversalBody {
  @ApiProperty({ enum: REVERSAL_REASONS, example: 'duplicate' })
  @IsIn(REVERSAL_REASONS)
  reason: ReversalReason;

  /** What shows it. */
  @ApiProperty({ minLength: 1, maxLength: 2000, example: 'Order 1001 was awarded a second time as order-1001-b.' })
  @IsTextOf(1, 2000)
  @Matches(NOT_BLANK, { message: 'evidence must say something' })
  evidence: string;

  /** All that is left of the award, unless given. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_POINTS, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_POINTS)
  points?: number;
}

export class ReversalAnswer {
  @ApiProperty({ example: 'rvs_01k9v5m3c8e1p9r2t4y6u8i0ac' })
  id: string;

  /** Taken from the customer's available points. */
  @ApiProperty({ type: 'integer', example: 200 })
  reversed: number;

  /** Not there to take. A later reversal may ask for them again. */
  @ApiProperty({ type: 'integer', example: 50 })
  uncovered: number;
}

export class ReversalView extends ReversalAnswer {
  @ApiProperty({ enum: REVERSAL_REASONS, example: 'duplicate' })
  reason: ReversalReason;
  @ApiProperty({ example: 'Order 1001 was awarded a second time as order-1001-b.' })
  evidence: string;
  /** Who did it: the key of a member of staff, or an id that stands for who their identity provider says they are. */
  @ApiProperty({ example: 'key_01k9v5m3c8e1p9r2t4y6u8i0ae' })
  by: string;
  @ApiProperty({ enum: ['marketing', 'admin'], example: 'marketing' })
  role: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;
}

export class AwardView extends AwardGiven {
  @ApiProperty({ enum: ['points', 'discount'], example: 'points' })
  type: 'points' | 'discount';
  /** Absent for a discount code. */
  @ApiPropertyOptional({ type: 'integer', example: 250 })
  points?: number;
  /** How many of them were reversed since. */
  @ApiProperty({ type: 'integer', example: 0 })
  reversed: number;
  /** Absent for a customer who has left. */
  @ApiPropertyOptional({ example: 'customer-4711' })
  customerRef?: string;
  /** The share that it is for, or else reason and reference. */
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  share?: string;
  @ApiPropertyOptional({ example: 'Order' })
  reason?: string;
  @ApiPropertyOptional({ example: 'order-1001' })
  reference?: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  promisedAt: string;
  /** The last day on which the points can be spent. */
  @ApiPropertyOptional({ format: 'date', example: '2027-11-24' })
  expiresOn?: string;
  /** In their order; staff alone see them. */
  @ApiPropertyOptional({ type: () => [ReversalView] })
  reversals?: ReversalView[];
}
