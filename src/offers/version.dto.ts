import { ApiProperty } from '@nestjs/swagger';
import { PersonDto } from './approval.dto';
import { NOTICE_CHANGES, type NoticeChange } from './notice-change';
import { OfferTermsDto } from './offer.dto';

export const VERSION_STATUSES = ['draft', 'in-force', 'replaced'] as const;
export type VersionStatus = (typeof VERSION_STATUSES)[number];

const ApiAnything = (example: unknown) =>
  ApiProperty({
    oneOf: [
      { type: 'string' },
      { type: 'number' },
      { type: 'boolean' },
      { type: 'object', additionalProperties: true },
      { type: 'array', items: {} },
      { type: 'null' },
    ],
    example,
  });

export class DifferenceDto {
  /** JSON Pointer into the terms; asks and their purposes stand by their keys, with what the catalogue says of them. */
  @ApiProperty({ example: '/asks/birthDate/purposes/newsletter/recipients' })
  path: string;

  /** Null: nothing was there. */
  @ApiAnything(['Nordwind Newsletter'])
  before: unknown;

  /** Null: nothing is there any more. */
  @ApiAnything(['Nordwind Newsletter', 'Südwind Post'])
  after: unknown;
}

export class OfferVersionDto {
  @ApiProperty({ type: 'integer', example: 2 })
  version: number;

  @ApiProperty({ enum: VERSION_STATUSES, example: 'in-force' })
  status: VersionStatus;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  publishedAt: string | null;

  /** Null of a draft, and of what was published before this was asked. */
  @ApiProperty({ type: () => PersonDto, nullable: true })
  publishedBy: PersonDto | null;

  /** How its notice differs from the version before; null of the first one and of a draft. */
  @ApiProperty({ type: 'string', enum: [...NOTICE_CHANGES, null], nullable: true, example: 'material' })
  change: NoticeChange | null;

  terms: OfferTermsDto;

  /** Against the version before. Of a draft with the catalogue as it is now. */
  @ApiProperty({ type: () => [DifferenceDto] })
  changes: DifferenceDto[];
}

export class OfferVersionPageDto {
  @ApiProperty({ type: () => [OfferVersionDto] })
  data: OfferVersionDto[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;
}
