import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsString, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import { IsPublicKey, PublicKeyDto } from './public-key';
import { AreKeys, IsKey } from './texts.dto';

/** What is agreed with a recipient about revocations. */
class Agreed {
  /** Hours that it has to confirm a notice of revocation. Notices that are owed already keep their time. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 8760, default: 72, example: 72 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(8760)
  dueHours?: number;

  /** Whether it reads nothing more while a confirmation of its is overdue. */
  @ApiPropertyOptional({ default: false, example: true })
  @IsOptional()
  @IsBoolean()
  suspendWhenOverdue?: boolean;
}

export class CreateRecipientDto extends Agreed {
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

  /** What it signs its confirmations with: from then on each must be signed. */
  @ApiPropertyOptional({ type: PublicKeyDto })
  @IsOptional()
  @IsPublicKey()
  publicKey?: PublicKeyDto;
}

export class EditRecipientDto extends Agreed {
  /** Another key, or null: its confirmations need no signature any more. */
  @ApiPropertyOptional({ type: PublicKeyDto, nullable: true })
  @ValidateIf((_, value) => value !== undefined && value !== null)
  @IsPublicKey()
  publicKey?: PublicKeyDto | null;
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

  @ApiProperty({ type: 'integer', example: 72 })
  dueHours: number;

  suspendWhenOverdue: boolean;

  @ApiPropertyOptional({ type: PublicKeyDto })
  publicKey?: PublicKeyDto;

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
