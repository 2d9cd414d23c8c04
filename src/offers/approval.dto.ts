import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Min } from 'class-validator';

/** A person is a staff key, or a subject of the programme's own sign-in. */
export class PersonDto {
  @ApiProperty({ example: 'key_01jx3k5v9re7r8q2m4n6p8s0t2' })
  caller: string;

  /** What the key is called, or the name that came with the sign-in; null where none did. */
  @ApiProperty({ type: 'string', nullable: true, example: 'Ada’s key' })
  name: string | null;
}

export const APPROVAL_STATES = ['none', 'awaiting', 'approved'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/** How far the draft, as it stands, is with its approval by a second person. */
export class ApprovalDto {
  @ApiProperty({ enum: APPROVAL_STATES, example: 'awaiting' })
  state: ApprovalState;

  @ApiPropertyOptional({ type: () => PersonDto })
  submittedBy?: PersonDto;

  @ApiPropertyOptional({ format: 'date-time' })
  submittedAt?: string;

  @ApiPropertyOptional({ type: () => PersonDto })
  approvedBy?: PersonDto;

  @ApiPropertyOptional({ format: 'date-time' })
  approvedAt?: string;
}

export class ApproveOfferDto {
  /** `draft.revision` that was looked at: another one is not approved. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  revision?: number;
}
