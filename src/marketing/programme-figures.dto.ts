import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsISO8601, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { Count } from './count.dto';

const IsDay = () =>
  applyDecorators(
    Matches(/^\d{4}-\d\d-\d\d$/, { message: '$property must be a day: 2026-01-31' }),
    IsISO8601({ strict: true }, { message: '$property must be a day that exists' }),
  );

export const FORMATS = ['json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export class FormatQuery {
  /** Without, what `Accept` asks for, JSON otherwise. */
  @ApiPropertyOptional({ enum: FORMATS })
  @IsOptional()
  @IsIn(FORMATS)
  format?: Format;
}

export class OfferQuery extends FormatQuery {
  @ApiProperty({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  @IsString()
  offer: string;
}

export class FunnelQuery extends OfferQuery {
  /** The first day, in the programme's time zone; without, that of the offer's first publication, a year back at most. */
  @ApiPropertyOptional({ format: 'date', example: '2026-11-01' })
  @IsOptional()
  @IsDay()
  from?: string;

  /** The last day; without, today. */
  @ApiPropertyOptional({ format: 'date', example: '2026-11-30' })
  @IsOptional()
  @IsDay()
  to?: string;
}

export const STEPS = ['offered', 'shared', 'granted', 'revoked'] as const;

export class FunnelStep {
  @ApiProperty({ enum: STEPS, example: 'shared' })
  step: (typeof STEPS)[number];
  @ApiProperty({ type: () => Count })
  persons: Count;
  /** Of offered: to a few per cent, since nobody is remembered. */
  @ApiProperty({ example: false })
  estimated: boolean;
}

export class FunnelView {
  @ApiProperty({ format: 'date', example: '2026-11-01' })
  from: string;
  @ApiProperty({ format: 'date', example: '2026-11-30' })
  to: string;
  /** Offered, shared, granted, revoked. */
  @ApiProperty({ type: () => [FunnelStep] })
  steps: FunnelStep[];
}

export class BurnDownDay {
  /** In the programme's time zone. */
  @ApiProperty({ format: 'date', example: '2026-11-24' })
  day: string;
  /** Promised that day, and on the days before it that are not told. Null: by fewer than 10 persons since the last day that is told. */
  @ApiProperty({ type: 'integer', nullable: true, example: 1200 })
  spent: number | null;
  /** Of today's budget at the end of the day. Null: there is no budget, or the day is not told. */
  @ApiProperty({ type: 'integer', nullable: true, example: 38000 })
  left: number | null;
}

export class BurnDownForecast {
  /** What was promised in the last 14 days, or since the offer was published, a day. Null: to fewer than 10 persons. */
  @ApiProperty({ type: 'number', nullable: true, example: 1142.9 })
  perDay: number | null;
  /** The day on which the budget is used up if it goes on like that. Null: never, or nobody can say. */
  @ApiProperty({ type: String, format: 'date', nullable: true, example: '2026-12-28' })
  emptyOn: string | null;
}

export class BurnDownView {
  @ApiProperty({ enum: ['points', 'codes'], example: 'points' })
  unit: 'points' | 'codes';
  /** What the offer may promise in all, as it is now. Null: as much as is asked for. */
  @ApiProperty({ type: 'integer', nullable: true, example: 50000 })
  budget: number | null;
  /** Since the first publication, a year back at most; today last. */
  @ApiProperty({ type: () => [BurnDownDay] })
  days: BurnDownDay[];
  @ApiProperty({ type: () => BurnDownForecast })
  forecast: BurnDownForecast;
}

export class CohortsQuery extends FormatQuery {
  /** Only consents that this offer asked for. */
  @ApiPropertyOptional({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  @IsOptional()
  @IsString()
  offer?: string;

  /** Only consents for the purpose with this key. */
  @ApiPropertyOptional({ example: 'birthday-greeting' })
  @IsOptional()
  @Matches(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, { message: 'purpose must be the key of a purpose' })
  purpose?: string;
}

export class KeptCount {
  /** At the end of the so-manieth month after; 0: of the same month. The last one is as of now. */
  @ApiProperty({ type: 'integer', example: 1 })
  monthsAfter: number;
  @ApiProperty({ type: () => Count })
  persons: Count;
  /** Of those who gave. Null where persons is, or given is. */
  @ApiProperty({ type: 'number', nullable: true, minimum: 0, maximum: 1, example: 0.9833 })
  share: number | null;
}

export class Cohort {
  /** In which they first gave such a consent. */
  @ApiProperty({ example: '2026-09' })
  month: string;
  @ApiProperty({ type: () => Count })
  given: Count;
  @ApiProperty({ type: () => [KeptCount] })
  kept: KeptCount[];
}

export class CohortsView {
  /** The oldest first, of the last 24 months. */
  @ApiProperty({ type: () => [Cohort] })
  cohorts: Cohort[];
}

export class AttributeTitle {
  @ApiProperty({ example: 'Geburtsdatum' })
  de: string;
  @ApiProperty({ example: 'Date of birth' })
  en: string;
}

export class AttributeCost {
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ type: () => AttributeTitle })
  title: AttributeTitle;
  /** Promised for it and not reversed, rounded to what ten persons got on average. Null: to fewer than 10 persons. */
  @ApiProperty({ type: 'integer', nullable: true, example: 14400 })
  pointsPaid: number | null;
  /** Persons whose value may be used now, for some purpose. */
  @ApiProperty({ type: () => Count })
  usable: Count;
  /** Null where one of the two is. */
  @ApiProperty({ type: 'number', nullable: true, example: 122 })
  pointsPerUsable: number | null;
}

export class AttributeCostsView {
  /** By key, those of the catalogue. */
  @ApiProperty({ type: () => [AttributeCost] })
  attributes: AttributeCost[];
}

export class LiabilityMonth {
  /** In which points can be spent for the last time; null: they do not expire. */
  @ApiProperty({ type: String, nullable: true, pattern: '^\\d{4}-\\d{2}$', example: '2027-11' })
  month: string | null;
  @ApiProperty({ type: 'integer', example: 120 })
  points: number;
}

export class LiabilityFigures {
  /** The soonest first, those that do not expire last. */
  @ApiProperty({ type: () => [LiabilityMonth] })
  months: LiabilityMonth[];
  @ApiProperty({ type: 'integer', example: 120 })
  total: number;
}

export class StoppingTimesQuery extends FormatQuery {
  /** How many, this one included. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 53, default: 12 })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(1)
  @Max(53)
  weeks: number = 12;
}

const ApiTime = (example: number) => ApiProperty({ type: 'number', nullable: true, example });

/** Half of the revocations took no longer than p50, 95 of 100 no longer than p95. Null: of fewer than 10 persons. */
export class StoppingTimes {
  /** How many customers asked for, one by one; withdrawals by staff and the end of a retention are none of them. */
  @ApiProperty({ type: () => Count })
  revocations: Count;
  /** From being asked for to no release being possible any more. */
  @ApiTime(6.1)
  blockedP50Ms: number | null;
  @ApiTime(14.2)
  blockedP95Ms: number | null;
  /** From then to the destruction of what nothing else covers. */
  @ApiTime(0.3)
  erasedP50Seconds: number | null;
  @ApiTime(0.6)
  erasedP95Seconds: number | null;
  /** From then to every recipient having been told, where there are any. */
  @ApiTime(1.2)
  toldP50Seconds: number | null;
  @ApiTime(4.8)
  toldP95Seconds: number | null;
}

export class StoppingTimesOfWeek extends StoppingTimes {
  /** ISO 8601, in the programme's time zone. */
  @ApiProperty({ example: '2026-W47' })
  week: string;
}

export class StoppingTimesView {
  /** The oldest first, this week last. */
  @ApiProperty({ type: () => [StoppingTimesOfWeek] })
  weeks: StoppingTimesOfWeek[];
  /** Of all these weeks. */
  @ApiProperty({ type: () => StoppingTimes })
  all: StoppingTimes;
}
