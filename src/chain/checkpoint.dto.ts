import { ApiProperty } from '@nestjs/swagger';

export class CheckpointDto {
  /** Blocks of a programme are numbered from 1, without a gap. */
  @ApiProperty({ type: 'integer', example: 42 })
  block: number;

  /** SHA-256 of the block, and by it of all before. */
  @ApiProperty({
    pattern: '^[0-9a-f]{64}$',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  hash: string;

  /** Transfers, shares, consents, their events and disclosures that it covers. */
  @ApiProperty({ type: 'integer', example: 118 })
  rows: number;

  @ApiProperty({ format: 'date-time' })
  sealedAt: string;

  /** All of this, signed (JWS) by a key of jwks.json. What to keep elsewhere. */
  @ApiProperty({ example: 'eyJhbGciOiJFZERTQSJ9.eyJibG9jayI6NDJ9.c2lnbmF0dXJl' })
  checkpoint: string;
}

export class CheckpointPageDto {
  @ApiProperty({ type: [CheckpointDto] })
  data: CheckpointDto[];

  @ApiProperty({ type: 'string', nullable: true, example: null })
  nextCursor: string | null;
}
