import { applyDecorators } from '@nestjs/common';
import { IsISO8601, IsRFC3339 } from 'class-validator';

/** RFC 3339, and a day that exists: ISO 8601 alone also knows weeks, days of a year and hours without minutes, which no Date can be made of. */
export const IsTime = () =>
  applyDecorators(
    IsRFC3339({ message: '$property must be a time in RFC 3339 form: 2026-01-31T22:00:00Z' }),
    IsISO8601({ strict: true, strictSeparator: true }, { message: '$property must be a time that exists' }),
  );
