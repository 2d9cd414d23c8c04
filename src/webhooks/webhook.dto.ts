import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
} from 'class-validator';
import { PageQuery } from '../platform/http/page.dto';
import { PROGRAMME_EVENTS } from './event-types';

const URL_EXAMPLE = 'https://shop.example.com/hooks/gegenwert';
const LONGEST_OVERLAP_SECONDS = 30 * 24 * 3600;
const ID = 'whe_01kbn7p4a2f8x9d0v5q3w6y1zr';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export class NewWebhookBody {
  /** Where it is told: https, and reachable from outside. */
  @ApiProperty({ format: 'uri', example: URL_EXAMPLE })
  @IsString()
  url: string;

  /** What it is told. */
  @ApiProperty({ enum: PROGRAMME_EVENTS, isArray: true, minItems: 1, example: ['share.accepted', 'award.granted'] })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(PROGRAMME_EVENTS, { each: true })
  events: (typeof PROGRAMME_EVENTS)[number][];
}

export class WebhookChangeBody {
  /** Where it is told from now on, what waits included. */
  @ApiPropertyOptional({ format: 'uri', example: URL_EXAMPLE })
  @IsOptional()
  @IsString()
  url?: string;

  /** What it is told from now on. A recipient’s is told what concerns the values that it got, which cannot be changed. */
  @ApiPropertyOptional({ enum: PROGRAMME_EVENTS, isArray: true, minItems: 1, example: ['share.accepted'] })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(PROGRAMME_EVENTS, { each: true })
  events?: (typeof PROGRAMME_EVENTS)[number][];

  /** false: nothing is sent until it is true again; what comes meanwhile waits, for 30 days. */
  @ApiPropertyOptional({ example: true })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

export class WebhookRotationBody {
  /** How long the former secret signs as well, those before it until their own time; 0: none of them any more. */
  @ApiProperty({ type: 'integer', example: 86_400 })
  @IsInt()
  @Min(0)
  @Max(LONGEST_OVERLAP_SECONDS)
  overlapSeconds: number;
}

export class WebhookView {
  @ApiProperty({ example: ID })
  id: string;

  @ApiProperty({ format: 'uri', example: URL_EXAMPLE })
  url: string;

  @ApiProperty({ type: [String], example: ['share.accepted', 'award.granted'] })
  events: string[];

  /** Only of a recipient’s. */
  @ApiPropertyOptional({ example: 'rcp_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  recipientId?: string;

  @ApiProperty({ example: true })
  enabled: boolean;

  /** Why it is not enabled: it answered 410 (`gone`), or was disabled here (`staff`). */
  @ApiPropertyOptional({ enum: ['gone', 'staff'], example: 'gone' })
  disabledBecause?: 'gone' | 'staff';

  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T10:00:00.000Z' })
  disabledAt?: string;

  /** Until when a former secret signs as well: of several, the last. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-25T09:30:00.000Z' })
  formerSecretUntil?: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:30:00.000Z' })
  createdAt: string;
}

export class NewWebhookView extends WebhookView {
  /** What it is signed with (Standard Webhooks): shown this once. */
  @ApiProperty({ example: SECRET })
  secret: string;
}

export class WebhookSecretView {
  @ApiProperty({ example: ID })
  id: string;

  /** What it is signed with from now on: shown this once. */
  @ApiProperty({ example: SECRET })
  secret: string;
}

export class WebhookPage {
  /** Newest first. */
  data: WebhookView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}

export class DeliveryQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ['pending', 'delivered', 'failed'] })
  @IsOptional()
  @IsIn(['pending', 'delivered', 'failed'])
  status?: 'pending' | 'delivered' | 'failed';
}

export class AttemptView {
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:30:00.000Z' })
  at: string;

  @ApiProperty({ type: 'integer', example: 120 })
  tookMs: number;

  /** What was answered. */
  @ApiPropertyOptional({ type: 'integer', example: 503 })
  status?: number;

  /** Why nothing was: the address is one that is not called, time was over, or there was no connection. */
  @ApiPropertyOptional({ enum: ['address-refused', 'timed-out', 'no-answer'], example: 'timed-out' })
  fault?: 'address-refused' | 'timed-out' | 'no-answer';
}

export class DeliveryView {
  @ApiProperty({ example: 'dlv_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  id: string;

  @ApiProperty({ example: ID })
  webhookId: string;

  /** `webhook-id` of the message: the same at every try, and for every endpoint that is told of the event. */
  @ApiProperty({ example: 'evt_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  eventId: string;

  @ApiProperty({ example: 'award.granted' })
  type: string;

  @ApiProperty({ enum: ['pending', 'delivered', 'failed'], example: 'pending' })
  status: 'pending' | 'delivered' | 'failed';

  /** Its number among those of the endpoint, from 1 and without a gap, save for a leap after a restoration; null until it is first sent. */
  @ApiProperty({ type: 'integer', nullable: true, example: 17 })
  sequence: number | null;

  /** What came of each try, newest first, at most 20 of them. What else was answered is not kept. */
  attempts: AttemptView[];

  /** Only of one that is pending, and not of a disabled endpoint’s. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:35:00.000Z' })
  nextAttemptAt?: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:30:00.000Z' })
  createdAt: string;
}

export class DeliveryPage {
  /** Newest first. */
  data: DeliveryView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
