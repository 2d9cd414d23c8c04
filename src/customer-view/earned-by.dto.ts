import { ApiPropertyOptional } from '@nestjs/swagger';

/** What earned points: a share of an offer, or an award for something else than data. */
export class EarnedBy {
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
