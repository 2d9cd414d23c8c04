import { IsIn, IsOptional } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { TransferKind } from '../ledger';
import { IsTime } from '../platform/http/is-time';
import { EntryView, KINDS } from './entries.dto';
import { LocaleQuery } from './ledger.dto';

export const BASES = ['booked', 'effective'] as const;
export const FORMATS = ['json', 'csv'] as const;

export class StatementQuery extends LocaleQuery {
  /** The first instant of the statement; without, it begins with the first points. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-01-01T00:00:00Z' })
  @IsOptional()
  @IsTime()
  from?: string;

  /** The instant that it ends before; without, it holds all that is booked. The same as `from`: the balance then, and nothing more. */
  @ApiPropertyOptional({ format: 'date-time', example: '2027-01-01T00:00:00Z' })
  @IsOptional()
  @IsTime()
  to?: string;

  /**
   * The time that it goes by: when something was booked, or when it happened. An award happened when it was promised, an
   * expiry at the end of the last day, everything else when it was booked.
   */
  @ApiPropertyOptional({ enum: BASES, default: 'booked' })
  @IsOptional()
  @IsIn(BASES)
  by: (typeof BASES)[number] = 'booked';

  /** Without, what `Accept` asks for, JSON otherwise. */
  @ApiPropertyOptional({ enum: FORMATS })
  @IsOptional()
  @IsIn(FORMATS)
  format?: (typeof FORMATS)[number];
}

export class StatementSum {
  @ApiProperty({ enum: KINDS, example: 'award' })
  kind: TransferKind;
  @ApiProperty({ type: 'integer', example: 1 })
  entries: number;
  /** Below 0 where points left. */
  @ApiProperty({ type: 'integer', example: 120 })
  points: number;
}

export class StatementEntry extends EntryView {
  /** When it happened; `at` is when it was booked. */
  @ApiProperty({ format: 'date-time', example: '2026-11-24T08:59:59.900Z' })
  effectiveAt: string;
}

export class StatementView {
  @ApiProperty({ example: 'customer-4711' })
  customerRef: string;
  @ApiProperty({ enum: BASES, example: 'booked' })
  by: (typeof BASES)[number];
  @ApiPropertyOptional({ format: 'date-time', example: '2026-01-01T00:00:00.000Z' })
  from?: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2027-01-01T00:00:00.000Z' })
  to?: string;
  /** Available points before the first entry. */
  @ApiProperty({ type: 'integer', example: 0 })
  openingBalance: number;
  /** Available points after the last entry. */
  @ApiProperty({ type: 'integer', example: 120 })
  closingBalance: number;
  /** What each kind of entry comes to; those that there are none of are left out. */
  @ApiProperty({ type: () => [StatementSum] })
  sums: StatementSum[];
  /** The oldest first, by the time that the statement goes by. The balances are those in this order. */
  @ApiProperty({ type: () => [StatementEntry] })
  entries: StatementEntry[];
}
