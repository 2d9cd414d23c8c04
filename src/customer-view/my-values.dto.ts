import { ApiProperty } from '@nestjs/swagger';
import { ANY_JSON } from './export.dto';

export class MyValue {
  @ApiProperty({ example: 'birthday' })
  attribute: string;
  @ApiProperty({ example: 'Geburtsdatum' })
  title: string;
  /** JSON Schema 2020-12 that a corrected value must match. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { type: 'string', format: 'date' } })
  schema: object;
  /** Any JSON, as it was shared or corrected. */
  @ApiProperty({ ...ANY_JSON, example: '1990-04-01' })
  value: unknown;
  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  storedAt: string;
  /** When the last consent to its use ends by itself, and it is erased. */
  @ApiProperty({ format: 'date-time', example: '2027-11-24T09:00:00.000Z' })
  keptUntil: string;
}

export class MyValues {
  @ApiProperty({ type: () => [MyValue] })
  data: MyValue[];
}
