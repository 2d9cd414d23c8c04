import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

const MOST_POINTS = 1_000_000_000;
/** A billion points by it, the most that are redeemed at once, still come to a whole number that JSON carries. */
const MOST_MINOR = 1_000_000;

export class RateBody {
  /** So many points are worth amountMinor. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_POINTS, example: 100 })
  @IsInt()
  @Min(1)
  @Max(MOST_POINTS)
  points: number;

  /** In the currency's smallest unit. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_MINOR, example: 100 })
  @IsInt()
  @Min(1)
  @Max(MOST_MINOR)
  amountMinor: number;

  /** ISO 4217. */
  @ApiProperty({ example: 'EUR' })
  @Matches(/^[A-Z]{3}$/, { message: 'currency must be an ISO 4217 code' })
  currency: string;

  /** Whether the amount is net of taxes or holds them. */
  @ApiProperty({ enum: ['net', 'gross'], example: 'gross' })
  @IsIn(['net', 'gross'])
  taxes: 'net' | 'gross';

  /** Fewer are not redeemed at once. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_POINTS, example: 10 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_POINTS)
  minimumPoints?: number;

  /** Points may pay at most this much of an order, by all of its redemptions together; they must then say what it comes to. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, example: 50 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  maximumSharePercent?: number;
}

export class RateView {
  /** The highest is in force. */
  @ApiProperty({ type: 'integer', example: 1 })
  version: number;
  @ApiProperty({ type: 'integer', example: 100 })
  points: number;
  @ApiProperty({ type: 'integer', example: 100 })
  amountMinor: number;
  @ApiProperty({ example: 'EUR' })
  currency: string;
  @ApiProperty({ enum: ['net', 'gross'], example: 'gross' })
  taxes: 'net' | 'gross';
  @ApiPropertyOptional({ type: 'integer', example: 10 })
  minimumPoints?: number;
  @ApiPropertyOptional({ type: 'integer', example: 50 })
  maximumSharePercent?: number;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  createdAt: string;
}

export class RatePage {
  @ApiProperty({ type: () => [RateView] })
  data: RateView[];
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
