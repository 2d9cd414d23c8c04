import { IsIn, IsISO8601, IsOptional, Matches } from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsTime } from '../platform/http/is-time';
import { COMPARISONS, type Comparison } from './reconciliation';

const IsDay = () =>
  applyDecorators(
    Matches(/^\d{4}-\d\d-\d\d$/, { message: '$property must be a day: 2026-01-31' }),
    IsISO8601({ strict: true }, { message: '$property must be a day that exists' }),
  );

export class AtQuery {
  /** What was booked before it; without, all that is booked. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-01-01T00:00:00Z' })
  @IsOptional()
  @IsTime()
  at?: string;
}

export class ExpiringLiability {
  /** In which points can be spent for the last time; null: they do not expire. One that is past has points that are about to be booked as expired. */
  @ApiProperty({ type: String, nullable: true, pattern: '^\\d{4}-\\d{2}$', example: '2027-11' })
  month: string | null;
  @ApiProperty({ type: 'integer', example: 120 })
  points: number;
  /** Where there is a rate: its share of the whole amount. */
  @ApiPropertyOptional({ type: 'integer', example: 120 })
  amountMinor?: number;
}

export class LiabilityValue {
  /** In the currency's smallest unit. The months add up to it. */
  @ApiProperty({ type: 'integer', example: 120 })
  amountMinor: number;
  @ApiProperty({ example: 'EUR' })
  currency: string;
  @ApiProperty({ enum: ['net', 'gross'], example: 'gross' })
  taxes: 'net' | 'gross';
  /** The newest of the time. */
  @ApiProperty({ type: 'integer', example: 1 })
  rateVersion: number;
  /** Once, for all points together, as redeeming does. */
  @ApiProperty({ enum: ['down'], example: 'down' })
  rounding: 'down';
}

export class LiabilityView {
  @ApiPropertyOptional({ format: 'date-time', example: '2026-01-01T00:00:00.000Z' })
  at?: string;
  /** What customers could spend, held points as well. */
  @ApiProperty({ type: 'integer', example: 120 })
  points: number;
  /** Absent where points had no rate. */
  @ApiPropertyOptional({ type: () => LiabilityValue })
  value?: LiabilityValue;
  /** The soonest first, those that do not expire last. */
  @ApiProperty({ type: () => [ExpiringLiability] })
  byExpiry: ExpiringLiability[];
}

export const PERIODS = ['day', 'month'] as const;

export class MovementsQuery {
  /** The first day, in the programme's time zone; without, that of this year. */
  @ApiPropertyOptional({ format: 'date', example: '2026-01-01' })
  @IsOptional()
  @IsDay()
  from?: string;

  /** The last day; without, today. */
  @ApiPropertyOptional({ format: 'date', example: '2026-12-31' })
  @IsOptional()
  @IsDay()
  to?: string;

  /** At most 400 days, or 240 months. A month at either end counts from the first day, or to the last. */
  @ApiPropertyOptional({ enum: PERIODS, default: 'month' })
  @IsOptional()
  @IsIn(PERIODS)
  period: (typeof PERIODS)[number] = 'month';
}

export class Movements {
  /** Outstanding before it: what customers had, held points as well. */
  @ApiProperty({ type: 'integer', example: 0 })
  opening: number;
  @ApiProperty({ type: 'integer', example: 120 })
  issued: number;
  @ApiProperty({ type: 'integer', example: 50 })
  captured: number;
  @ApiProperty({ type: 'integer', example: 20 })
  refunded: number;
  /** Captured less refunded. */
  @ApiProperty({ type: 'integer', example: 30 })
  spent: number;
  @ApiProperty({ type: 'integer', example: 0 })
  expired: number;
  @ApiProperty({ type: 'integer', example: 0 })
  reversed: number;
  /** Given up by customers who left. */
  @ApiProperty({ type: 'integer', example: 0 })
  forfeited: number;
  /** Opening, and issued, less spent, expired, reversed and forfeited. */
  @ApiProperty({ type: 'integer', example: 90 })
  closing: number;
  /** Held for an order: still outstanding. */
  @ApiProperty({ type: 'integer', example: 0 })
  setAside: number;
  /** Of held points, given back. */
  @ApiProperty({ type: 'integer', example: 0 })
  released: number;
  /** Of the closing points, those that are held. */
  @ApiProperty({ type: 'integer', example: 0 })
  held: number;
}

export class PeriodMovements extends Movements {
  @ApiProperty({ example: '2026-11' })
  period: string;
}

export class MovementsView {
  @ApiProperty({ format: 'date', example: '2026-01-01' })
  from: string;
  @ApiProperty({ format: 'date', example: '2026-12-31' })
  to: string;
  /** In which days and months begin and end. */
  @ApiProperty({ example: 'Europe/Berlin' })
  timeZone: string;
  @ApiProperty({ type: () => [PeriodMovements] })
  data: PeriodMovements[];
  @ApiProperty({ type: () => Movements })
  total: Movements;
}

export class AccountBalance {
  @ApiProperty({ enum: ['available', 'held', 'issued', 'redeemed', 'expired', 'reversed'], example: 'available' })
  kind: string;
  @ApiProperty({ enum: ['customers', 'programme'], example: 'customers' })
  of: 'customers' | 'programme';
  /** Issued points are below 0: they are where the others' come from. */
  @ApiProperty({ type: 'integer', example: 120 })
  balance: number;
}

export class TrialBalanceView {
  @ApiPropertyOptional({ format: 'date-time', example: '2026-01-01T00:00:00.000Z' })
  at?: string;
  @ApiProperty({ type: () => [AccountBalance] })
  accounts: AccountBalance[];
  /** 0, or the books are wrong. */
  @ApiProperty({ type: 'integer', example: 0 })
  sum: number;
}

/** What a difference is about, as far as it is: accounts and customers by their number. */
export class DifferenceIds {
  @ApiPropertyOptional({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  offer?: string;
  @ApiPropertyOptional({ example: 'awd_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  award?: string;
  @ApiPropertyOptional({ example: 'trf_01k9v5m3c8e1p9r2t4y6u8i0ah' })
  transfer?: string;
  @ApiPropertyOptional({ example: 'red_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  redemption?: string;
  @ApiPropertyOptional({ type: 'integer', example: 4711 })
  account?: number;
  @ApiPropertyOptional({ type: 'integer', example: 4711 })
  customer?: number;
}

export class DifferenceView {
  @ApiProperty({ enum: COMPARISONS, example: 'awards_and_ledger' })
  comparison: Comparison;
  /** In words, with the figures of both sides. */
  @ApiProperty({ example: '120 points promised, 100 booked' })
  what: string;
  @ApiProperty({ type: () => DifferenceIds })
  ids: DifferenceIds;
}

export class ReconciliationView {
  /** 0 where both sides of everything say the same. */
  @ApiProperty({ type: 'integer', example: 0 })
  differences: number;
  /** The first 100 of each comparison. */
  @ApiProperty({ type: () => [DifferenceView] })
  data: DifferenceView[];
}
