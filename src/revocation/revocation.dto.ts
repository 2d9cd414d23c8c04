import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Equals, IsIn, IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { CUSTOMER_REF } from '../access';

/** What is taken back: exactly one of share, purpose, attribute and everything. */
export class MeRevocationBody {
  @ApiPropertyOptional({ example: 'shr_01k9v5m3c8e1p9r2t4y6u8i0ad' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  share?: string;

  @ApiPropertyOptional({ example: 'birthday-greeting' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  purpose?: string;

  @ApiPropertyOptional({ example: 'birthday' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  attribute?: string;

  @ApiPropertyOptional({ enum: [true], example: true })
  @IsOptional()
  @Equals(true, { message: 'everything must be true where it is given' })
  everything?: true;
}

export class RevocationBody extends MeRevocationBody {
  @ApiProperty({ example: 'customer-4711' })
  @Matches(CUSTOMER_REF, { message: 'customerRef must have 1 to 128 characters out of A-Z a-z 0-9 . _ : @ | -' })
  customerRef: string;
}

export class RevocationRecipient {
  /** Key of the recipient. */
  @ApiProperty({ example: 'newsletter' })
  recipient: string;
  @ApiProperty({ example: 'Newsletter' })
  name: string;
  @ApiProperty({ enum: ['owed', 'acknowledged'], example: 'owed' })
  status: 'owed' | 'acknowledged';
}

export class RevocationValues {
  /** Values that no consent covers any more, to be destroyed. */
  @ApiProperty({ type: 'integer', example: 1 })
  erasing: number;
}

export class RevocationAnswer {
  /** Absent where there was nothing to end, and in a dry run. */
  @ApiPropertyOptional({ example: 'rev_01k9v5m3c8e1p9r2t4y6u8i0af' })
  id?: string;
  /** blocked: from here on every release fails; complete: there was nothing to end. */
  @ApiProperty({ enum: ['blocked', 'complete'], example: 'blocked' })
  status: 'blocked' | 'complete';
  /** Points that the customer has, and keeps: available, held and pending. */
  @ApiProperty({ type: 'integer', example: 120 })
  keepsPoints: number;
  @ApiProperty({ type: 'integer', example: 2 })
  consentsEnded: number;
  @ApiProperty({ type: () => RevocationValues })
  values: RevocationValues;
  /** Those that got something under what was ended: each is owed one notice. */
  @ApiProperty({ type: [RevocationRecipient] })
  recipients: RevocationRecipient[];
}

export class RevocationRecipientView extends RevocationRecipient {
  @ApiPropertyOptional({ enum: ['stopped', 'erased'], example: 'erased' })
  did?: 'stopped' | 'erased';
  /** When it fetched its notice, or its webhook took it. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:05:00.000Z' })
  toldAt?: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:00:00.000Z' })
  dueAt: string;
  /** Since when its answer has been found to be overdue, and is not there. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-27T09:00:10.000Z' })
  overdueSince?: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  acknowledgedAt?: string;
  /** Until when it was allowed to use what it got under these consents: its last lease, whether it answers or not. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T08:00:00.000Z' })
  useUntil?: string;
}

export class RevocationValuesView extends RevocationValues {
  @ApiProperty({ type: 'integer', example: 1 })
  erased: number;
}

export class EndingScopeView extends MeRevocationBody {
  /** Key of a recipient that staff withdrew. */
  @ApiPropertyOptional({ example: 'newsletter' })
  recipient?: string;
  /** The consents' time was over. */
  @ApiPropertyOptional({ enum: [true], example: true })
  expired?: true;
  /** The merge, become final, of this customer with another. */
  @ApiPropertyOptional({ example: 'mrg_01k9v5m3c8e1p9r2t4y6u8i0aj' })
  merge?: string;
  /** The offer whose notice became a materially different one. */
  @ApiPropertyOptional({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  offer?: string;
  /** Consents under versions before this one are superseded. */
  @ApiPropertyOptional({ type: 'integer', example: 2 })
  before?: number;
  /** The programme has ended. */
  @ApiPropertyOptional({ enum: [true], example: true })
  programme?: true;
  /** It had ended before a backup was restored, and ended again by the journal of erasures. */
  @ApiPropertyOptional({ enum: [true], example: true })
  replayed?: true;
}

export class RevocationView {
  @ApiProperty({ example: 'rev_01k9v5m3c8e1p9r2t4y6u8i0af' })
  id: string;
  @ApiProperty({ enum: ['blocked', 'erased', 'told', 'complete'], example: 'erased' })
  status: 'blocked' | 'erased' | 'told' | 'complete';
  @ApiProperty({ type: EndingScopeView })
  scope: EndingScopeView;
  @ApiProperty({ type: 'integer', example: 2 })
  consentsEnded: number;
  @ApiProperty({ type: () => RevocationValuesView })
  values: RevocationValuesView;
  @ApiProperty({ type: [RevocationRecipientView] })
  recipients: RevocationRecipientView[];
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  blockedAt: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:00:00.100Z' })
  erasedAt?: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:05:00.000Z' })
  toldAt?: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  completedAt?: string;
}

export class NoticeView {
  @ApiProperty({ example: 'ntc_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  id: string;
  /** Grows with every notice: what a recipient orders them by. */
  @ApiProperty({ type: 'integer', example: 42 })
  sequence: number;
  @ApiProperty({ example: 'rev_01k9v5m3c8e1p9r2t4y6u8i0af' })
  revocationId: string;
  /** Null once the customer has left and the notice is acknowledged or 30 days old. */
  @ApiProperty({ type: String, nullable: true, example: 'customer-4711' })
  customerRef: string | null;
  @ApiProperty({ example: ['birthday-greeting'] })
  purposes: string[];
  @ApiProperty({ example: ['birthday'] })
  attributes: string[];
  @ApiProperty({ enum: ['owed', 'acknowledged'], example: 'owed' })
  status: 'owed' | 'acknowledged';
  @ApiPropertyOptional({ enum: ['stopped', 'erased'], example: 'erased' })
  did?: 'stopped' | 'erased';
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  createdAt: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:00:00.000Z' })
  dueAt: string;
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  acknowledgedAt?: string;
}

export class NoticeList {
  @ApiProperty({ type: [NoticeView] })
  data: NoticeView[];
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}

export class AcknowledgementBody {
  /** stopped: it is used no more; erased: it is gone as well. */
  @ApiProperty({ enum: ['stopped', 'erased'], example: 'erased' })
  @IsIn(['stopped', 'erased'])
  did: 'stopped' | 'erased';

  /** Required where the recipient has a public key: a compact JWS by it, whose payload holds this `notice` and `did`. */
  @IsOptional()
  @IsString()
  @MaxLength(8192)
  signature?: string;
}
