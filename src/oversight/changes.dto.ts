import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { PageQuery } from '../platform/http/page.dto';

export const CALLER_KINDS = ['staff', 'storefront', 'recipient', 'customer', 'operator', 'system'] as const;
export type CallerKind = (typeof CALLER_KINDS)[number];

export const OBJECT_TYPES = [
  'programme',
  'attribute',
  'purpose',
  'recipient',
  'registration',
  'suspension',
  'offer',
  'offer-version',
  'submission',
  'notice',
  'grace',
  'key',
  'issuer',
  'embed-origin',
  'webhook',
  'point-rate',
  'job',
] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

export class ChangesQuery extends PageQuery {
  /** By whom: `by.caller` of a change, or a kind of caller. */
  @ApiPropertyOptional({ example: 'key_01jx3k5v9re7r8q2m4n6p8s0t2' })
  @IsOptional()
  @Matches(/^[a-z]+(_[0-9a-z]{26})?$/, { message: 'by must be the caller of a change, or a kind of caller' })
  by?: string;

  /** Of what: an id, a type, or a type and a key, as `attribute/birthday`. By an offer's id, of all that belongs to it. */
  @ApiPropertyOptional({ example: 'attribute/birthday' })
  @IsOptional()
  @Matches(/^([a-z]{3}_[0-9a-z]{26}|[a-z-]+(\/[^\s]{1,300})?)$/, {
    message: 'object must be an id, a type, or a type and a key, as attribute/birthday',
  })
  object?: string;
}

export class ChangedByDto {
  @ApiProperty({ enum: CALLER_KINDS, example: 'staff', description: 'system is the service itself, as its worker.' })
  kind: CallerKind;

  /** Of a key, or of who signs in without one; null for the operator, the service itself and customers. */
  @ApiProperty({ type: String, nullable: true, example: 'key_01jx3k5v9re7r8q2m4n6p8s0t2' })
  caller: string | null;

  /** What the key is called, or what the token said. */
  @ApiProperty({ type: String, nullable: true, example: 'Mara' })
  name: string | null;

  /** In which they acted. */
  @ApiProperty({ enum: ['marketing', 'dpo', 'admin', null], type: String, nullable: true, example: 'marketing' })
  role: string | null;
}

export class ChangedObjectDto {
  @ApiProperty({ enum: OBJECT_TYPES, example: 'offer-version' })
  type: ObjectType;

  /** Of what has one; of what belongs to an offer or a recipient, that one's. */
  @ApiPropertyOptional({ example: 'off_01k9v5m3c8e1p9r2t4y6u8i0aa' })
  id?: string;

  /** Of what has one: a key, a slug, an origin, the number of a version. */
  @ApiPropertyOptional({ example: '2' })
  key?: string;
}

const ANYTHING = {
  oneOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'object', additionalProperties: true },
    { type: 'array', items: {} },
    { type: 'null' },
  ],
};

export class FieldChangeDto {
  @ApiProperty({ example: 'status' })
  field: string;

  /** Null where there was nothing. Of a URL, without its query. */
  @ApiProperty({ ...ANYTHING, example: 'draft' })
  before: unknown;

  /** Null where there is nothing any more. */
  @ApiProperty({ ...ANYTHING, example: 'live' })
  after: unknown;
}

export class ChangeDto {
  @ApiProperty({ example: 'chg_01k9v5m3c8e1p9r2t4y6u8i0ak' })
  id: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  at: string;

  @ApiProperty({ type: ChangedByDto })
  by: ChangedByDto;

  @ApiProperty({ enum: ['created', 'changed', 'removed'], example: 'changed' })
  action: 'created' | 'changed' | 'removed';

  @ApiProperty({ type: ChangedObjectDto })
  object: ChangedObjectDto;

  /** Never a secret: of what holds one, not even that field. */
  @ApiProperty({ type: [FieldChangeDto] })
  changes: FieldChangeDto[];
}

export class ChangesPage {
  @ApiProperty({ type: [ChangeDto] })
  data: ChangeDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
