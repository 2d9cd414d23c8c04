import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import type { KeyKind, KeyMode } from './key-format';
import { ROLES, type Role } from './principal';

const LONGEST_OVERLAP_SECONDS = 30 * 24 * 3600;

export class NewKeyDto {
  /** Who will use it. A recipient gets its key when it is registered. */
  @IsIn(['storefront', 'staff'])
  @ApiProperty({ enum: ['storefront', 'staff'], example: 'storefront' })
  kind: 'storefront' | 'staff';

  /** What it is for, so that it can be told from the others. */
  @IsString()
  @Length(1, 200)
  @ApiProperty({ example: 'Web shop' })
  name: string;

  /** Required for staff, and only for staff. `admin` may do what the other two may. */
  @IsOptional()
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES, required: false, example: 'marketing' })
  role?: Role;

  /** Only for storefronts. It says what the key is for and is part of it: `gw_sk_live_…` or `gw_sk_test_…`. */
  @IsOptional()
  @IsIn(['live', 'test'])
  @ApiProperty({ enum: ['live', 'test'], required: false, default: 'live' })
  mode?: KeyMode;
}

export class RotationDto {
  /** How long the old key goes on working beside the new one; 0: not at all. */
  @IsInt()
  @Min(0)
  @Max(LONGEST_OVERLAP_SECONDS)
  @ApiProperty({ type: 'integer', example: 86_400 })
  overlapSeconds: number;
}

export class IssuedKeyDto {
  /** Id of the key. */
  @ApiProperty({ example: 'key_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  id: string;

  /** The key itself. It is shown this once and cannot be had again. */
  @ApiProperty({ example: 'gw_sk_live_Yb0v3GZJ5m9pQ7dX1rK8tN2wF4hL6cVaSeUoIiTxWqE' })
  key: string;
}

export class KeyDto {
  /** Id of the key. */
  @ApiProperty({ example: 'key_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  id: string;

  /** Who uses it. */
  @ApiProperty({ enum: ['storefront', 'staff', 'recipient'], example: 'storefront' })
  kind: KeyKind;

  /** What it is for. */
  @ApiProperty({ example: 'Web shop' })
  name: string;

  /** Only of staff. */
  @ApiProperty({ enum: ROLES, required: false, example: 'marketing' })
  role?: Role;

  /** Only of storefronts. */
  @ApiProperty({ enum: ['live', 'test'], required: false, example: 'live' })
  mode?: KeyMode;

  /** Only of recipients: whose it is. */
  @ApiProperty({ required: false, example: 'rcp_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  recipientId?: string;

  /** When it was issued. */
  @ApiProperty({ type: String, format: 'date-time', example: '2026-11-24T09:30:00.000Z' })
  createdAt: Date;

  /** When it stops working, or stopped: a key that was rotated has such a time. */
  @ApiProperty({ type: String, format: 'date-time', required: false, example: '2026-11-25T09:30:00.000Z' })
  expiresAt?: Date;

  /** When it was revoked. */
  @ApiProperty({ type: String, format: 'date-time', required: false, example: '2026-11-24T10:00:00.000Z' })
  revokedAt?: Date;
}

export class KeyListDto {
  /** Newest first. */
  @ApiProperty({ type: [KeyDto] })
  data: KeyDto[];

  /** Send it as `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
