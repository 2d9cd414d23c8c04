import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsObject, IsOptional, Max, Min } from 'class-validator';
import type { JsonSchema } from './attribute-schema';
import { SENSITIVITIES, type Sensitivity } from './attribute.entity';
import { AreTexts, IsKey, TextsDto } from './texts.dto';

export class CreateAttributeDto {
  @IsKey('birthDate')
  key: string;

  @AreTexts()
  title: TextsDto;

  @IsOptional()
  @AreTexts()
  description?: TextsDto;

  /** JSON Schema 2020-12 that a value must match: at most 16 kB; references only within it. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'string', format: 'date' } })
  @IsObject()
  schema: JsonSchema;

  /** `special`: special category (GDPR Art. 9), also by what a value reveals. */
  @ApiProperty({ enum: SENSITIVITIES, example: 'ordinary' })
  @IsIn(SENSITIVITIES)
  sensitivity: Sensitivity;

  /** Days that a value is kept, counted from the share. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 36500, example: 365 })
  @IsInt()
  @Min(1)
  @Max(36500)
  retentionDays: number;
}

export class AttributeDto {
  @ApiProperty({ example: 'birthDate' })
  key: string;

  title: TextsDto;

  description?: TextsDto;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'string', format: 'date' } })
  schema: JsonSchema;

  @ApiProperty({ enum: SENSITIVITIES, example: 'ordinary' })
  sensitivity: Sensitivity;

  @ApiProperty({ type: 'integer', example: 365 })
  retentionDays: number;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class AttributePageDto {
  data: AttributeDto[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;
}
