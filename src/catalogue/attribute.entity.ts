import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { JsonSchema } from './attribute-schema';
import type { TextsDto } from './texts.dto';

export const SENSITIVITIES = ['ordinary', 'special'] as const;
export type Sensitivity = (typeof SENSITIVITIES)[number];

/** Something a customer can share. */
@Entity('attributes')
export class AttributeEntity {
  @PrimaryColumn('uuid', { name: 'programme_id' })
  programmeId: string;

  @PrimaryColumn('text')
  key: string;

  @Column('jsonb')
  title: TextsDto;

  @Column('jsonb', { nullable: true })
  description: TextsDto | null;

  @Column('jsonb')
  schema: JsonSchema;

  @Column('text')
  sensitivity: Sensitivity;

  @Column('integer', { name: 'retention_days' })
  retentionDays: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
