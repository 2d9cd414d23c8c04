import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, ValidateBy } from 'class-validator';
import { isWithin } from '../catalogue';

const BOUNDS = { bytes: 8 * 1024, levels: 4 };
const MOST_ITEMS = 100;
const LONGEST_TEXT = 256;

function isSmall(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_TEXT;
  if (typeof value !== 'object' || value === null) return true;
  const children = Object.values(value);
  return children.length <= MOST_ITEMS && children.every(isSmall);
}

/** Whether facts are few and small enough for a rule to be evaluated over them in bounded time. */
export const areBounded = (facts: unknown): boolean => isWithin(facts, BOUNDS) && isSmall(facts);

/** The `context` of a quote or a share: facts that eligibility and minimum age look at; never stored. */
export const IsContext = () =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: true,
      description:
        'Facts about the customer for this one call, never stored: `country` (ISO 3166-1), `region`, `age` or `ageBand` ("18-24", "16+"), and whatever else eligibility rules look at. At most 8 kB, 100 items a list and 256 characters a text.',
      example: { country: 'DE', ageBand: '25-34' },
    }),
    IsObject({ message: 'context must be an object' }),
    ValidateBy({
      name: 'isBounded',
      validator: {
        validate: areBounded,
        defaultMessage: () => 'context must have at most 8 kB, 4 levels, 100 items a list and 256 characters a text',
      },
    }),
  );
