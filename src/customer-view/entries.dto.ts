import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { TransferKind } from '../ledger';

const KINDS: TransferKind[] = ['award', 'hold', 'capture', 'release', 'refund', 'expiry', 'reversal', 'forfeit'];

export class ExpiringPoints {
  @ApiProperty({ type: 'integer', example: 120 })
  points: number;
  /** The last day on which they can be spent. */
  @ApiProperty({ format: 'date', example: '2027-11-24' })
  on: string;
}

export class BalanceView {
  /** Can be spent now. */
  @ApiProperty({ type: 'integer', example: 120 })
  available: number;
  /** Promised, and about to be booked. */
  @ApiProperty({ type: 'integer', example: 0 })
  pending: number;
  /** Set aside for orders. */
  @ApiProperty({ type: 'integer', example: 0 })
  held: number;
  /** What expires, soonest first; points without an expiry are not in it. */
  @ApiProperty({ type: () => [ExpiringPoints] })
  expiring: ExpiringPoints[];
}

/** What an entry is for: a share of the customer, or else its cause. */
export class EntryBecause {
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
  /** What the transfer was made for, where that is no share. */
  @ApiPropertyOptional({ example: 'red_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  cause?: string;
}

export class EntryView {
  @ApiProperty({ example: 'trf_01k9v5m3c8e1p9r2t4y6u8i0ah' })
  transferId: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;
  @ApiProperty({ enum: KINDS, example: 'award' })
  kind: TransferKind;
  /** What it did to the available points: below 0 where they left. */
  @ApiProperty({ type: 'integer', example: 120 })
  points: number;
  /** Available points after it. */
  @ApiProperty({ type: 'integer', example: 120 })
  balanceAfter: number;
  @ApiProperty({ type: () => EntryBecause })
  because: EntryBecause;
}

export class EntryPage {
  @ApiProperty({ type: () => [EntryView] })
  data: EntryView[];
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
