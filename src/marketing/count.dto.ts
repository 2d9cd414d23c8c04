import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** How many persons, unless that would tell of fewer than 10. */
export class Count {
  @ApiProperty({ type: 'integer', nullable: true, minimum: 10, example: 118 })
  value: number | null;
  /** That there are fewer, perhaps nobody; then value is null. */
  @ApiPropertyOptional({ type: 'integer', enum: [10], example: 10 })
  fewerThan?: number;
  /** That value is null because its difference to another of this answer would tell of fewer than 10. */
  @ApiPropertyOptional({ type: 'boolean', enum: [true], example: true })
  withheld?: true;
}
