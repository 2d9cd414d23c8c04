import { Later } from './later';
import type { Logger } from './logging';

const laterBy = (write: (lane: string, notes: number[]) => Promise<unknown>) => {
  const warnings: string[] = [];
  const logger = { warn: (_: object, text: string) => void warnings.push(text) } as unknown as Logger;
  return { warnings, later: new Later<number[]>({ make: () => [], write, logger }) };
};

it('writes what was noted once, each lane on its own', async () => {
  const written: [string, number[]][] = [];
  const { later } = laterBy(async (lane, notes) => void written.push([lane, notes]));
  for (const n of [1, 2]) later.note('a', (notes) => notes.push(n));
  later.note('b', (notes) => notes.push(3));
  expect(written).toEqual([]);
  await later.flush();
  await later.flush();
  expect(written).toEqual([
    ['a', [1, 2]],
    ['b', [3]],
  ]);
});

it('writes by itself a second later', async () => {
  jest.useFakeTimers();
  const written: number[] = [];
  const { later } = laterBy(async (_, notes) => void written.push(...notes));
  later.note('a', (notes) => notes.push(1));
  await jest.advanceTimersByTimeAsync(999);
  expect(written).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(written).toEqual([1]);
  jest.useRealTimers();
});

it('keeps nobody waiting for what fails, loses it, says so, and goes on with the next', async () => {
  const written: string[] = [];
  const { later, warnings } = laterBy(async (lane) => {
    if (lane === 'a') throw new Error('away');
    written.push(lane);
  });
  later.note('a', (notes) => notes.push(1));
  later.note('b', (notes) => notes.push(2));
  await later.flush();
  await later.flush();
  expect({ written, warnings }).toEqual({ written: ['b'], warnings: ['notes for figures were lost'] });
});
