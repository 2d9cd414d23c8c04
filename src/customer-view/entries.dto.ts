import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { EarnedBy } from './earned-by.dto';
import { REVERSAL_REASONS, type ReversalReason } from '../awards';
import type { TransferKind } from '../ledger';

export const KINDS: TransferKind[] = [
  'award',
  'hold',
  'capture',
  'release',
  'refund',
  'expiry',
  'reversal',
  'forfeit',
  'merge',
];
const REDEMPTION_STATUSES = ['held', 'captured', 'released'] as const;
export type RedemptionStatus = (typeof REDEMPTION_STATUSES)[number];

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

/** What an entry is for: the share that earned it, or else its cause, with what earned what that takes away. */
export class EntryBecause extends EarnedBy {
  /** What the transfer was made for, where that is no share: a redemption, a lot that expired, an award, a reversal, a
   * job, a merge of two customers. */
  @ApiPropertyOptional({ example: 'red_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  cause?: string;
  /** Of points that are spent, set aside or given back: the storefront's order. */
  @ApiPropertyOptional({ example: 'order-2026-0815' })
  orderRef?: string;
  /** What has become of the redemption until now: points that are set aside are spent once it is captured. */
  @ApiPropertyOptional({ enum: REDEMPTION_STATUSES, example: 'captured' })
  redemptionStatus?: RedemptionStatus;
  /** Of points that expired or were taken back: the award that had earned them. */
  @ApiPropertyOptional({ example: 'awd_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  award?: string;
  /** The last day on which they could be spent. */
  @ApiPropertyOptional({ format: 'date', example: '2027-11-24' })
  expiredOn?: string;
  /** Why staff took points of a wrong award back; not said to customers. */
  @ApiPropertyOptional({ enum: REVERSAL_REASONS, example: 'duplicate' })
  reversedFor?: ReversalReason;
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
  /** Available points before it. */
  @ApiProperty({ type: 'integer', example: 0 })
  balanceBefore: number;
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
