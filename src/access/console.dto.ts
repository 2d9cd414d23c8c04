import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { ROLES, type Role } from './principal';

export class ConsoleQuery {
  /** Short name of the programme whose staff sign in. */
  @Matches(/^[a-z][a-z0-9-]{1,62}$/, { message: 'programme must be the slug of a programme' })
  @ApiProperty({ example: 'rosenrot' })
  programme: string;
}

export class ConsoleProgrammeDto {
  @ApiProperty({ example: 'Rosenrot Club' })
  name: string;

  @ApiProperty({ example: 'rosenrot' })
  slug: string;
}

export class ConsoleIssuerDto {
  @ApiProperty({ format: 'uri', example: 'https://login.rosenrot.example' })
  issuer: string;

  /** As what the console signs staff in. */
  @ApiProperty({ example: 'gegenwert-console' })
  clientId: string;

  /** What its tokens must be for: to be asked for as `resource` (RFC 8707) where it is not the client itself. */
  @ApiProperty({ example: 'https://gegenwert.example/rosenrot' })
  audience: string;
}

export class ConsoleConfigDto {
  @ApiProperty({ type: () => ConsoleProgrammeDto })
  programme: ConsoleProgrammeDto;

  /** Where staff can sign in. */
  @ApiProperty({ type: () => [ConsoleIssuerDto] })
  issuers: ConsoleIssuerDto[];

  /** Whether a key of staff may be typed in instead: where this service runs on its own embedded database, for development. */
  @ApiProperty({ example: false })
  staffKey: boolean;
}

export class StaffProgrammeDto {
  @ApiProperty({ example: 'prg_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  id: string;

  @ApiProperty({ example: 'Rosenrot Club' })
  name: string;

  @ApiProperty({ example: 'rosenrot' })
  slug: string;

  @ApiProperty({ enum: ['de', 'en'], example: 'de' })
  locale: 'de' | 'en';

  /** Whether an offer is published only after a second person has approved it. */
  @ApiProperty({ example: false })
  requiresApproval: boolean;
}

export class StaffMeDto {
  @ApiProperty({ type: () => StaffProgrammeDto })
  programme: StaffProgrammeDto;

  @ApiProperty({ enum: ROLES, example: 'marketing' })
  role: Role;

  /** Of the person, where their token says it; otherwise of the key. */
  @ApiProperty({ example: 'Mara' })
  name: string;
}
