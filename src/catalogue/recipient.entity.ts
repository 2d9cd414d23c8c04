import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A system that uses values, for the purposes it is registered for (GDPR Art. 4(9)). */
@Entity('recipients')
export class RecipientEntity {
  @PrimaryColumn('uuid', { name: 'programme_id' })
  programmeId: string;

  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  key: string;

  @Column('text')
  name: string;

  @Column('text', { name: 'webhook_url', nullable: true })
  webhookUrl: string | null;

  @Column('bytea', { name: 'wrapped_webhook_secret' })
  wrappedWebhookSecret: Buffer;

  @Column('timestamptz', { name: 'withdrawn_at', nullable: true })
  withdrawnAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}

@Entity('recipient_purposes')
export class RecipientPurposeEntity {
  @PrimaryColumn('uuid', { name: 'programme_id' })
  programmeId: string;

  @PrimaryColumn('uuid', { name: 'recipient_id' })
  recipientId: string;

  @PrimaryColumn('text')
  purpose: string;
}
