import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { type CelFault, type CelRefusal, faultAt, faultOfLibrary } from './cel-fault';

/** What an expression may call: nothing that makes lists or texts grow, and no regular expressions, so that its cost is bounded. */
const OFFERED = new Set(
  `has all exists exists_one filter size startsWith endsWith contains lowerAscii upperAscii trim
   int double string bool dyn timestamp duration getFullYear getMonth getDayOfMonth getDayOfWeek`.split(/\s+/),
);
const OVER_LISTS = new Set(['all', 'exists', 'exists_one', 'filter']);
const NO_MORE: ReadonlySet<string> = new Set();
const LONGEST = 2000;
/** Characters that loops may look at: some milliseconds, as every other caller waits for them. */
const MOST_LOOKED_AT = 1_000_000;

/** An environment of bounded cost; what it does not know is of any type until it is evaluated. */
export const celEnvironment = (): Environment =>
  new Environment({
    unlistedVariablesAreDyn: true,
    limits: { maxAstNodes: 200, maxDepth: 24, maxListElements: 200, maxMapEntries: 20, maxCallArguments: 4 },
  });

interface Node {
  op: string;
  args: unknown;
  start?: number;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'op' in value;

/**
 * The first call that is not offered, loop within a loop, or sum within a loop: lists can be added up, and what grows
 * and is then gone through costs more than values and expression together say.
 */
function refused(value: unknown, isInLoop: boolean, more: ReadonlySet<string>): CelRefusal | undefined {
  if (Array.isArray(value)) return firstOf(value.map((item) => () => refused(item, isInLoop, more)));
  if (!isNode(value)) return undefined;
  const start = value.start ?? 0;
  if (value.op === '+' && isInLoop)
    return { kind: 'sum-in-loop', message: 'nothing is added up within or for a loop', start };
  if (value.op !== 'call' && value.op !== 'rcall') return refused(value.args, isInLoop, more);
  const [name, ...operands] = value.args as [string, ...unknown[]];
  if (!OFFERED.has(name) && !more.has(name)) {
    return { kind: 'unknown-function', message: `there is no function ${name}`, start };
  }
  if (!OVER_LISTS.has(name)) return refused(operands, isInLoop, more);
  const [range, body] = operands;
  if (isLooping(body)) return { kind: 'loop-in-loop', message: `${name} has another loop within it`, start };
  return refused(range, true, more) ?? refused(body, true, more);
}

function firstOf(checks: (() => CelRefusal | undefined)[]): CelRefusal | undefined {
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

/**
 * What is wrong with an expression that is to come to true or false; undefined when nothing is. more: functions that the
 * environment has beside those that are offered everywhere, each of bounded cost.
 */
export function checkCel(
  environment: Environment,
  expression: string,
  more: ReadonlySet<string> = NO_MORE,
): CelFault | undefined {
  if (expression.length > LONGEST) {
    return { kind: 'too-large', message: `must have at most ${LONGEST} characters` };
  }
  let parsed: ParseResult;
  try {
    parsed = environment.parse(expression);
  } catch (error) {
    return faultOfLibrary(expression, error);
  }
  const refusal = refused(parsed.ast, false, more);
  if (refusal) return faultAt(expression, refusal);
  const checked = parsed.check();
  if (!checked.valid) return faultOfLibrary(expression, checked.error);
  if (checked.type === 'bool' || checked.type === 'dyn') return undefined;
  return { kind: 'no-condition', message: `must come to true or false, not to ${checked.type}` };
}

/** The same in one text that goes on after the name of what holds the expression. */
export function faultOfCel(
  environment: Environment,
  expression: string,
  more: ReadonlySet<string> = NO_MORE,
): string | undefined {
  const fault = checkCel(environment, expression, more);
  if (!fault?.position) return fault?.message;
  const { line, column } = fault.position;
  return `cannot be used as a CEL expression: ${fault.message} (line ${line}, column ${column})`;
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

/** Values as CEL's variables, by their names and as a map of them all under one more. */
export function celVariables(values: Record<string, unknown>, all: string): Record<string, unknown> {
  const map = toCel(values) as Map<string, unknown>;
  return { ...Object.fromEntries(map), [all]: map };
}

/**
 * Whether the loops of an expression go through no more than is bounded: for each of its items a loop looks again at all else that
 * stands within it, so that a list and a text of a few kilobytes each would take seconds. It says so of any one expression and values
 * before they are brought together.
 */
export function isAffordable({ ast }: Pick<ParseResult, 'ast'>, values: Record<string, unknown>, all: string): boolean {
  return !isLooping(ast) || lookedAt(ast, values, all) <= MOST_LOOKED_AT;
}

function lookedAt(value: unknown, values: Record<string, unknown>, all: string): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + lookedAt(item, values, all), 0);
  if (!isNode(value)) return 0;
  const below = lookedAt(value.args, values, all);
  if (value.op !== 'rcall') return below;
  const [name, range, operands] = value.args as [string, unknown, unknown[]];
  const [variable, ...body] = operands;
  if (!OVER_LISTS.has(name) || !isNode(variable)) return below;
  const gone = reads(range, all).map((key) => values[key]);
  const [items, size] = [sumOf(gone, partsIn), sumOf(gone, sizeOf)];
  const item = String(variable.args);
  const inBody = reads(body, all);
  const others = inBody.filter((key) => key !== item);
  // All items together are as large as what they are items of.
  const ofItems = (inBody.length - others.length) * size;
  return below + ofItems + items * (nodesIn(body) + sumOf(others, (key) => sizeOf(values[key])));
}

const sumOf = <T>(all: T[], of: (one: T) => number): number => all.reduce((sum, one) => sum + of(one), 0);
const sizeOf = (value: unknown): number => (JSON.stringify(value) ?? '').length;
const partsIn = (value: unknown): number =>
  typeof value === 'object' && value !== null ? sumOf(Object.values(value), (part) => 1 + partsIn(part)) : 0;

function nodesIn(value: unknown): number {
  if (Array.isArray(value)) return sumOf(value, nodesIn);
  return isNode(value) ? 1 + nodesIn(value.args) : 0;
}

/** What is read by a key or a name, each time that it is. */
function reads(value: unknown, all: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => reads(item, all));
  if (!isNode(value) || value.op === 'value') return [];
  if (value.op === 'id') return [String(value.args)];
  const key = keyOf(value, all);
  return key === undefined ? reads(value.args, all) : [key];
}

/** Whether an expression calls one of these functions. */
export function calls(environment: Environment, expression: string, names: ReadonlySet<string>): boolean {
  const isCalled = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(isCalled);
    if (!isNode(value)) return false;
    return (value.op === 'call' && names.has(String((value.args as unknown[])[0]))) || isCalled(value.args);
  };
  return isCalled(environment.parse(expression).ast);
}

/**
 * The keys that an expression reads of a map: those of all.key and all["key"], and what stands by its own name. A loop's own
 * variable is none of them. Undefined when it reads the map otherwise, so that it cannot be told which.
 */
export function keysRead(environment: Environment, expression: string, all: string): string[] | undefined {
  const keys = new Set<string>();
  const isClear = collect(environment.parse(expression).ast, all, new Set(), keys);
  return isClear ? [...keys] : undefined;
}

function collect(value: unknown, all: string, bound: Set<string>, keys: Set<string>): boolean {
  if (Array.isArray(value)) return value.every((item) => collect(item, all, bound, keys));
  if (!isNode(value)) return true;
  if (value.op === 'value') return true;
  if (value.op === 'id') {
    const name = String(value.args);
    if (name === all) return false;
    if (!bound.has(name)) keys.add(name);
    return true;
  }
  if (value.op === 'rcall') return collectCall(value.args as [string, unknown, unknown[]], all, bound, keys);
  const key = keyOf(value, all);
  if (key === undefined) return collect(value.args, all, bound, keys);
  keys.add(key);
  return true;
}

function collectCall(
  [name, range, operands]: [string, unknown, unknown[]],
  all: string,
  bound: Set<string>,
  keys: Set<string>,
): boolean {
  const [variable] = operands;
  const isLoop = OVER_LISTS.has(name) && isNode(variable) && variable.op === 'id';
  const within = isLoop ? new Set([...bound, String(variable.args)]) : bound;
  return collect(range, all, bound, keys) && collect(operands, all, within, keys);
}

/** The key in all.key and all["key"]. */
function keyOf({ op, args }: Node, all: string): string | undefined {
  if (op !== '.' && op !== '[]') return undefined;
  const [map, key] = args as [unknown, unknown];
  if (!isNode(map) || map.op !== 'id' || map.args !== all) return undefined;
  if (typeof key === 'string') return key;
  return isNode(key) && key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
}
