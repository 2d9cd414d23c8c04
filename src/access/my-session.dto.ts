import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { LINK_CODE } from './session-links';

export class SessionLinkDto {
  /** What stands behind `#link=` in the `url` of a customer session. */
  @Matches(LINK_CODE, { message: 'link must be the code of a link to the customer’s page' })
  @ApiProperty({ example: 'AZqxw2nHcRm4tJ8uE0kLQ1vN5yT7bD3fG6hS9aWzXcVrPiOjUeKlMtYnBqRsDgFh' })
  link: string;
}

export class SessionProgrammeDto {
  /** As customers know it. */
  @ApiProperty({ example: 'Rosenrot Club' })
  name: string;

  @ApiProperty({ example: 'rosenrot' })
  slug: string;
}

export class MySessionDto {
  /** When the token ends. */
  @ApiProperty({ type: String, format: 'date-time', example: '2026-11-24T09:45:00.000Z' })
  expiresAt: Date;

  /** Language of the customer’s page. */
  @ApiProperty({ enum: ['de', 'en'], example: 'de' })
  locale: 'de' | 'en';

  @ApiProperty({ type: () => SessionProgrammeDto })
  programme: SessionProgrammeDto;
}

export class EnteredSessionDto extends MySessionDto {
  /** Stands for this one customer, as a bearer token for `/v1/me/…`. */
  @ApiProperty({
    example: 'eyJhbGciOiJIUzI1NiIsInR5cCI6Imd3LXNlc3Npb24rand0In0.eyJwcm9ncmFtbWUiOiIwMTlhIn0.c2lnbmF0dXJl',
  })
  token: string;
}
