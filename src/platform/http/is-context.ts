import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, ValidateBy } from 'class-validator';
import { isWithin } from '../json-bounds';

/** Facts about a customer that a storefront knows: `country`, `ageBand` and whatever else eligibility rules look at. */
export type Facts = Record<string, unknown>;

const MOST_KB = 8;
const LEVELS = 4;
const MOST_FACTS = 200;
const LONGEST_TEXT = 256;

/** How many single facts there are; one text that is too long counts as too many. */
function count(value: unknown): number {
  if (typeof value === 'string') return value.length <= LONGEST_TEXT ? 1 : Infinity;
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, child) => sum + count(child), 1);
}

/** Whether facts are few and small enough for a rule to be evaluated over them in bounded time. */
export const areBounded = (facts: unknown, mostKb = MOST_KB): boolean =>
  isWithin(facts, { bytes: mostKb * 1024, levels: LEVELS }) && count(facts) <= MOST_FACTS;

/** The `context` of a quote, a share or a session: facts that eligibility and minimum age look at; never stored. */
export const IsContext = ({ mostKb = MOST_KB, lasts = 'for this one call, never stored' } = {}) =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: true,
      description: `Facts about the customer ${lasts}: \`country\` (ISO 3166-1), \`region\`, \`age\` or \`ageBand\` ("18-24", "16+"), and whatever else eligibility rules look at. At most ${MOST_FACTS} facts of ${LONGEST_TEXT} characters, ${mostKb} kB in all.`,
      example: { country: 'DE', ageBand: '25-34' },
    }),
    IsObject({ message: 'context must be an object' }),
    ValidateBy({
      name: 'isBounded',
      validator: {
        validate: (facts) => areBounded(facts, mostKb),
        defaultMessage: () =>
          `context must have at most ${MOST_FACTS} facts of ${LONGEST_TEXT} characters, ${mostKb} kB in all, in ${LEVELS} levels`,
      },
    }),
  );
