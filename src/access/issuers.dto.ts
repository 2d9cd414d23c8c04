import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';

const CLAIM = /^[A-Za-z0-9_.:/-]{1,200}$/;
const CLAIM_MESSAGE = { message: '$property must be the name of a claim: 1 to 200 of A-Z a-z 0-9 _ . : / -' };

export class NewIssuerDto {
  /** The issuer as its tokens and its discovery document (`<issuer>/.well-known/openid-configuration`) have it. */
  @IsString()
  @Length(1, 500)
  @ApiProperty({ format: 'uri', example: 'https://login.rosenrot.example' })
  issuer: string;

  /** The audience that its tokens for this programme have; they may have others, none of which is registered too. */
  @IsString()
  @Length(1, 500)
  @ApiProperty({ example: 'https://gegenwert.example/rosenrot' })
  audience: string;

  /** Whom its tokens stand for. */
  @IsIn(['customers', 'staff'])
  @ApiProperty({ enum: ['customers', 'staff'], example: 'staff' })
  subjects: 'customers' | 'staff';

  /** The claim that names the caller; for customers it holds their customerRef. */
  @IsOptional()
  @Matches(CLAIM, CLAIM_MESSAGE)
  @ApiProperty({ required: false, default: 'sub', example: 'sub' })
  subjectClaim?: string;

  /** The claim that holds the role of staff: `marketing`, `dpo` or `admin`. */
  @IsOptional()
  @Matches(CLAIM, CLAIM_MESSAGE)
  @ApiProperty({ required: false, default: 'role', example: 'role' })
  roleClaim?: string;

  /**
   * Of staff: as what the console signs them in, a public client that may use PKCE and needs no secret. Tokens that name another
   * client (`azp`, `client_id`) are then refused.
   */
  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,200}$/, { message: 'clientId must be 1 to 200 visible characters of ASCII' })
  @ApiProperty({ required: false, example: 'gegenwert-console' })
  clientId?: string;
}

export class IssuerDto {
  /** Id of this registration. */
  @ApiProperty({ example: 'iss_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  id: string;

  /** The issuer. */
  @ApiProperty({ format: 'uri', example: 'https://login.rosenrot.example' })
  issuer: string;

  /** The audience that its tokens for this programme have. */
  @ApiProperty({ example: 'https://gegenwert.example/rosenrot' })
  audience: string;

  /** Whom its tokens stand for. */
  @ApiProperty({ enum: ['customers', 'staff'], example: 'staff' })
  subjects: 'customers' | 'staff';

  /** The claim that names the caller. */
  @ApiProperty({ example: 'sub' })
  subjectClaim: string;

  /** The claim that holds the role of staff. */
  @ApiProperty({ example: 'role' })
  roleClaim: string;

  /** As what the console signs them in, and the only client whose tokens count; absent: it does not, and any client’s do. */
  @ApiProperty({ required: false, example: 'gegenwert-console' })
  clientId?: string;

  /** When it was registered. */
  @ApiProperty({ type: String, format: 'date-time', example: '2026-11-24T09:30:00.000Z' })
  createdAt: Date;
}

export class IssuerListDto {
  /** Newest first. */
  @ApiProperty({ type: [IssuerDto] })
  data: IssuerDto[];

  /** Send it as `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
