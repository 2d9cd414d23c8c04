import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { PublicKeyDto } from './public-key';

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

  /** By when it must confirm a notice of revocation. */
  @Column('integer', { name: 'due_hours' })
  dueHours: number;

  @Column('boolean', { name: 'suspend_when_overdue' })
  suspendWhenOverdue: boolean;

  @Column('jsonb', { name: 'public_jwk', nullable: true })
  publicJwk: PublicKeyDto | null;

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
