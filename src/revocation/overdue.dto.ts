import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class OverdueNotice {
  /** Of the notice of revocation that is not answered. */
  @ApiProperty({ example: 'ntc_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  id: string;
  @ApiProperty({ example: 'rev_01k9v5m3c8e1p9r2t4y6u8i0af' })
  revocationId: string;
  /** Key of the recipient. */
  @ApiProperty({ example: 'newsletter' })
  recipient: string;
  @ApiProperty({ example: 'Newsletter' })
  name: string;
  /** Absent while the recipient has not even fetched it, nor its webhook taken it. */
  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-24T09:05:00.000Z' })
  toldAt?: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:00:00.000Z' })
  dueAt: string;
  /** When it was found to be overdue. */
  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:00:10.000Z' })
  since: string;
  /** Whether the recipient reads nothing until it has answered. */
  @ApiProperty({ example: true })
  suspended: boolean;
}

export class OverdueNoticeList {
  @ApiProperty({ type: [OverdueNotice] })
  data: OverdueNotice[];
  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
