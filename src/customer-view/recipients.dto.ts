import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class LastUse {
  @ApiProperty({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  at: string;
  /** predicate: a question about the values was answered, the values stayed. */
  @ApiProperty({ enum: ['values', 'predicate'], example: 'values' })
  kind: string;
  @ApiProperty({ type: [String], example: ['birthday'] })
  attributes: string[];
  @ApiProperty({ example: 'Greeting for tomorrow' })
  reason: string;
}

export class RecipientPurpose {
  @ApiProperty({ example: 'birthday-greeting' })
  key: string;
  @ApiProperty({ example: 'Glückwünsche zum Geburtstag' })
  title: string;
  /** What it may be given now; none: every consent has ended, or is blocked. */
  @ApiProperty({ type: [String], example: ['birthday'] })
  mayUse: string[];
  /** How often it was given values, or an answer about them. */
  @ApiProperty({ type: 'integer', example: 3 })
  times: number;
  @ApiPropertyOptional({ type: () => LastUse })
  lastUse?: LastUse;
  /** Until when it may use what it was given, at most; absent when that is over. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T10:00:00.000Z' })
  usableUntil?: string;
}

export class CustomerRecipient {
  @ApiProperty({ example: 'newsletter' })
  recipient: string;
  @ApiProperty({ example: 'Newsletter' })
  name: string;
  /** What a consent named it for, or it was given something for. */
  @ApiProperty({ type: () => [RecipientPurpose] })
  purposes: RecipientPurpose[];
}

export class CustomerRecipients {
  @ApiProperty({ type: () => [CustomerRecipient] })
  data: CustomerRecipient[];
}
