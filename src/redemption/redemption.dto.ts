import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsObject, IsOptional, Matches, Max, Min, ValidateNested } from 'class-validator';
import { CUSTOMER_REF } from '../access';
import { ForOrder, OrderTotal } from '../platform/http/order.dto';

const MOST_POINTS = 1_000_000_000;
const WEEK_SECONDS = 604_800;

export class RedeemBody extends ForOrder {
  /** The storefront's own reference of the customer. */
  @ApiProperty({ example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  customerRef: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_POINTS, example: 50 })
  @IsInt()
  @Min(1)
  @Max(MOST_POINTS)
  points: number;

  /** true: spent at once. false: held until it is captured, released, or its time is over. */
  @ApiProperty({ example: false })
  @IsBoolean()
  capture: boolean;

  /** How long they are held, where they are not captured at once: at most 7 days. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: WEEK_SECONDS, default: 900, example: 900 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(WEEK_SECONDS)
  holdSeconds?: number;

  /** Needed where points may pay only a share of an order. */
  @ApiPropertyOptional({ type: () => OrderTotal })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OrderTotal)
  order?: OrderTotal;
}

export class RefundBody {
  /** All that is left of it, where it is not said. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_POINTS, example: 20 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_POINTS)
  points?: number;
}

export class RedemptionValue {
  /** In the currency's smallest unit, rounded down. */
  @ApiProperty({ type: 'integer', example: 50 })
  amountMinor: number;
  @ApiProperty({ example: 'EUR' })
  currency: string;
  /** Whether the amount is net of taxes or holds them. */
  @ApiProperty({ enum: ['net', 'gross'], example: 'gross' })
  taxes: 'net' | 'gross';
  @ApiProperty({ type: 'integer', example: 1 })
  rateVersion: number;
}

export class RedemptionView {
  @ApiProperty({ example: 'red_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  id: string;
  @ApiProperty({ enum: ['held', 'captured', 'released'], example: 'held' })
  status: 'held' | 'captured' | 'released';
  @ApiProperty({ type: 'integer', example: 50 })
  points: number;
  @ApiProperty({ example: 'order-2026-0815' })
  orderRef: string;
  /** Points of it that have come back. */
  @ApiProperty({ type: 'integer', example: 0 })
  refunded: number;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  createdAt: string;
  /** Of one that is, or was, held: from then on it can be captured or released no more, and its points come back. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:15:00.000Z' })
  heldUntil?: string;
  /** Of a released one: who released it, the storefront or the end of its time. */
  @ApiPropertyOptional({ enum: ['storefront', 'expiry'], example: 'storefront' })
  releasedBy?: 'storefront' | 'expiry';
  /** What the points were worth, where the programme has a rate. */
  @ApiPropertyOptional({ type: () => RedemptionValue })
  value?: RedemptionValue;
}
