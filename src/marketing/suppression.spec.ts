import * as fc from 'fast-check';
import { countCell, countOf, FEW, nestedCounts, partsOf } from './suppression';

const few = { value: null, fewerThan: 10 };

it('tells no count of fewer than 10, also not that it is 0', () => {
  expect([0, 1, 9, 10].map((count) => countOf(count))).toEqual([few, few, few, { value: 10 }]);
});

it('withholds what would tell fewer than 10 beside what matters more, and nothing else', () => {
  const counts = (...persons: number[]) => nestedCounts(persons).map(countCell);
  expect(counts(120, 118)).toEqual([120, '']);
  expect(counts(120, 120, 110, 101)).toEqual([120, 120, 110, '']);
  expect(counts(120, 111, 110)).toEqual([120, '', 110]);
  expect(counts(9, 9, 30)).toEqual(['<10', '<10', 30]);
});

it('withholds a second part where the total would tell the first', () => {
  const told = (total: number, ...parts: number[]) => {
    const { total: all, parts: ofIt } = partsOf(total, parts);
    return [countCell(all), ...ofIt.map(countCell)];
  };
  expect(told(66, 40, 5, 21)).toEqual([66, 40, '<10', '']);
  expect(told(60, 40, 20, 0)).toEqual([60, 40, 20, '<10']);
  expect(told(53, 40, 5, 8)).toEqual([53, 40, '<10', '<10']);
  expect(told(8, 5, 3)).toEqual(['<10', '<10', '<10']);
});

it('never tells 1 to 9 persons by any difference of two, or of a total and its parts', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(counts, (persons) => {
      const told = nestedCounts(persons).flatMap(({ value }) => value ?? []);
      for (const one of told)
        for (const other of told) expect(one === other || Math.abs(one - other) >= FEW).toBe(true);
      const sum = persons.reduce((all, count) => all + count, 0);
      const { total, parts } = partsOf(sum, persons);
      const rest = (total.value ?? NaN) - parts.reduce((all, { value }) => all + (value ?? 0), 0);
      expect(Number.isNaN(rest) || rest === 0 || rest >= FEW).toBe(true);
    }),
  );
});
