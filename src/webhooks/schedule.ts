const MINUTE = 60;
const HOUR = 3600;
/** Seconds after each failed try, as Standard Webhooks suggests them: ten tries over a little more than three days. */
const WAITS = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** Waits are longer by up to this part, so that what failed together does not come back together. */
const JITTER = 0.1;
const LONGEST_ASKED_FOR = 24 * HOUR;

/**
 * Seconds until the next try; undefined when there is none any more.
 * @param tries that have failed @param retryAfter seconds that the other side asked for
 */
export function waitAfter(tries: number, retryAfter = 0, random = Math.random()): number | undefined {
  const wait = WAITS[tries - 1];
  if (wait === undefined) return undefined;
  return Math.max(wait * (1 + JITTER * random), Math.min(retryAfter, LONGEST_ASKED_FOR));
}
