import { celEnvironment, celVariables, faultOfCel } from '../platform/cel';
import { areBounded } from './facts';
import type { Context } from './published-offer';

const environment = celEnvironment().registerVariable('context', 'map');

/** What is wrong with an eligibility rule, and where in it; undefined when nothing is. */
export const faultOfEligibility = (expression: string): string | undefined => faultOfCel(environment, expression);

/**
 * Compiles a rule that faultOfEligibility() found nothing wrong with. Facts are there by their names and as `context`, so
 * that `has(context.tier)` can ask whether there is one. A fact that is missing, or of another type, makes it false.
 */
export function eligibilityRule(expression: string): (facts: Context) => boolean {
  const parsed = environment.parse(expression);
  return (facts) => {
    if (!areBounded(facts)) return false;
    try {
      return parsed(celVariables(facts, 'context')) === true;
    } catch {
      // CEL's own word for "cannot be told from these facts".
      return false;
    }
  };
}
