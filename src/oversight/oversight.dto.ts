import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../platform/http/page.dto';
import { PersonsCount } from './persons';

class PurposeTitleDto {
  @ApiProperty({ example: 'Geburtstagsgruß' })
  de: string;

  @ApiProperty({ example: 'Birthday greeting' })
  en: string;
}

/** Whoever took back and gave again counts among both. */
export class PurposeConsentsDto {
  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;

  @ApiProperty({ type: PurposeTitleDto })
  title: PurposeTitleDto;

  /** Persons whose values may be used for it now. */
  @ApiProperty({ type: PersonsCount })
  active: PersonsCount;

  /** Persons with a consent whose use they have paused. */
  @ApiProperty({ type: PersonsCount })
  paused: PersonsCount;

  @ApiProperty({ type: PersonsCount })
  withdrawn: PersonsCount;

  /** Persons with a consent whose time was over. */
  @ApiProperty({ type: PersonsCount })
  expired: PersonsCount;

  /** Persons with a consent that a later one took the place of. */
  @ApiProperty({ type: PersonsCount })
  superseded: PersonsCount;

  /** Names of those that are registered for it, and not withdrawn. */
  @ApiProperty({ type: [String], example: ['Nordwind Newsletter'] })
  recipients: string[];

  /** When staff withdrew it. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  withdrawnAt?: string;
}

export class ConsentsByPurposeDto {
  @ApiProperty({ type: [PurposeConsentsDto] })
  data: PurposeConsentsDto[];
}

export class DisclosureOfCustomerDto {
  @ApiProperty({ example: 'dsc_01k9v5m3c8e1p9r2t4y6u8i0ae' })
  id: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;

  /** Key of the recipient. */
  @ApiProperty({ example: 'newsletter' })
  recipient: string;

  @ApiProperty({ example: 'Nordwind Newsletter' })
  name: string;

  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;

  @ApiProperty({ type: [String], example: ['birthday'] })
  attributes: string[];

  /** What the recipient gave as its reason. */
  @ApiProperty({ example: 'Birthday mail of the week' })
  reason: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-25T09:00:00.000Z' })
  useUntil: string;

  /** values: it got them; predicate: the answer to a question about them. */
  @ApiProperty({ enum: ['values', 'predicate'], example: 'values' })
  kind: 'values' | 'predicate';
}

export class DisclosuresOfCustomerPage {
  @ApiProperty({ type: [DisclosureOfCustomerDto] })
  data: DisclosureOfCustomerDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}

/**
 * Of a given consent, the share. Of one that ended: what the customer took back (share, purpose, attribute, everything), or what
 * else ended it: the recipient or the purpose that staff withdrew, its time (expired), a merge that became final, a materially new
 * notice (offer), the programme's end, or the journal after a restore (replayed).
 */
export const CAUSES = [
  'share',
  'purpose',
  'attribute',
  'everything',
  'recipient',
  'expired',
  'merge',
  'offer',
  'programme',
  'replayed',
] as const;
export type Cause = (typeof CAUSES)[number];

export class ConsentEventDto {
  @ApiProperty({ enum: ['given', 'withdrawn', 'expired', 'superseded'], example: 'given' })
  event: 'given' | 'withdrawn' | 'expired' | 'superseded';

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;

  @ApiProperty({ enum: CAUSES, example: 'share' })
  cause: Cause;

  /** The share that gave it. */
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  shareId?: string;

  /** The revocation that it ended by. */
  @ApiPropertyOptional({ example: 'rev_01k9v5m3c8e1p9r2t4y6u8i0af' })
  revocationId?: string;
}

export class ConsentOfCustomerDto {
  @ApiProperty({ example: 'cns_01k9v5m3c8e1p9r2t4y6u8i0ab' })
  id: string;

  @ApiProperty({ example: 'birthday' })
  attribute: string;

  @ApiProperty({ example: 'birthday-greeting' })
  purpose: string;

  @ApiProperty({ enum: ['active', 'paused', 'withdrawn', 'expired', 'superseded'], example: 'active' })
  status: 'active' | 'paused' | 'withdrawn' | 'expired' | 'superseded';

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  since: string;

  /** When it ended, or will by itself. */
  @ApiProperty({ format: 'date-time', example: '2027-11-24T09:00:00.000Z' })
  until: string;

  @ApiProperty({ type: [ConsentEventDto] })
  history: ConsentEventDto[];
}

export class ConsentsOfCustomerPage {
  @ApiProperty({ type: [ConsentOfCustomerDto] })
  data: ConsentOfCustomerDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}

export const REVOCATION_STATUSES = ['blocked', 'erased', 'told', 'complete'] as const;
export type RevocationStatus = (typeof REVOCATION_STATUSES)[number];

export class RevocationsQuery extends PageQuery {
  /** How far it has come. */
  @ApiPropertyOptional({ enum: REVOCATION_STATUSES })
  @IsOptional()
  @IsIn(REVOCATION_STATUSES)
  status?: RevocationStatus;

  /** true: those with a recipient whose answer is overdue; false: those without. */
  @ApiPropertyOptional({ type: 'boolean' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  overdue?: boolean;
}

export class ToldRecipientDto {
  /** Key of the recipient. */
  @ApiProperty({ example: 'newsletter' })
  recipient: string;

  @ApiProperty({ example: 'Nordwind Newsletter' })
  name: string;

  @ApiProperty({ enum: ['owed', 'acknowledged'], example: 'owed' })
  status: 'owed' | 'acknowledged';

  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:00:00.000Z' })
  dueAt: string;

  /** Whether its answer was not there when it was due, and is not there yet. */
  @ApiProperty({ example: false })
  overdue: boolean;

  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  acknowledgedAt?: string;
}

export class RevocationInListDto {
  @ApiProperty({ example: 'rev_01k9v5m3c8e1p9r2t4y6u8i0af' })
  id: string;

  /** Null when the customer has left. */
  @ApiProperty({ type: String, nullable: true, example: 'customer-4711' })
  customerRef: string | null;

  @ApiProperty({ enum: REVOCATION_STATUSES, example: 'told' })
  status: RevocationStatus;

  @ApiProperty({ enum: CAUSES, example: 'everything' })
  cause: Cause;

  /** From then on every release failed. */
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;

  @ApiProperty({ type: 'integer', example: 2 })
  consentsEnded: number;

  @ApiProperty({ type: [ToldRecipientDto] })
  recipients: ToldRecipientDto[];
}

export class RevocationsPage {
  @ApiProperty({ type: [RevocationInListDto] })
  data: RevocationInListDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}

export class SealedUpToDto {
  @ApiProperty({ type: 'integer', example: 42 })
  block: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;

  /** SHA-256 of the block, and by it of all before. */
  @ApiProperty({
    pattern: '^[0-9a-f]{64}$',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  hash: string;
}

export class CheckpointsDto {
  @ApiProperty({ type: 'integer', example: 42 })
  count: number;

  /** The newest, a JWS. What to keep elsewhere; null while there is none. */
  @ApiProperty({ type: String, nullable: true, example: 'eyJhbGciOiJFZERTQSJ9.eyJibG9jayI6NDJ9.c2lnbmF0dXJl' })
  latest: string | null;
}

export class ChainStateDto {
  /** Null while nothing was sealed. */
  @ApiProperty({ type: SealedUpToDto, nullable: true })
  sealedUpTo: SealedUpToDto | null;

  /** Age of the oldest row that no block covers yet; 0 where all is sealed. */
  @ApiProperty({ type: 'integer', minimum: 0, example: 0 })
  behindSeconds: number;

  @ApiProperty({ type: CheckpointsDto })
  checkpoints: CheckpointsDto;
}
