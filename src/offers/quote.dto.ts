import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { CUSTOMER_REF } from '../access';
import type { JsonSchema } from '../catalogue';
import { PageQuery } from '../platform/http/page.dto';
import { IsContext } from '../platform/http/is-context';
import { IsLocale } from './locale';
import type { Context, Locale } from './published-offer';
import { EXAMPLE_HASH } from './offer.dto';
import { ApiReward, type RewardDto } from './reward.dto';

export const WHY_NOTS = ['too-young', 'not-eligible', 'exhausted', 'confirming', 'cool-off'] as const;
export type WhyNot = (typeof WHY_NOTS)[number];

export class QuotesQuery extends PageQuery {
  @IsLocale()
  locale?: string;
}

export class AskForQuotesDto {
  /** The storefront's own reference of the customer. */
  @ApiProperty({ pattern: CUSTOMER_REF.source, example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 of A–Z a–z 0–9 . _ : @ | -' })
  customerRef: string;

  @IsLocale()
  locale?: string;

  @IsOptional()
  @IsContext()
  context?: Context;
}

export class QuoteNoticeDto {
  @ApiProperty({ example: 'ntc_01jx3k5v9re7r8q2m4n6p8s0t2' })
  id: string;

  /** SHA-256 of the text in hexadecimal: the share sends it back. */
  @ApiProperty({ example: EXAMPLE_HASH })
  hash: string;

  @ApiProperty({ example: 'Your birthday\n\nTell us your birthday, and we will congratulate you. …' })
  text: string;

  /** The language that the text is in. */
  @ApiProperty({ enum: ['de', 'en'] })
  locale: Locale;
}

export class QuotePurposeDto {
  @ApiProperty({ example: 'newsletter' })
  key: string;

  @ApiProperty({ example: 'Newsletter' })
  title: string;

  @ApiProperty({ example: 'We congratulate you by mail.' })
  description: string;

  /** False: the customer's own choice, which never changes the reward. */
  required: boolean;

  /** Who is given the value, by name. */
  @ApiProperty({ type: [String], example: ['Nordwind Newsletter'] })
  recipients: string[];
}

export class QuoteAskDto {
  @ApiProperty({ example: 'birthDate' })
  attribute: string;

  @ApiProperty({ example: 'Date of birth' })
  title: string;

  @ApiProperty({ type: () => [QuotePurposeDto] })
  purposes: QuotePurposeDto[];

  required: boolean;

  /** Special category (GDPR Art. 9): explicit consent of its own, and null as its value says "prefer not to say". */
  special: boolean;

  @ApiProperty({ type: 'integer', example: 365 })
  retentionDays: number;

  /** JSON Schema (2020-12) of a value: what a page makes its input from. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'string', format: 'date' } })
  schema: JsonSchema;
}

export class QuoteConfirmationDto {
  /** When what was consented to before ends unconfirmed; absent: when its own time is over. */
  @ApiPropertyOptional({ format: 'date-time', example: '2027-01-31T22:00:00.000Z' })
  by?: string;
}

export class QuoteDto {
  @ApiProperty({ example: 'off_01jx3k5v9re7r8q2m4n6p8s0t2' })
  offerId: string;

  @ApiProperty({ type: 'integer', example: 1 })
  offerVersion: number;

  @ApiProperty({ example: 'birthday' })
  key: string;

  @ApiProperty({ example: 'Your birthday' })
  title: string;

  /** The offer's own words; the notice holds them as well. */
  @ApiProperty({ example: 'Tell us your birthday, and we will congratulate you.' })
  text: string;

  notice: QuoteNoticeDto;

  @ApiProperty({ type: () => [QuoteAskDto] })
  asks: QuoteAskDto[];

  @ApiReward()
  reward: RewardDto;

  /** Whether a share would earn the reward now. */
  earnsNow: boolean;

  @ApiPropertyOptional({ enum: WHY_NOTS })
  whyNot?: WhyNot;

  /**
   * The customer consented to this offer before its notice became materially another, and is asked again: a share confirms the new
   * notice and takes the place of what was consented to before.
   */
  @ApiPropertyOptional({ type: () => QuoteConfirmationDto })
  confirms?: QuoteConfirmationDto;
}

export class QuotesDto {
  @ApiProperty({ type: () => [QuoteDto] })
  data: QuoteDto[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;
}
