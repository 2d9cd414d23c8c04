import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonSchema, Sensitivity } from '../catalogue';
import type { NoticeChange } from './notice-change';
import type { AskedPurpose, Reward, Texts } from './published-offer';

/** What a draft asks for. */
export interface DraftAsk {
  attribute: string;
  required: boolean;
  purposes: { key: string; required: boolean }[];
}

/** What a published version asks for: the catalogue as it was when the offer was published. */
export interface PublishedAsk extends DraftAsk {
  title: Texts;
  schema: JsonSchema;
  sensitivity: Sensitivity;
  retentionDays: number;
  purposes: AskedPurpose[];
}

export interface Budget {
  points?: number;
  codes?: number;
}

/** Why this much is given for the data (§ 7081 CCPA Regulations). */
export interface ValueOfData {
  method: string;
  inputs: unknown;
  reviewer: string;
  /** RFC 3339 or a date. */
  validUntil: string;
}

/** One version of an offer: a draft until publishedAt is set, and unchangeable from then on. */
@Entity('offer_versions')
export class OfferVersionEntity {
  @PrimaryColumn('uuid', { name: 'programme_id' })
  programmeId: string;

  @PrimaryColumn('uuid', { name: 'offer_id' })
  offerId: string;

  @PrimaryColumn('integer')
  version: number;

  @Column('jsonb')
  title: Texts;

  @Column('jsonb')
  text: Texts;

  @Column('jsonb')
  asks: (DraftAsk | PublishedAsk)[];

  @Column('jsonb')
  reward: Reward;

  @Column('integer', { name: 'valid_days', nullable: true })
  validDays: number | null;

  @Column('timestamptz', { name: 'starts_at', nullable: true })
  startsAt: Date | null;

  @Column('timestamptz', { name: 'ends_at', nullable: true })
  endsAt: Date | null;

  @Column('jsonb', { nullable: true })
  budget: Budget | null;

  @Column('integer', { name: 'per_customer_times' })
  perCustomerTimes: number;

  @Column('integer', { name: 'per_customer_every_days' })
  perCustomerEveryDays: number;

  @Column('text', { nullable: true })
  eligibility: string | null;

  /** By ISO 3166-1 country; `default` for every other one. */
  @Column('jsonb', { name: 'minimum_age', nullable: true })
  minimumAge: Record<string, number> | null;

  @Column('text', { array: true, nullable: true })
  regions: string[] | null;

  @Column('jsonb', { name: 'value_of_data', nullable: true })
  valueOfData: ValueOfData | null;

  /** How its notice differs from the version before; null for the first. */
  @Column('text', { nullable: true })
  change: NoticeChange | null;

  @Column('timestamptz', { name: 'published_at', nullable: true })
  publishedAt: Date | null;

  /** Of the caller who published it; null: before this was asked, or not yet. */
  @Column('uuid', { name: 'published_by', nullable: true })
  publishedBy: string | null;

  /** Of the caller who edited it last. */
  @Column('uuid', { name: 'written_by', nullable: true })
  writtenBy: string | null;

  /** Counts the edits; the database does. */
  @Column({ type: 'integer', insert: false, update: false })
  revision: number;
}
