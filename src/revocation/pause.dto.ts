import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Equals, IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { CUSTOMER_REF } from '../access';
import { IsTime } from '../platform/http/is-time';

/** What is paused, exactly one of share, purpose and everything, and until when. */
export class MePauseBody {
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  share?: string;

  @ApiPropertyOptional({ example: 'birthday-greeting' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  purpose?: string;

  @ApiPropertyOptional({ enum: [true], example: true })
  @IsOptional()
  @Equals(true, { message: 'everything must be true where it is given' })
  everything?: true;

  /** When use may begin again: in the future, with a time zone. */
  @ApiProperty({ format: 'date-time', example: '2099-01-01T00:00:00Z' })
  @IsTime()
  @MaxLength(40)
  until: string;
}

export class PauseBody extends MePauseBody {
  @ApiProperty({ example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  customerRef: string;
}

export class PauseAnswer {
  @ApiProperty({ example: 'pau_01k9v5m3c8e1p9r2t4y6u8i0ah' })
  id: string;

  @ApiProperty({ format: 'date-time', example: '2099-01-01T00:00:00.000Z' })
  until: string;
}
