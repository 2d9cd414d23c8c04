import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Locale } from './published-offer';

/** The exact text shown, one a version and locale. */
@Entity('notices')
export class NoticeEntity {
  @PrimaryColumn('uuid', { name: 'programme_id' })
  programmeId: string;

  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'offer_id' })
  offerId: string;

  @Column('integer', { name: 'offer_version' })
  offerVersion: number;

  @Column('text')
  locale: Locale;

  @Column('text')
  text: string;

  /** SHA-256 of the text in UTF-8, in hexadecimal. */
  @Column('text')
  hash: string;
}
