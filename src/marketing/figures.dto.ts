import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** How many persons; `"<10"` where they are so few that one could be known by it. */
export type Persons = number | `<${number}`;

const ApiPersons = () =>
  applyDecorators(
    ApiProperty({
      oneOf: [
        { type: 'integer', minimum: 10 },
        { type: 'string', enum: ['<10'] },
      ],
      example: 118,
    }),
  );

export class AwardedFigures {
  /** Points promised, all together. */
  @ApiProperty({ type: 'integer', example: 12000 })
  points: number;
  /** Discount codes promised. */
  @ApiProperty({ type: 'integer', example: 0 })
  codes: number;
}

export class ConsentFigures {
  @ApiProperty({ type: 'integer', example: 240 })
  given: number;
  @ApiProperty({ type: 'integer', example: 231 })
  active: number;
  /** Ended by a revocation. */
  @ApiProperty({ type: 'integer', example: 9 })
  withdrawn: number;
}

export class FiguresOfShares {
  @ApiProperty({ type: 'integer', example: 120 })
  shares: number;
  /** How many customers shared; "<10" below 10. */
  @ApiPersons()
  customers: Persons;
  /** Promised by the shares. */
  @ApiProperty({ type: () => AwardedFigures })
  awarded: AwardedFigures;
  /** Awards that are booked, or whose code is made. */
  @ApiProperty({ type: 'integer', example: 118 })
  granted: number;
  /** Awards that are promised and owed. */
  @ApiProperty({ type: 'integer', example: 2 })
  pending: number;
  /** Shares that earned nothing: their customer had earned from the offer before. */
  @ApiProperty({ type: 'integer', example: 0 })
  repeats: number;
  @ApiProperty({ type: () => ConsentFigures })
  consents: ConsentFigures;
}

export class VersionFigures extends FiguresOfShares {
  @ApiProperty({ type: 'integer', example: 1 })
  version: number;
}

/** In points or codes, as the offer's reward is. */
export class BudgetFigures {
  @ApiProperty({ type: 'integer', example: 50000 })
  cap: number;
  @ApiProperty({ type: 'integer', example: 12000 })
  promised: number;
  @ApiProperty({ type: 'integer', example: 38000 })
  remaining: number;
}

export class DayFigures {
  /** In the programme's time zone. */
  @ApiProperty({ format: 'date', example: '2026-11-24' })
  on: string;
  @ApiProperty({ type: 'integer', example: 7 })
  shares: number;
}

export class OfferFigures extends FiguresOfShares {
  @ApiProperty({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  offerId: string;
  /** Absent where the offer has none. */
  @ApiPropertyOptional({ type: () => BudgetFigures })
  budget?: BudgetFigures;
  /** Every published version. */
  @ApiProperty({ type: () => [VersionFigures] })
  byVersion: VersionFigures[];
  /** The last 30 days, today last. */
  @ApiProperty({ type: () => [DayFigures] })
  byDay: DayFigures[];
}
