import { celEnvironment, celVariables, faultOfCel, keysRead } from '../platform/cel';
import { invalidField } from '../platform/problem';

/** What all attributes are called together, for keys that are no names in CEL. */
const ALL = 'values';
const MOST_ATTRIBUTES = 50;

const environment = celEnvironment().registerVariable(ALL, 'map');

/** A question about a customer's values. */
export interface Predicate {
  /** Keys of the attributes that it looks at. */
  attributes: string[];
  /** @throws 422 when it comes to something else than true or false; never with a value. */
  of(values: Record<string, unknown>): boolean;
}

/** Reads an expression. @throws 422 with pointer /expression. */
export function predicateOf(expression: string): Predicate {
  const fault = faultOfCel(environment, expression);
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
    of: (values) => {
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
