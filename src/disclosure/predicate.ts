import { calls, celEnvironment, celVariables, faultOfCel, isAffordable, keysRead } from '../platform/cel';
import { invalidField } from '../platform/problem';
import { DATE_FUNCTIONS, withDates } from './predicate-dates';

/** What all attributes are called together, for keys that are no names in CEL. */
const ALL = 'values';
const MOST_ATTRIBUTES = 50;

/** Of the evaluation at hand. An evaluation does not wait for anything, so no other one gets in between. */
let today: string | undefined;

const environment = withDates(celEnvironment().registerVariable(ALL, 'map'), () => {
  if (today === undefined) throw new Error('A date was asked for without a day');
  return today;
});

/** A question about a customer's values. */
export interface Predicate {
  /** Keys of the attributes that it looks at. */
  attributes: string[];
  /** Whether it looks at today's date. */
  looksAtToday: boolean;
  /** today: YYYY-MM-DD, where it looks at it. @throws 422 when it comes to something else than true or false; never with a value. */
  of(values: Record<string, unknown>, today?: string): boolean;
}

/** Reads an expression. @throws 422 with pointer /expression. */
export function predicateOf(expression: string): Predicate {
  const fault = faultOfCel(environment, expression, DATE_FUNCTIONS);
  if (fault !== undefined) throw invalidField('/expression', fault);
  const attributes = keysRead(environment, expression, ALL);
  if (!attributes)
    throw invalidField('/expression', 'Read values by a key that stands in the expression: values["key"]');
  if (attributes.length === 0 || attributes.length > MOST_ATTRIBUTES) {
    throw invalidField('/expression', `Must look at 1 to ${MOST_ATTRIBUTES} attributes`);
  }
  const evaluate = environment.parse(expression);
  return {
    attributes,
    looksAtToday: calls(environment, expression, DATE_FUNCTIONS),
    of: (values, day) => {
      if (!isAffordable(evaluate, values, ALL))
        throw invalidField('/expression', 'Its loops go through too much for these values');
      today = day;
      const result = answerOf(() => evaluate(celVariables(values, ALL)));
      if (typeof result !== 'boolean')
        throw invalidField('/expression', 'Does not come to true or false for these values');
      return result;
    },
  };
}

/** CEL's errors quote what they stumbled over, which may be a value: none of them leaves. */
function answerOf(evaluate: () => unknown): unknown {
  try {
    return evaluate();
  } catch {
    return undefined;
  }
}
