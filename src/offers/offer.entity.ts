import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

export const OFFER_STATUSES = ['draft', 'live', 'paused', 'ended'] as const;
export type OfferStatus = (typeof OFFER_STATUSES)[number];

/** What stays the same in every version of an offer. */
@Entity('offers')
export class OfferEntity {
  @PrimaryColumn('uuid', { name: 'programme_id' })
  programmeId: string;

  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  key: string;

  @Column('text')
  status: OfferStatus;

  /** The version in force; null as long as none was published. */
  @Column('integer', { name: 'published_version', nullable: true })
  publishedVersion: number | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
