import { applyDecorators } from '@nestjs/common';
import { IsString, ValidateBy } from 'class-validator';

/**
 * A text of so many characters, counted as PostgreSQL and JSON Schema do: by code points. class-validator's Length leaves out
 * variation selectors, and so lets through what the database throws out.
 */
export const IsTextOf = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    IsString(),
    ValidateBy({
      name: 'isTextOf',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isWithin([...value].length, min, max),
        defaultMessage: () => `$property must have ${min} to ${max} characters`,
      },
    }),
  );

const isWithin = (length: number, min: number, max: number): boolean => length >= min && length <= max;
