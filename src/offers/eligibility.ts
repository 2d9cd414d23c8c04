import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { areBounded } from './facts';
import type { Context } from './published-offer';

/** What a rule may call: nothing that makes lists or texts grow, and no regular expressions, so that its cost is bounded. */
const OFFERED = new Set(
  `has all exists exists_one filter size startsWith endsWith contains lowerAscii upperAscii trim
   int double string bool dyn timestamp duration getFullYear getMonth getDayOfMonth getDayOfWeek`.split(/\s+/),
);
const OVER_LISTS = new Set(['all', 'exists', 'exists_one', 'filter']);
const LONGEST = 2000;

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 200, maxDepth: 24, maxListElements: 200, maxMapEntries: 20, maxCallArguments: 4 },
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

/**
 * The first call that is not offered, loop within a loop, or sum within a loop: lists can be added up, and what grows
 * and is then gone through costs more than facts and rule together say.
 */
function refused(value: unknown, isInLoop: boolean): Refusal | undefined {
  if (Array.isArray(value)) return firstOf(value.map((item) => () => refused(item, isInLoop)));
  if (!isNode(value)) return undefined;
  const start = value.start ?? 0;
  if (value.op === '+' && isInLoop) return { message: 'nothing is added up within or for a loop', start };
  if (value.op !== 'call' && value.op !== 'rcall') return refused(value.args, isInLoop);
  const [name, ...operands] = value.args as [string, ...unknown[]];
  if (!OFFERED.has(name)) return { message: `there is no function ${name}`, start };
  if (!OVER_LISTS.has(name)) return refused(operands, isInLoop);
  const [range, body] = operands;
  if (isLooping(body)) return { message: `${name} has another loop within it`, start };
  return refused(range, true) ?? refused(body, true);
}

function firstOf(checks: (() => Refusal | undefined)[]): Refusal | undefined {
  for (const check of checks) {
    const found = check();
    if (found) return found;
  }
  return undefined;
}

function isLooping(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isLooping);
  if (!isNode(value)) return false;
  const isLoop = value.op === 'rcall' && OVER_LISTS.has(String((value.args as unknown[])[0]));
  return isLoop || isLooping(value.args);
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
  const refusal = refused(parsed.ast, false);
  if (refusal) return `cannot be used as a CEL expression: ${refusal.message} (${where(expression, refusal.start)})`;
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
