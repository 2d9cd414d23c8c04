import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

export class CorrectionBody {
  /** The right value, of the attribute's schema. */
  @ApiProperty({
    oneOf: [
      { type: 'string' },
      { type: 'number' },
      { type: 'boolean' },
      { type: 'object', additionalProperties: true },
      { type: 'array', items: {} },
      { type: 'null' },
    ],
    example: '1990-04-01',
  })
  @ValidateBy({
    name: 'isThere',
    validator: { validate: (value) => value !== undefined, defaultMessage: () => 'value must be given' },
  })
  value: unknown;
}

export class CorrectionAnswer {
  @ApiProperty({ example: 'birthday' })
  attribute: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-24T09:00:00.000Z' })
  correctedAt: string;
}
