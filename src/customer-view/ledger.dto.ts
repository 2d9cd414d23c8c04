import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { RewardView } from '../exchange';
import { IsLocale } from '../offers';
import { PageQuery } from '../platform/http/page.dto';

export class LocaleQuery {
  @IsLocale()
  locale?: string;
}

export class LocalePage extends PageQuery {
  @IsLocale()
  locale?: string;
}

export const PURPOSE_STATUSES = ['active', 'withdrawn', 'expired', 'superseded', 'refused'] as const;
export type PurposeStatus = (typeof PURPOSE_STATUSES)[number];

export class LedgerOffer {
  @ApiProperty({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  id: string;
  @ApiProperty({ example: 'birthday' })
  key: string;
  /** The version that was accepted. */
  @ApiProperty({ type: 'integer', example: 1 })
  version: number;
  @ApiProperty({ example: 'Ein Gruß zum Geburtstag' })
  title: string;
}

export class LedgerPurpose {
  @ApiProperty({ example: 'birthday-greeting' })
  key: string;
  @ApiProperty({ example: 'Glückwünsche zum Geburtstag' })
  title: string;
  /** refused: was asked and not granted; expired: the retention that was agreed to is over. */
  @ApiProperty({ enum: PURPOSE_STATUSES, example: 'active' })
  status: PurposeStatus;
  /** When the consent ends by itself, or would have; absent where it was refused. */
  @ApiPropertyOptional({ format: 'date-time', example: '2027-11-24T09:00:00.000Z' })
  until?: string;
  /** Who may be given the value, by name: those that the notice named; absent where it was refused. */
  @ApiPropertyOptional({ type: [String], example: ['Nordwind Newsletter'] })
  recipients?: string[];
  /** Until when nobody is given the value; absent where nothing pauses it. */
  @ApiPropertyOptional({ format: 'date-time', example: '2099-01-01T00:00:00.000Z' })
  pausedUntil?: string;
}

/** What the customer has paused, and may end before its time. */
export class LedgerPause {
  @ApiProperty({ example: 'pau_01k9v5m3c8e1p9r2t4y6u8i0ah' })
  id: string;
  @ApiProperty({ format: 'date-time', example: '2099-01-01T00:00:00.000Z' })
  until: string;
}

export class LedgerAsk {
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ example: 'Geburtsdatum' })
  title: string;
  @ApiProperty({ type: () => [LedgerPurpose] })
  purposes: LedgerPurpose[];
}

/** Who has been given values under the share's consents. */
export class LedgerUse {
  /** Key of the recipient. */
  @ApiProperty({ example: 'newsletter' })
  recipient: string;
  @ApiProperty({ example: 'Newsletter' })
  name: string;
  /** Key of the purpose. */
  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;
  @ApiProperty({ type: 'integer', example: 2 })
  times: number;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  lastAt: string;
}

/** How many of the recipients that got something under what was revoked have confirmed it. */
export class RecipientsTold {
  @ApiProperty({ type: 'integer', example: 1 })
  acknowledged: number;
  @ApiProperty({ type: 'integer', example: 2 })
  of: number;
}

export class LedgerItem {
  @ApiProperty({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  shareId: string;
  @ApiProperty({ type: () => LedgerOffer })
  offer: LedgerOffer;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  sharedAt: string;
  /** Everything the offer asked for, in its order. */
  @ApiProperty({ type: () => [LedgerAsk] })
  asks: LedgerAsk[];
  /** As promised at the share; null: it earned nothing, see why. */
  @ApiProperty({ type: () => RewardView, nullable: true })
  reward: RewardView | null;
  @ApiPropertyOptional({ enum: ['cool-off', 'confirming'], example: 'cool-off' })
  why?: string;
  @ApiProperty({ enum: ['pending', 'granted', 'none'], example: 'granted' })
  awardStatus: 'pending' | 'granted' | 'none';
  /** The discount code, once it is made. */
  @ApiPropertyOptional({ example: '7K3MQ9TZ4W2C' })
  code?: string;
  @ApiProperty({ type: () => [LedgerUse] })
  usedBy: LedgerUse[];
  /** The customer's own pauses that are on and touch something of the share. */
  @ApiProperty({ type: () => [LedgerPause] })
  pauses: LedgerPause[];
  /** What ended something of the share, each with a progress and a certificate of its own; the oldest first. */
  @ApiProperty({ type: [String], example: ['rev_01k9v5m3c8e1p9r2t4y6u8i0af'] })
  revocations: string[];
  /** When something of the share was last taken back. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  revokedAt?: string;
  /** Present with revokedAt. */
  @ApiPropertyOptional({ type: () => RecipientsTold })
  recipientsTold?: RecipientsTold;
}

export class LedgerPage {
  @ApiProperty({ type: () => [LedgerItem] })
  data: LedgerItem[];
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
