import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { EarnedBy } from './earned-by.dto';

/** Points of a redemption that came in together, and what earned them. */
export class SpentPoints extends EarnedBy {
  @ApiProperty({ type: 'integer', example: 50 })
  points: number;
  /** The lot that they were taken from. */
  @ApiProperty({ example: 'lot_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  lot: string;
  @ApiProperty({ example: 'awd_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  award: string;
  /** When they were promised. */
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  earnedAt: string;
  /** The last day on which they could have been spent; absent where they do not expire. */
  @ApiPropertyOptional({ format: 'date', example: '2027-11-24' })
  expiresOn?: string;
}

export class LineageView {
  @ApiProperty({ example: 'red_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  redemption: string;
  /** As many as were taken for it; those refunded since are among them. */
  @ApiProperty({ type: 'integer', example: 50 })
  points: number;
  /** Where they came from, in the order in which they were taken. They add up to `points`. */
  @ApiProperty({ type: () => [SpentPoints] })
  data: SpentPoints[];
}
