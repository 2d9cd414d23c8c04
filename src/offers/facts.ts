import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, ValidateBy } from 'class-validator';
import { isWithin } from '../catalogue';

const BOUNDS = { bytes: 8 * 1024, levels: 4 };
const MOST_FACTS = 200;
const LONGEST_TEXT = 256;

/** How many single facts there are; one text that is too long counts as too many. */
function count(value: unknown): number {
  if (typeof value === 'string') return value.length <= LONGEST_TEXT ? 1 : Infinity;
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, child) => sum + count(child), 1);
}

/** Whether facts are few and small enough for a rule to be evaluated over them in bounded time. */
export const areBounded = (facts: unknown): boolean => isWithin(facts, BOUNDS) && count(facts) <= MOST_FACTS;

/** The `context` of a quote or a share: facts that eligibility and minimum age look at; never stored. */
export const IsContext = () =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: true,
      description:
        'Facts about the customer for this one call, never stored: `country` (ISO 3166-1), `region`, `age` or `ageBand` ("18-24", "16+"), and whatever else eligibility rules look at. At most 200 facts of 256 characters, 8 kB in all.',
      example: { country: 'DE', ageBand: '25-34' },
    }),
    IsObject({ message: 'context must be an object' }),
    ValidateBy({
      name: 'isBounded',
      validator: {
        validate: areBounded,
        defaultMessage: () => 'context must have at most 200 facts of 256 characters, 8 kB in all, in 4 levels',
      },
    }),
  );
