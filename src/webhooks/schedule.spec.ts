import { waitAfter } from './schedule';

const DAY = 24 * 3600;
const TRIES = Array.from({ length: 9 }, (_, n) => n + 1);
const waits = (random: number): number[] => TRIES.map((tries) => waitAfter(tries, 0, random) ?? 0);

describe('the waits between tries', () => {
  it('grow, and are over after a little more than three days', () => {
    expect(waits(0)).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    expect(waitAfter(10)).toBeUndefined();
    for (const random of [0, 1]) {
      const all = waits(random).reduce((sum, wait) => sum + wait, 0);
      expect([all > 3 * DAY, all < 3.5 * DAY]).toEqual([true, true]);
    }
  });

  // Fails without the jitter: a thousand messages that an endpoint missed would all come back in one second.
  it('differ for those that failed together, by up to a tenth', () => {
    expect(waitAfter(2, 0, 0.5)).toBeCloseTo(315);
    expect(waitAfter(2, 0, 1)).toBeCloseTo(330);
    expect(new Set(TRIES.map(() => waitAfter(2))).size).toBe(TRIES.length);
  });

  it('are as long as the other side asks for, a day at most, and no shorter', () => {
    expect(waitAfter(1, 600, 0)).toBe(600);
    expect(waitAfter(1, 30 * DAY, 0)).toBe(DAY);
    expect(waitAfter(9, 1, 0)).toBe(DAY);
  });
});
