import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Matches, Max, Min } from 'class-validator';
import { IsTextOf } from './text-length';

const MOST_MINOR = 1_000_000_000_000;

/** What an order comes to. */
export class OrderTotal {
  /** Before points and discounts, in the currency's smallest unit. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MOST_MINOR, example: 4990 })
  @IsInt()
  @Min(0)
  @Max(MOST_MINOR)
  totalMinor: number;

  /** ISO 4217. */
  @ApiProperty({ example: 'EUR' })
  @Matches(/^[A-Z]{3}$/, { message: 'currency must be an ISO 4217 code' })
  currency: string;
}

/** What says which order it is for. */
export class ForOrder {
  /** The storefront's own reference of the order or cart. */
  @ApiProperty({ minLength: 1, maxLength: 128, example: 'order-1001' })
  @IsTextOf(1, 128)
  orderRef: string;
}
