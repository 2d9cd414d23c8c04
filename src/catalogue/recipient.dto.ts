import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { AreKeys, IsKey } from './texts.dto';

export class CreateRecipientDto {
  @IsKey('newsletter-tool')
  key: string;

  /** As the notices name it. */
  @ApiProperty({ minLength: 1, example: 'Nordwind Newsletter' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  name: string;

  /** Keys of the purposes it may use values for. */
  @AreKeys(['newsletter'])
  purposes: string[];

  /** Where it is told what happens; https, and reachable from outside. */
  @ApiPropertyOptional({ format: 'uri', example: 'https://newsletter.example.com/hooks/gegenwert' })
  @IsOptional()
  @IsString()
  webhookUrl?: string;
}

export class RecipientDto {
  @ApiProperty({ example: 'rcp_01jx3k5v9re7r8q2m4n6p8s0t2' })
  id: string;

  @ApiProperty({ example: 'newsletter-tool' })
  key: string;

  @ApiProperty({ example: 'Nordwind Newsletter' })
  name: string;

  @ApiProperty({ type: [String], example: ['newsletter'] })
  purposes: string[];

  @ApiPropertyOptional({ format: 'uri' })
  webhookUrl?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  withdrawnAt?: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class NewRecipientDto extends RecipientDto {
  /** Its key for this API: shown once. */
  @ApiProperty({ example: 'gw_rk_…' })
  apiKey: string;

  /** What its webhooks are signed with (Standard Webhooks): shown once. */
  @ApiProperty({ example: 'whsec_…' })
  webhookSecret: string;
}

export class RecipientPageDto {
  data: RecipientDto[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;
}
