import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Points of a redemption that came in together, and what earned them. */
export class SpentPoints {
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
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  share?: string;
  @ApiPropertyOptional({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  offer?: string;
  @ApiPropertyOptional({ example: 'birthday' })
  offerKey?: string;
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  offerVersion?: number;
  /** The offer's, in the language asked for. */
  @ApiPropertyOptional({ example: 'Ein Gruß zum Geburtstag' })
  title?: string;
  /** Since when the customer has taken back all of the share. The points stay. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  shareRevokedAt?: string;
  /** Of an award for something else than data: what for. */
  @ApiPropertyOptional({ example: 'Order' })
  reason?: string;
  /** Of such an award: the storefront's own reference. */
  @ApiPropertyOptional({ example: 'order-1001' })
  reference?: string;
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
