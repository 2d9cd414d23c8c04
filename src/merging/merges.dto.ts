import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { CUSTOMER_REF } from '../access';

export class MergeBody {
  /** The storefront's own reference of the customer that goes on; one that was never seen comes into being. */
  @ApiProperty({ pattern: CUSTOMER_REF.source, example: 'customer-0815' })
  @Matches(CUSTOMER_REF, { message: 'into must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  into: string;
}

export class MergeView {
  @ApiProperty({ example: 'mrg_01k9v5m3c8e1p9r2t4y6u8i0aj' })
  id: string;
  /** final: it can be undone no more, and what the one had consented to has ended. */
  @ApiProperty({ enum: ['merged', 'undone', 'final'], example: 'merged' })
  status: 'merged' | 'undone' | 'final';
  /** Absent for a customer who has left. */
  @ApiPropertyOptional({ example: 'customer-4711' })
  from?: string;
  @ApiPropertyOptional({ example: 'customer-0815' })
  into?: string;
  /** Moved at once, with the expiry that they had. */
  @ApiProperty({ type: 'integer', example: 120 })
  points: number;
  /** Held for orders then: what is released or refunded of them follows by itself. */
  @ApiProperty({ type: 'integer', example: 0 })
  heldPoints: number;
  /** Promised and not booked then: they follow by themselves. */
  @ApiProperty({ type: 'integer', example: 0 })
  pendingPoints: number;
  /** Consents of the one who is merged away: no use from the merge on, ended when it becomes final. */
  @ApiProperty({ type: 'integer', example: 2 })
  consentsPaused: number;
  /** Consents of the other for what the one had refused or withdrawn last: likewise. */
  @ApiProperty({ type: 'integer', example: 1 })
  consentsBlocked: number;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  mergedAt: string;
  @ApiProperty({ format: 'date-time', example: '2026-12-24T09:00:00.000Z' })
  undoUntil: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  undoneAt?: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-12-24T09:00:30.000Z' })
  finalAt?: string;
  /** Of one that is undone: points that went back. */
  @ApiPropertyOptional({ type: 'integer', example: 100 })
  pointsReturned?: number;
  /** Of one that is undone: points that could not go back, because they were spent. */
  @ApiPropertyOptional({ type: 'integer', example: 20 })
  pointsMissing?: number;
}
