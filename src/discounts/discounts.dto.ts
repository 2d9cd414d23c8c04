import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsObject, IsOptional, ValidateNested } from 'class-validator';
import { ForOrder, OrderTotal } from '../platform/http/order.dto';
import type { CodeStatus } from './use-codes';

export class ReleaseCodeBody extends ForOrder {}

export class UseCodeBody extends ReleaseCodeBody {
  /** With it, the answer says what the order gets off, and a minimum order is held to. */
  @ApiPropertyOptional({ type: () => OrderTotal })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OrderTotal)
  order?: OrderTotal;
}

/** What the code is worth. */
export class CodeTermsView {
  @ApiProperty({ enum: ['percent', 'amount'], example: 'percent' })
  kind: 'percent' | 'amount';
  /** With kind `percent`. */
  @ApiPropertyOptional({ type: 'integer', example: 10 })
  percent?: number;
  /** With kind `amount`, in the currency's smallest unit. */
  @ApiPropertyOptional({ type: 'integer' })
  amountMinor?: number;
  /** ISO 4217; with amountMinor or minimumOrderMinor. Orders in another one are refused. */
  @ApiPropertyOptional({ example: 'EUR' })
  currency?: string;
  @ApiProperty({ type: 'integer', example: 30 })
  validDays: number;
  @ApiPropertyOptional({ type: 'integer' })
  minimumOrderMinor?: number;
}

export class DiscountCodeView {
  /** As it was issued, however it was typed. */
  @ApiProperty({ example: '7K2MX9QD4HWT' })
  code: string;
  /** A reservation whose time is over is `open` again; an open code whose time is over is `expired`. */
  @ApiProperty({ enum: ['open', 'reserved', 'redeemed', 'expired'], example: 'reserved' })
  status: CodeStatus;
  @ApiProperty({ type: () => CodeTermsView })
  discount: CodeTermsView;
  /** What it was made for. */
  @ApiProperty({ example: 'awd_01k9v5m3c8e1p9r2t4y6u8i0ab' })
  award: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  issuedAt: string;
  /** From then on it can neither be reserved nor redeemed, but by the order that holds a reservation. */
  @ApiProperty({ format: 'date-time', example: '2026-12-24T09:00:00.000Z' })
  expiresAt: string;
  /** The order that it is reserved or redeemed for. */
  @ApiPropertyOptional({ example: 'order-1001' })
  orderRef?: string;
  /** From then on the code is open again, unless it was redeemed before. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T18:15:00.000Z' })
  reservedUntil?: string;
  @ApiPropertyOptional({ format: 'date-time' })
  redeemedAt?: string;
  /** What the order gets off, in its currency's smallest unit, where its total was sent: never more than the total. */
  @ApiPropertyOptional({ type: 'integer', example: 499 })
  discountMinor?: number;
}
