import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { areBounded } from './facts';
import type { Context } from './published-offer';

/** What a rule may call: nothing that makes lists or texts grow, and no regular expressions, so that its cost is bounded. */
const OFFERED = new Set(
  `has all exists exists_one filter size startsWith endsWith contains lowerAscii upperAscii trim
   int double string bool dyn timestamp duration getFullYear getMonth getDayOfMonth getDayOfWeek`.split(/\s+/),
);
const OVER_LISTS = new Set(['all', 'exists', 'exists_one', 'filter']);
const DEEPEST_LOOP = 2;
const LONGEST = 2000;

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 200, maxDepth: 24, maxListElements: 300, maxMapEntries: 20, maxCallArguments: 4 },
}).registerVariable('context', 'map');

interface Node {
  op: string;
  args: unknown;
  start?: number;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'op' in value;

interface Refusal {
  message: string;
  start: number;
}

/** The first call that is not offered, or a loop in a loop in a loop. */
function refusedCall(value: unknown, loops: number): Refusal | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const refused = refusedCall(item, loops);
      if (refused) return refused;
    }
    return undefined;
  }
  if (!isNode(value)) return undefined;
  let inside = loops;
  if (value.op === 'call' || value.op === 'rcall') {
    const name = String((value.args as unknown[])[0]);
    if (!OFFERED.has(name)) return { message: `there is no function ${name}`, start: value.start ?? 0 };
    if (OVER_LISTS.has(name)) inside += 1;
    if (inside > DEEPEST_LOOP) return { message: `${name} is nested too deeply`, start: value.start ?? 0 };
  }
  return refusedCall(value.args, inside);
}

function where(expression: string, start: number): string {
  const before = expression.slice(0, start).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

/** What is wrong with an eligibility rule, and where in it; undefined when nothing is. */
export function faultOfEligibility(expression: string): string | undefined {
  if (expression.length > LONGEST) return `must have at most ${LONGEST} characters`;
  let parsed: ParseResult;
  try {
    parsed = environment.parse(expression);
  } catch (error) {
    return describe(expression, error);
  }
  const refused = refusedCall(parsed.ast, 0);
  if (refused) return `cannot be used as a CEL expression: ${refused.message} (${where(expression, refused.start)})`;
  const checked = parsed.check();
  if (!checked.valid) return describe(expression, checked.error);
  if (checked.type !== 'bool' && checked.type !== 'dyn') return `must come to true or false, not to ${checked.type}`;
  return undefined;
}

function describe(expression: string, error: unknown): string {
  const { summary, range } = error as { summary?: string; range?: { start: number } };
  if (summary === undefined) throw error;
  return `cannot be used as a CEL expression: ${summary} (${where(expression, range?.start ?? 0)})`;
}

/** CEL knows whole numbers apart from others; JSON does not. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([key, child]) => [key, toCel(child)]));
  }
  return value;
}

/**
 * Compiles a rule that faultOfEligibility() found nothing wrong with. Facts are there by their names and as `context`, so
 * that `has(context.tier)` can ask whether there is one. A fact that is missing, or of another type, makes it false.
 */
export function eligibilityRule(expression: string): (facts: Context) => boolean {
  const parsed = environment.parse(expression);
  return (facts) => {
    if (!areBounded(facts)) return false;
    const context = toCel(facts) as Map<string, unknown>;
    try {
      return parsed({ ...Object.fromEntries(context), context }) === true;
    } catch {
      // CEL's own word for "cannot be told from these facts".
      return false;
    }
  };
}
