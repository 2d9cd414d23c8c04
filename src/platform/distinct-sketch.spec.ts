import { keyedHash } from './crypto';
import { addToSketch, countOfSketch, emptySketch, mergeSketches } from './distinct-sketch';

const KEY = Buffer.alloc(32, 7);

function sketchOf(from: number, to: number): Buffer {
  const sketch = emptySketch();
  for (let n = from; n < to; n += 1) addToSketch(sketch, keyedHash(KEY, `customer ${n}`));
  return sketch;
}

it('counts nobody, and each one once', () => {
  expect(countOfSketch(emptySketch())).toBe(0);
  const sketch = sketchOf(0, 1);
  addToSketch(sketch, keyedHash(KEY, 'customer 0'));
  expect(countOfSketch(sketch)).toBe(1);
});

it.each([20, 100, 1_000, 5_000, 10_000, 100_000])('is near enough with %i', (count) => {
  expect(Math.abs(countOfSketch(sketchOf(0, count)) - count)).toBeLessThanOrEqual(Math.max(1, 0.07 * count));
});

it('counts those of several once, as one of all would', () => {
  const merged = mergeSketches([sketchOf(0, 600), sketchOf(400, 1_000)]);
  expect(merged).toEqual(sketchOf(0, 1_000));
});
