/** Round values from 0 to at least `highest`, about `wanted` of them. */
export function roundTicks(highest: number, wanted = 4): number[] {
  if (highest <= 0) return [0, 1];
  const rough = highest / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  const ticks = Array.from({ length: Math.ceil(highest / step) + 1 }, (_, index) => index * step);
  return ticks;
}

/** Times that people count in, from a millisecond to thirty days; in milliseconds. */
const SPOKEN_TIMES = [1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 86_400_000, 864_000_000];

/** The times at which lines are drawn when all lie between `shortest` and `longest` milliseconds, one around them. */
export function timeTicks(shortest: number, longest: number): number[] {
  const first = SPOKEN_TIMES.findLastIndex((time) => time <= shortest);
  const last = SPOKEN_TIMES.findIndex((time) => time >= longest);
  return SPOKEN_TIMES.slice(Math.max(first, 0), (last === -1 ? SPOKEN_TIMES.length : last) + 1);
}

/** Where a value stands between two others, from 0 to 1, each tenfold taking as much room. */
export const logPosition = (value: number, from: number, to: number): number =>
  from === to ? 0 : (Math.log(Math.max(value, from)) - Math.log(from)) / (Math.log(to) - Math.log(from));

/** At most `wanted` of the labels, evenly spaced, the last among them. */
export function everyNth(length: number, wanted: number): (index: number) => boolean {
  const step = Math.max(1, Math.ceil(length / Math.max(1, wanted)));
  return (index) => (length - 1 - index) % step === 0;
}
