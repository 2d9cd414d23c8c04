import { ApiProperty } from '@nestjs/swagger';

export class JobAnswer {
  @ApiProperty({ example: 'job_01k9v5m3c8e1p9r2t4y6u8i0aj' })
  jobId: string;
}

export class JobView {
  @ApiProperty({ example: 'job_01k9v5m3c8e1p9r2t4y6u8i0aj' })
  id: string;

  @ApiProperty({
    enum: ['customer-erasure', 'purpose-withdrawal', 'recipient-withdrawal', 'notice-grace', 'programme-end'],
    example: 'customer-erasure',
  })
  kind: 'customer-erasure' | 'purpose-withdrawal' | 'recipient-withdrawal' | 'notice-grace' | 'programme-end';

  /** Customers to see to; 0 until it is running. */
  @ApiProperty({ type: 'integer', example: 1 })
  total: number;

  @ApiProperty({ type: 'integer', example: 1 })
  done: number;

  @ApiProperty({ type: 'integer', example: 0 })
  failed: number;

  /** Seconds left, at the pace so far; null where it cannot be told. */
  @ApiProperty({ type: 'integer', nullable: true, example: null })
  estimate: number | null;

  @ApiProperty({ enum: ['queued', 'running', 'done', 'cancelled', 'failed'], example: 'done' })
  status: 'queued' | 'running' | 'done' | 'cancelled' | 'failed';
}
