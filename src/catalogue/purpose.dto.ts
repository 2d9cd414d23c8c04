import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { AreTexts, IsKey, TextsDto } from './texts.dto';

export class CreatePurposeDto {
  @IsKey('newsletter')
  key: string;

  @AreTexts()
  title: TextsDto;

  @AreTexts()
  description: TextsDto;

  /** The purpose in terms of the W3C Data Privacy Vocabulary. */
  @ApiPropertyOptional({ example: 'dpv:DirectMarketing' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Matches(/^(dpv:|https:\/\/w3id\.org\/dpv#?)[A-Za-z0-9/#_-]+$/, {
    message: 'must be a term of the W3C Data Privacy Vocabulary: dpv:DirectMarketing',
  })
  dpv?: string;

  /** Whether it is advertising by others: the notice then says so. */
  @IsOptional()
  @IsBoolean()
  thirdPartyAdvertising?: boolean;

  /** Seconds that a recipient may use what it was given before it must ask again. */
  @ApiPropertyOptional({ type: 'integer', minimum: 60, maximum: 31_536_000, default: 86_400, example: 86_400 })
  @IsOptional()
  @IsInt()
  @Min(60)
  @Max(31_536_000)
  leaseSeconds?: number;
}

export class PurposeDto {
  @ApiProperty({ example: 'newsletter' })
  key: string;

  title: TextsDto;

  description: TextsDto;

  @ApiPropertyOptional({ example: 'dpv:DirectMarketing' })
  dpv?: string;

  thirdPartyAdvertising: boolean;

  @ApiProperty({ type: 'integer', example: 86_400 })
  leaseSeconds: number;

  @ApiPropertyOptional({ format: 'date-time' })
  withdrawnAt?: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class PurposePageDto {
  data: PurposeDto[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;
}
