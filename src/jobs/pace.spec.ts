import { Pace } from './pace';

/** Batches of the job every 50 ms, each with a transaction of its own; others' so many a second. */
function after(othersASecond: number, batches = 5): Pace {
  const pace = new Pace();
  let number = 0;
  for (let n = 0; n < batches; n++) {
    number += 1 + Math.round(othersASecond / 20);
    pace.saw(number, n + 1, 1_000 + 50 * n);
  }
  return pace;
}

it('goes on without a pause while nobody else writes, or only now and then', () => {
  for (const others of [0, 20]) {
    expect(after(others).pauseAfter(60)).toBe(0);
    expect(after(others).batch).toBe(2_000);
  }
});

it('takes small batches and rests after each of them beside others', () => {
  const pace = after(400);
  expect(pace.batch).toBe(500);
  expect(pace.pauseAfter(20)).toBe(180);
});

it('takes what there is again when they have gone', () => {
  const pace = after(400);
  pace.saw(1_000, 6, 2_000);
  expect(pace.pauseAfter(60)).toBe(540);
  pace.saw(1_001, 7, 2_200);
  expect(pace.pauseAfter(60)).toBe(0);
});

it('takes its own lanes, and what else its process does, for no one else', () => {
  const pace = new Pace();
  for (let n = 0; n < 40; n++) {
    pace.saw(12 * n + 1, 12 * n + 2, 1_000 + 20 * n);
    pace.saw(12 * n + 2, 12 * n + 2, 1_010 + 20 * n);
    expect(pace.pauseAfter(20)).toBe(0);
  }
});
