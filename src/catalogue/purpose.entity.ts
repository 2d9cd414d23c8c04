import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { TextsDto } from './texts.dto';

/** What a value may be used for. */
@Entity('purposes')
export class PurposeEntity {
  @PrimaryColumn('uuid', { name: 'programme_id' })
  programmeId: string;

  @PrimaryColumn('text')
  key: string;

  @Column('jsonb')
  title: TextsDto;

  @Column('jsonb')
  description: TextsDto;

  @Column('text', { nullable: true })
  dpv: string | null;

  @Column('boolean', { name: 'third_party_advertising' })
  thirdPartyAdvertising: boolean;

  /** How long a recipient may use what it was given before it asks again. */
  @Column('integer', { name: 'lease_seconds' })
  leaseSeconds: number;

  @Column('timestamptz', { name: 'withdrawn_at', nullable: true })
  withdrawnAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
