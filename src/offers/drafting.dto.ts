import { ApiProperty, ApiPropertyOptional, IntersectionType, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { IsKey } from '../catalogue';
import { CEL_FAULT_KINDS, type CelFaultKind } from '../platform/cel-fault';
import { IsContext } from '../platform/http/is-context';
import { CreateOfferDto } from './offer.dto';
import type { Context } from './published-offer';
import { QuoteDto } from './quote.dto';

export class DuplicateOfferDto {
  /** Of the new offer. */
  @IsKey('birthday-again')
  key: string;
}

export class EligibilityCheckDto {
  /** CEL over the facts that the storefront gives as `context`. */
  @ApiProperty({ maxLength: 10000, example: 'country in ["DE", "AT"] && orders >= 3' })
  @IsString()
  @MaxLength(10_000)
  eligibility: string;
}

export class PositionDto {
  /** Counted from 1. */
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  line: number;

  /** Counted from 1. */
  @ApiProperty({ type: 'integer', minimum: 1, example: 19 })
  column: number;
}

export class EligibilityFaultDto {
  @ApiProperty({ enum: CEL_FAULT_KINDS, enumName: 'EligibilityFaultKind', example: 'out-of-place' })
  kind: CelFaultKind;

  @ApiProperty({ example: 'Unexpected token: EOF' })
  message: string;

  @ApiPropertyOptional({ type: () => PositionDto })
  position?: PositionDto;
}

export class EligibilityAnswerDto {
  valid: boolean;

  @ApiProperty({ type: () => [EligibilityFaultDto] })
  errors: EligibilityFaultDto[];

  /** The facts that it looks at, by name; `context` alone where it looks at all of them. Empty unless it is valid. */
  @ApiProperty({ type: [String], example: ['country', 'orders'] })
  facts: string[];
}

/** Texts as far as they are written. */
export class UnfinishedTextsDto {
  @ApiPropertyOptional({ maxLength: 4000, example: 'Dein Geburtstag' })
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  de?: string;

  @ApiPropertyOptional({ maxLength: 4000, example: 'Your birthday' })
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  en?: string;
}

/** An offer that somebody is writing: texts may be missing in part or as a whole. */
export class PreviewOfferDto extends IntersectionType(
  PickType(CreateOfferDto, ['asks', 'reward']),
  PartialType(OmitType(CreateOfferDto, ['asks', 'reward', 'title', 'text'])),
) {
  @ApiPropertyOptional({ type: () => UnfinishedTextsDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => UnfinishedTextsDto)
  title?: UnfinishedTextsDto;

  @ApiPropertyOptional({ type: () => UnfinishedTextsDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => UnfinishedTextsDto)
  text?: UnfinishedTextsDto;
}

/** As a customer would be shown it who is made the offer. Nothing of it is stored: its ids are all zeros. */
export class OfferPreviewDto {
  de: QuoteDto;

  en: QuoteDto;
}

export class ExampleCustomerDto {
  @ApiPropertyOptional({ maxLength: 200, example: 'Anna' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  name?: string;

  @IsDefined()
  @IsContext()
  context: Context;
}

export class DryRunDto {
  @ApiProperty({ type: () => [ExampleCustomerDto], minItems: 1, maxItems: 50 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @IsObject({ each: true, message: 'each example must be an object {name, context}' })
  @ValidateNested({ each: true })
  @Type(() => ExampleCustomerDto)
  examples: ExampleCustomerDto[];
}

export const WHY_NOT_IN_DRY_RUN = ['too-young', 'not-eligible', 'exhausted'] as const;

export class DryRunResultDto {
  /** Of the example, or its number. */
  @ApiProperty({ example: 'Anna' })
  name: string;

  /** Whether a share would earn, once the offer is in force and within its window. */
  earnsNow: boolean;

  @ApiPropertyOptional({ enum: WHY_NOT_IN_DRY_RUN })
  whyNot?: (typeof WHY_NOT_IN_DRY_RUN)[number];

  /** What the offer looks at, as the example has it; null where it does not say. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { country: 'DE', orders: null } })
  facts: Context;
}

export class DryRunAnswerDto {
  @ApiProperty({ type: () => [DryRunResultDto] })
  results: DryRunResultDto[];
}
