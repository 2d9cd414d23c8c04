import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { CUSTOMER_REF } from '../access';

export class PredicateBody {
  @ApiProperty({ example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  customerRef: string;

  /** What the answer is for: a purpose that the recipient is registered for. */
  @ApiProperty({ example: 'birthday-greeting' })
  @IsString()
  @MaxLength(64)
  purpose: string;

  /**
   * A question in CEL (cel.dev) that comes to true or false. Attributes stand by their keys, or as values["key"] where a key
   * is no name in CEL. Each of them must be covered by an active consent for the purpose. Dates (YYYY-MM-DD) can be asked about
   * with today(), age(d), daysUntil(d), daysUntilAnniversary(d) and anniversaryThisWeek(d), in the programme's time zone.
   */
  @ApiProperty({ example: 'anniversaryThisWeek(birthday)' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(2000)
  expression: string;

  /** Why it is asked now: kept with the record, and shown to the customer. */
  @ApiPropertyOptional({ example: 'Greeting for tomorrow' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason?: string;
}

export class PredicateAnswer {
  @ApiProperty({ example: 'dsc_01k9v5m3c8e1p9r2t4y6u8i0ae' })
  id: string;

  @ApiProperty({ type: 'boolean', example: true })
  result: boolean;

  /** Until when the answer may be used; after that, ask again. */
  @ApiProperty({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  useUntil: string;
}
