import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Fewer persons than this are not told apart. */
const FEW = 10;

/** How many persons. */
export class PersonsCount {
  /** Null where they are so few that one could be known by it. */
  @ApiProperty({ type: 'integer', nullable: true, minimum: FEW, example: 118 })
  value: number | null;

  /** Where value is null. */
  @ApiPropertyOptional({ enum: [FEW], example: FEW })
  fewerThan?: number;
}

export const personsOf = (count: number): PersonsCount =>
  count < FEW ? { value: null, fewerThan: FEW } : { value: count };
