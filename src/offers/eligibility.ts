import { celEnvironment, celVariables, checkCel, faultOfCel, keysRead } from '../platform/cel';
import type { CelFault } from '../platform/cel-fault';
import { areBounded } from '../platform/http/is-context';
import type { Context } from './published-offer';

/** Under which all facts stand together, for `has(context.tier)`. */
const ALL = 'context';

const environment = celEnvironment().registerVariable(ALL, 'map');

/** What is wrong with an eligibility rule, and where in it; undefined when nothing is. */
export const faultOfEligibility = (expression: string): string | undefined => faultOfCel(environment, expression);

/** The same, with the place apart. */
export const checkEligibility = (expression: string): CelFault | undefined => checkCel(environment, expression);

/** The facts that a rule looks at, in the order of their names; `context` alone where it looks at them all. The rule must be sound. */
export const factsOf = (expression: string): string[] => keysRead(environment, expression, ALL)?.sort() ?? [ALL];

/**
 * Compiles a rule that faultOfEligibility() found nothing wrong with. Facts are there by their names and as `context`, so
 * that `has(context.tier)` can ask whether there is one. A fact that is missing, or of another type, makes it false.
 */
export function eligibilityRule(expression: string): (facts: Context) => boolean {
  const parsed = environment.parse(expression);
  return (facts) => {
    if (!areBounded(facts)) return false;
    try {
      return parsed(celVariables(facts, ALL)) === true;
    } catch {
      // CEL's own word for "cannot be told from these facts".
      return false;
    }
  };
}
