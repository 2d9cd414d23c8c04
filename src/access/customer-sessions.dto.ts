import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { type Facts, IsContext } from '../platform/http/is-context';
import { CUSTOMER_REF } from './customer-ref';

/** A token goes along with every call, and servers take headers of 8 kB. */
const FACTS_KB = 2;

export class NewCustomerSessionDto {
  /** The storefront's own reference of the customer; never a name or an e-mail address. */
  @Matches(CUSTOMER_REF, { message: 'customerRef must be 1 to 128 of A-Z a-z 0-9 . _ : @ | -' })
  @ApiProperty({ example: 'c-20481' })
  customerRef: string;

  /** Language of the customer's page. */
  @IsIn(['de', 'en'])
  @ApiProperty({ enum: ['de', 'en'], example: 'de' })
  locale: 'de' | 'en';

  @IsOptional()
  @IsContext({
    mostKb: FACTS_KB,
    lasts: 'for offers and shares of this session; it carries them, encrypted, and they are not stored',
  })
  context?: Facts;
}

export class CustomerSessionDto {
  /** Stands for this one customer, as a bearer token for `/v1/me/…`. */
  @ApiProperty({
    example: 'eyJhbGciOiJIUzI1NiIsInR5cCI6Imd3LXNlc3Npb24rand0In0.eyJwcm9ncmFtbWUiOiIwMTlhIn0.c2lnbmF0dXJl',
  })
  token: string;

  /**
   * The customer's own page. What stands behind the # reaches no server and no log of one. It works once, within 15 minutes,
   * and what a browser keeps of it is of no use to whoever finds it.
   */
  @ApiProperty({
    format: 'uri',
    example: 'https://gegenwert.example/me#link=AZqxw2nHcRm4tJ8uE0kLQ1vN5yT7bD3fG6hS9aWzXcVrPiOjUeKlMtYnBqRsDgFh',
  })
  url: string;

  /** When the token ends. */
  @ApiProperty({ type: String, format: 'date-time', example: '2026-11-24T09:45:00.000Z' })
  expiresAt: Date;
}
