import { createContext, Script } from 'node:vm';

/** So long everybody else waits at most, twice. */
const PATIENCE_MS = 100;
/** Ways to read a text that a pattern may try, unwatched: some hundred microseconds at most. */
const MOST_WAYS = 100_000;
/** As long as a value may be. */
const UNBOUNDED = 8192;

const RISKY = new Set(['$ref', '$dynamicRef', 'patternProperties']);
const ATOM = String.raw`\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\[^]|\[(?:\\[^]|[^\]\\])*\]|[^\\[\](){}*+?|]`;
const QUANTIFIER = String.raw`[*+?]|\{\d+(?:,\d*)?\}`;
const PART = new RegExp(`(?:${ATOM})(${QUANTIFIER})?\\??`, 'uy');

const BOUNDS = /^\{(\d+)(,(\d*))?\}$/;

/** How many lengths something with this quantifier can have. */
function lengthsOf(quantifier: string | undefined): number {
  if (quantifier === undefined) return 1;
  if (quantifier === '?') return 2;
  const [, least = '0', more, most = ''] = BOUNDS.exec(quantifier) ?? ['', '0', ','];
  if (more === undefined) return 1;
  return most === '' ? UNBOUNDED : Number(most) - Number(least) + 1;
}

/** Whether it begins at the beginning, has no groups or choices, and few ways to divide a text among its parts. */
function isQuick(pattern: string): boolean {
  if (!pattern.startsWith('^')) return false;
  let ways = 1;
  PART.lastIndex = 0;
  while (PART.lastIndex < pattern.length) {
    const part = PART.exec(pattern);
    if (!part) return false;
    ways *= lengthsOf(part[1]);
  }
  return ways <= MOST_WAYS;
}

/** Whether checking even a small value against a schema may take very long: by a pattern, or by what refers to itself. */
export function mayTakeLong(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema).some(
    ([key, child]) =>
      RISKY.has(key) || (key === 'pattern' && typeof child === 'string' && !isQuick(child)) || mayTakeLong(child),
  );
}

const sandbox = { check: () => false };
createContext(sandbox);
const CHECK = new Script('check()');

const isTimeOver = (error: unknown): boolean => (error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
const isTooDeep = (error: unknown): boolean => error instanceof RangeError;

function watched(check: () => boolean): boolean | undefined {
  try {
    sandbox.check = check;
    return CHECK.runInContext(sandbox, { timeout: PATIENCE_MS }) as boolean;
  } catch (error) {
    if (isTimeOver(error) || isTooDeep(error)) return undefined;
    throw error;
  }
}

/** What check comes to; undefined where it takes too long or never ends. Costs 0.1 ms. A process that stood still meanwhile tries twice. */
export const watch = (check: () => boolean): boolean | undefined => watched(check) ?? watched(check);
