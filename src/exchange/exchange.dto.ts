import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { CUSTOMER_REF } from '../access';
import { IsLocale } from '../offers';
import { IsContext } from '../platform/http/is-context';

const EXAMPLE_OFFER = 'off_01k9v5m3c8e1p9r2t4y6u8i0aa';

export class ShareConsent {
  /** Key of the attribute. */
  @ApiProperty({ example: 'birthday' })
  @IsString()
  @MaxLength(64)
  attribute: string;

  /** Keys of the purposes that the customer agrees to for this attribute. */
  @ApiProperty({ example: ['birthday-greeting'] })
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  purposes: string[];
}

/** A share by the customer; the token says whose. */
export class MeShareBody {
  @ApiProperty({ example: EXAMPLE_OFFER })
  @IsString()
  offerId: string;

  @ApiProperty({ type: 'integer', example: 1 })
  @IsInt()
  @Min(1)
  offerVersion: number;

  /** Hash of the notice that was shown, from the quote. */
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(128)
  noticeHash: string;

  /** Values by attribute, each of the attribute's schema; null says "prefer not to say" of a special-category attribute. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { birthday: '1990-04-01' } })
  @IsObject()
  values: Record<string, unknown>;

  /** What the customer agrees to; what is asked and not in it is refused, and the refusal is kept. */
  @ApiProperty({ type: [ShareConsent] })
  @IsArray()
  @ArrayMaxSize(50)
  // Without it an array for a consent would pass: class-validator takes each of its items for one.
  @IsObject({ each: true, message: 'each consent must be an object {attribute, purposes}' })
  @ValidateNested({ each: true })
  @Type(() => ShareConsent)
  consents: ShareConsent[];

  /** Language of the notice that was shown. */
  @IsLocale()
  locale?: string;

  /** Where it was shared. */
  @ApiPropertyOptional({ example: 'checkout' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  channel?: string;

  /** Taken from storefronts only; of a customer's own call it has no effect: theirs come with the session. */
  @IsOptional()
  @IsContext()
  context?: Record<string, unknown>;
}

export class ShareBody extends MeShareBody {
  /** The storefront's own reference of the customer. */
  @ApiProperty({ example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  customerRef: string;
}

export class DiscountView {
  @ApiProperty({ enum: ['percent', 'amount'], example: 'percent' })
  kind: 'percent' | 'amount';
  @ApiPropertyOptional({ example: 10 })
  percent?: number;
  /** In minor units of currency. */
  @ApiPropertyOptional({ type: 'integer', example: 500 })
  amountMinor?: number;
  @ApiPropertyOptional({ example: 'EUR' })
  currency?: string;
  @ApiProperty({ type: 'integer', example: 30 })
  validDays: number;
  @ApiPropertyOptional({ type: 'integer', example: 2000 })
  minimumOrderMinor?: number;
}

export class RewardView {
  @ApiProperty({ enum: ['points', 'discount'], example: 'points' })
  type: 'points' | 'discount';
  @ApiPropertyOptional({ type: 'integer', example: 120 })
  points?: number;
  @ApiPropertyOptional({ type: () => DiscountView })
  discount?: DiscountView;
}

export class AwardAnswer {
  @ApiPropertyOptional({ example: 'awd_01k9v5m3c8e1p9r2t4y6u8i0ab' })
  id?: string;
  /** none: the customer has earned from this offer within its period, or confirms its new notice; granted: booked, or the code is made. */
  @ApiProperty({ enum: ['pending', 'granted', 'none'], example: 'pending' })
  status: 'pending' | 'granted' | 'none';
  @ApiPropertyOptional({ type: () => RewardView })
  reward?: RewardView;
  /** The discount code, once it is made. */
  @ApiPropertyOptional({ example: '7K3MQ9TZ4W2C' })
  code?: string;
  @ApiPropertyOptional({ enum: ['cool-off', 'confirming'], example: 'cool-off' })
  why?: string;
}

export class ConsentAnswer {
  @ApiProperty({ example: 'cns_01k9v5m3c8e1p9r2t4y6u8i0ac' })
  id: string;
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;
}

/** Answered to a share that came with Sec-GPC: 1. */
export class GpcAnswer {
  /** `attribute:purpose` of advertising by others: refused by the signal, whatever the call says otherwise. */
  @ApiProperty({ type: [String], example: ['birthday:partner-ads'] })
  refused: string[];
}

export class ShareAnswer {
  @ApiProperty({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  id: string;
  @ApiProperty({ enum: ['accepted'], example: 'accepted' })
  status: 'accepted';
  @ApiProperty({ type: () => AwardAnswer })
  award: AwardAnswer;
  @ApiProperty({ type: [ConsentAnswer] })
  consents: ConsentAnswer[];
  @ApiPropertyOptional({ type: () => GpcAnswer })
  globalPrivacyControl?: GpcAnswer;
  /** Signed proof of the consents (JWS, EdDSA; keys at /.well-known/jwks.json). */
  @ApiProperty({ example: 'eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJnZWdlbndlcnQifQ.c2lnbmF0dXJl' })
  receipt: string;
}

export class ConsentView extends ConsentAnswer {
  @ApiProperty({ enum: ['active', 'withdrawn', 'expired', 'superseded'], example: 'active' })
  status: string;
}

export class ShareView {
  @ApiProperty({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  id: string;
  @ApiProperty({ enum: ['accepted'], example: 'accepted' })
  status: 'accepted';
  @ApiProperty({ example: 'customer-4711' })
  customerRef: string;
  @ApiProperty({ example: EXAMPLE_OFFER })
  offerId: string;
  @ApiProperty({ type: 'integer', example: 1 })
  offerVersion: number;
  @ApiProperty({ example: 'checkout' })
  channel: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  acceptedAt: string;
  @ApiProperty({ type: () => AwardAnswer })
  award: AwardAnswer;
  @ApiProperty({ type: [ConsentView] })
  consents: ConsentView[];
  /** `attribute:purpose` that was asked and not granted. */
  @ApiProperty({ example: ['birthday:profiling'] })
  refused: string[];
  /** Whether the call said Sec-GPC: 1, so that advertising by others is among what was refused. */
  @ApiProperty({ example: false })
  globalPrivacyControl: boolean;
  @ApiProperty({ example: 'eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJnZWdlbndlcnQifQ.c2lnbmF0dXJl' })
  receipt: string;
}
