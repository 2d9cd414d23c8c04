import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, ArrayUnique, IsArray, Matches } from 'class-validator';
import { CUSTOMER_REF } from '../access';
import { DisclosureAnswer, ReleaseTerms } from './disclosure.dto';

export const MOST_CUSTOMERS = 1000;

export class BatchDisclosureBody extends ReleaseTerms {
  /** Whose values: 1 to 1000 customers, each once. */
  @ApiProperty({ type: [String], maxItems: MOST_CUSTOMERS, example: ['customer-4711', 'customer-4712'] })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MOST_CUSTOMERS)
  @ArrayUnique()
  @Matches(CUSTOMER_REF, {
    each: true,
    message: 'each customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -',
  })
  customerRefs: string[];
}

/** Released for one customer, as a call of its own would have. */
export class DisclosedLine extends DisclosureAnswer {
  @ApiProperty({ example: 'customer-4711' })
  customerRef: string;
}

/** Refused for one customer, or failed for one; a call of its own would have been answered with this problem. */
export class RefusedLine {
  @ApiProperty({ example: 'customer-4712' })
  customerRef: string;

  @ApiProperty({
    enum: ['no-active-consent', 'purpose-not-registered', 'recipient-suspended', 'unavailable', 'internal'].map(
      (name) => `urn:gegenwert:problem:${name}`,
    ),
    example: 'urn:gegenwert:problem:no-active-consent',
  })
  type: string;

  @ApiProperty({ example: 'No active consent covers this' })
  title: string;

  @ApiProperty({ type: 'integer', example: 403 })
  status: number;
}
