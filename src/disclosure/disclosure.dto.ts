import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsNotEmpty,
  IsString,
  Matches,
  MaxLength,
} from 'class-validator';
import { CUSTOMER_REF } from '../access';

/** What every release says: what for, what, and why. */
export class ReleaseTerms {
  /** What the values are for: a purpose that the recipient is registered for. */
  @ApiProperty({ example: 'birthday-greeting' })
  @IsString()
  @MaxLength(64)
  purpose: string;

  /** Keys of the attributes that are needed, and no others. */
  @ApiProperty({ example: ['birthday'] })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  attributes: string[];

  /** Why it is needed now: kept with the record of the disclosure, and shown to the customer. */
  @ApiProperty({ example: 'Greeting for tomorrow' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason: string;
}

export class DisclosureBody extends ReleaseTerms {
  @ApiProperty({ example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  customerRef: string;
}

export class DisclosureAnswer {
  @ApiProperty({ example: 'dsc_01k9v5m3c8e1p9r2t4y6u8i0ae' })
  id: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { birthday: '1990-04-01' } })
  values: Record<string, unknown>;

  /** Attributes that no active consent covers for this purpose. */
  @ApiProperty({ example: [] })
  withheld: string[];

  /** Until when the values may be used; after that, ask again. */
  @ApiProperty({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  useUntil: string;
}
