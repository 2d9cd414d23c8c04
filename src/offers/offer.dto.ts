import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  getSchemaPath,
  OmitType,
  PartialType,
} from '@nestjs/swagger';
import { plainToInstance, Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  isISO8601,
  IsNotEmpty,
  IsObject,
  IsOptional,
  isRFC3339,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { AreTexts, IsKey, TextsDto } from '../catalogue';
import { IsTime } from '../platform/http/is-time';
import { isWithin } from '../platform/json-bounds';
import { ApprovalDto } from './approval.dto';
import { AskDto } from './ask.dto';
import { faultOfEligibility } from './eligibility';
import { NOTICE_CHANGES, type NoticeChange } from './notice-change';
import { OFFER_STATUSES, type OfferStatus } from './offer.entity';
import type { Locale } from './published-offer';
import { ApiReward, IsReward, type RewardDto } from './reward.dto';

export const EXAMPLE_HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** Texts in both languages, or one text for both. */
const AreTextsOrOne = (example: TextsDto) =>
  applyDecorators(
    ApiExtraModels(TextsDto),
    ApiProperty({ oneOf: [{ $ref: getSchemaPath(TextsDto) }, { type: 'string' }], example }),
    AreTexts(),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? plainToInstance(TextsDto, { de: value, en: value }) : value,
    ),
  );

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const isDayOrTime = (value: unknown): boolean =>
  isISO8601(value, { strict: true, strictSeparator: true }) && (DAY.test(String(value)) || isRFC3339(value));

/** ISO 8601 has more forms than can be compared with a time: weeks, days of a year, times without an offset. */
const IsDayOrTime = () =>
  ValidateBy({
    name: 'isDayOrTime',
    validator: {
      validate: isDayOrTime,
      defaultMessage: () => '$property must be a day (2026-01-31) or a time in RFC 3339 form (2026-01-31T22:00:00Z)',
    },
  });

const IsEligibility = () =>
  ValidateBy({
    name: 'isEligibility',
    validator: {
      validate: (value) => typeof value === 'string' && faultOfEligibility(value) === undefined,
      defaultMessage: (args) =>
        `eligibility ${typeof args?.value === 'string' ? faultOfEligibility(args.value) : 'must be a CEL expression'}`,
    },
  });

const isAge = (age: unknown): boolean => Number.isInteger(age) && Number(age) >= 0 && Number(age) <= 150;

const isMinimumAge = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return isAge(value);
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(([country, age]) => /^([A-Z]{2}|default)$/.test(country) && isAge(age));
};

const IsMinimumAge = () =>
  ValidateBy({
    name: 'isMinimumAge',
    validator: {
      validate: isMinimumAge,
      defaultMessage: () => 'minimumAge must be an age, or an object of country (ISO 3166-1, or default) and age',
    },
  });

/** A text, or an object with what the estimate was made of. */
const IsInputs = () =>
  ValidateBy({
    name: 'isInputs',
    validator: {
      validate: (value) =>
        (typeof value === 'string' || (typeof value === 'object' && value !== null)) &&
        Object.keys(value).length > 0 &&
        isWithin(value, { bytes: 8192, levels: 8 }),
      defaultMessage: () => 'inputs must say what the estimate was made of: a text or an object of at most 8 kB',
    },
  });

export class BudgetDto {
  /** Points that the offer may promise in all. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, example: 100000 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  points?: number;

  /** Discount codes that the offer may promise in all. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  codes?: number;
}

export class PerCustomerDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 1000, example: 1 })
  @IsInt()
  @Min(1)
  @Max(1000)
  times: number;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 36500, example: 365 })
  @IsInt()
  @Min(1)
  @Max(36500)
  everyDays: number;
}

/** Value of the data to the business (§ 7081 CCPA Regulations). */
export class ValueOfDataDto {
  @ApiProperty({ example: '§ 7081(a)(8): expense related to the offering of the incentive' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(1000)
  method: string;

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
    example: { costPerThankYouMinor: 120, currency: 'USD' },
  })
  @IsInputs()
  inputs: string | object;

  @ApiProperty({ example: 'Data protection officer' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reviewer: string;

  /** A date, or a time in RFC 3339 form. */
  @ApiProperty({ example: '2027-12-31' })
  @IsDayOrTime()
  validUntil: string;
}

export class CreateOfferDto {
  @IsKey('birthday')
  key: string;

  @AreTextsOrOne({ de: 'Dein Geburtstag', en: 'Your birthday' })
  title: Record<Locale, string>;

  @AreTextsOrOne({
    de: 'Verrate uns deinen Geburtstag, und wir gratulieren dir.',
    en: 'Tell us your birthday, and we will congratulate you.',
  })
  text: Record<Locale, string>;

  @ApiProperty({ type: () => [AskDto], minItems: 1 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @ArrayUnique((ask?: AskDto | null) => ask?.attribute, { message: 'No attribute may be asked for twice' })
  @IsObject({ each: true, message: 'each ask must be an object {attribute, purposes, required}' })
  @ValidateNested({ each: true })
  @Type(() => AskDto)
  asks: AskDto[];

  @IsReward()
  reward: RewardDto;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsTime()
  startsAt?: string | null;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsTime()
  endsAt?: string | null;

  @ApiPropertyOptional({ type: () => BudgetDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => BudgetDto)
  budget?: BudgetDto | null;

  /** How often a customer earns: once a 365 days unless said otherwise. */
  @ApiPropertyOptional({ type: () => PerCustomerDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => PerCustomerDto)
  perCustomer?: PerCustomerDto | null;

  /** CEL over the facts that the storefront gives as `context`; a missing fact means not eligible. */
  @ApiPropertyOptional({ type: 'string', maxLength: 2000, example: 'country in ["DE", "AT"] && orders >= 3' })
  @IsOptional()
  @IsEligibility()
  eligibility?: string | null;

  /** An age, or ages by country with an optional `default`. */
  @ApiPropertyOptional({
    oneOf: [{ type: 'integer' }, { type: 'object', additionalProperties: { type: 'integer' } }],
    example: 16,
  })
  @IsOptional()
  @IsMinimumAge()
  minimumAge?: number | Record<string, number> | null;

  /** Countries (ISO 3166-1) and regions (ISO 3166-2) that the offer is for. */
  @ApiPropertyOptional({ type: [String], example: ['DE', 'AT'] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(300)
  @ArrayUnique()
  @Matches(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, { each: true, message: 'each region must be like DE or US-CA' })
  regions?: string[] | null;

  /** Days that the points last, counted from the share; for good unless said. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 36500 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(36500)
  validDays?: number | null;

  @ApiPropertyOptional({ type: () => ValueOfDataDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ValueOfDataDto)
  valueOfData?: ValueOfDataDto | null;
}

/** What is to change; null takes an optional field away. */
export class EditOfferDto extends PartialType(OmitType(CreateOfferDto, ['key']), { skipNullProperties: false }) {}

/** Of a version that follows another: how its notice differs. */
export class PublishOfferDto {
  /**
   * `material`: customers are asked again; `compatible`: only the wording is another. What goes beyond existing consents (an attribute,
   * a purpose, a recipient, a longer retention) is material whether it is said or not, and cannot be called compatible.
   */
  @ApiPropertyOptional({ enum: NOTICE_CHANGES, example: 'material' })
  @IsOptional()
  @IsIn(NOTICE_CHANGES)
  change?: NoticeChange;

  /** Days in which customers can confirm; then what they have not confirmed ends. Without, it lasts as it was given. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 3650, example: 30 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3650)
  graceDays?: number;
}

/** The terms of one version. */
export class OfferTermsDto {
  title: TextsDto;

  text: TextsDto;

  @ApiProperty({ type: () => [AskDto] })
  asks: AskDto[];

  @ApiReward()
  reward: RewardDto;

  @ApiPropertyOptional({ format: 'date-time' })
  startsAt?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  endsAt?: string;

  budget?: BudgetDto;

  perCustomer: PerCustomerDto;

  eligibility?: string;

  @ApiPropertyOptional({
    oneOf: [{ type: 'integer' }, { type: 'object', additionalProperties: { type: 'integer' } }],
  })
  minimumAge?: number | Record<string, number>;

  regions?: string[];

  @ApiPropertyOptional({ type: 'integer' })
  validDays?: number;

  valueOfData?: ValueOfDataDto;
}

export class OfferDraftDto extends OfferTermsDto {
  /** The version it becomes when it is published. */
  @ApiProperty({ type: 'integer', example: 2 })
  version: number;

  /** Counts the edits: an approval is of one revision. */
  @ApiProperty({ type: 'integer', example: 1 })
  revision: number;
}

export class OfferNoticeDto {
  @ApiProperty({ example: 'ntc_01jx3k5v9re7r8q2m4n6p8s0t2' })
  id: string;

  @ApiProperty({ enum: ['de', 'en'] })
  locale: Locale;

  /** SHA-256 of the text, in hexadecimal. */
  @ApiProperty({ example: EXAMPLE_HASH })
  hash: string;

  @ApiProperty({ example: 'Your birthday\n\nTell us your birthday, and we will congratulate you. …' })
  text: string;
}

/** An offer: its terms are those of the version in force or, as long as there is none, of the draft. */
export class OfferDto extends OfferTermsDto {
  @ApiProperty({ example: 'off_01jx3k5v9re7r8q2m4n6p8s0t2' })
  id: string;

  @ApiProperty({ example: 'birthday' })
  key: string;

  @ApiProperty({ enum: OFFER_STATUSES, example: 'live' })
  status: OfferStatus;

  /** The version in force; null as long as none was published. */
  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  version: number | null;

  /** What the next version will be, if someone works on it. */
  @ApiProperty({ type: () => OfferDraftDto, nullable: true })
  draft: OfferDraftDto | null;

  @ApiProperty({ type: () => ApprovalDto })
  approval: ApprovalDto;

  /** What the offer may still promise, in its budget's unit: points or codes. Absent where none limits it, or none is in force. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 98800 })
  budgetLeft?: number;

  /** The texts that customers see of the version in force. */
  @ApiProperty({ type: () => [OfferNoticeDto] })
  notices: OfferNoticeDto[];

  @ApiPropertyOptional({ format: 'date-time' })
  publishedAt?: string;

  /** How the notice in force differs from the version before: `material` asks customers again. */
  @ApiPropertyOptional({ enum: NOTICE_CHANGES })
  change?: NoticeChange;

  /** When consents under the notices before it end that were not confirmed. */
  @ApiPropertyOptional({ format: 'date-time' })
  confirmBy?: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class OfferPageDto {
  @ApiProperty({ type: () => [OfferDto] })
  data: OfferDto[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;
}
