import { createPublicKey } from 'node:crypto';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, IsString, Matches, MaxLength, ValidateNested } from 'class-validator';
import { invalidField } from '../platform/problem';

/** An Ed25519 public key as a JWK (RFC 8037); a private one, which has `d`, is refused. */
export class PublicKeyDto {
  @ApiProperty({ enum: ['OKP'], example: 'OKP' })
  @IsIn(['OKP'])
  kty: 'OKP';

  @ApiProperty({ enum: ['Ed25519'], example: 'Ed25519' })
  @IsIn(['Ed25519'])
  crv: 'Ed25519';

  @ApiProperty({ pattern: '^[A-Za-z0-9_-]{43}$', example: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' })
  @Matches(/^[A-Za-z0-9_-]{43}$/, { message: 'x must be 32 bytes in base64url' })
  x: string;

  @ApiPropertyOptional({ example: 'newsletter-2026' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  kid?: string;

  @ApiPropertyOptional({ enum: ['EdDSA', 'Ed25519'] })
  @IsOptional()
  @IsIn(['EdDSA', 'Ed25519'])
  alg?: 'EdDSA' | 'Ed25519';

  @ApiPropertyOptional({ enum: ['sig'] })
  @IsOptional()
  @IsIn(['sig'])
  use?: 'sig';
}

/** A public key in a body. An array is refused: class-validator would take each of its items for the object. */
export const IsPublicKey = () =>
  applyDecorators(
    IsObject({ message: '$property must be an Ed25519 public key as a JWK' }),
    ValidateNested(),
    Type(() => PublicKeyDto),
  );

/** What is kept of it. @throws 422 with this pointer when it is no key. */
export function publicJwkOf({ kty, crv, x, kid }: PublicKeyDto, pointer: string): PublicKeyDto {
  try {
    createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  } catch {
    throw invalidField(`${pointer}/x`, 'x is not an Ed25519 public key');
  }
  return { kty, crv, x, ...(kid === undefined ? {} : { kid }) };
}
