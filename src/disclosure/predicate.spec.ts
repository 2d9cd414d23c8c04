import { predicateOf } from './predicate';

const ask = (expression: string, values: Record<string, unknown>): boolean => predicateOf(expression).of(values);
const many = Array.from({ length: 3_900 }, () => 1);
const long = 'a'.repeat(8_000);

describe('a question with a loop', () => {
  // Fails when cost is bounded by the expression alone: each of these had kept all other callers waiting for seconds.
  it.each<[what: string, expression: string, values: Record<string, unknown>]>([
    ['a text', 'numbers.exists(x, size(text) == x)', { numbers: many, text: long }],
    ['a text by its key', 'values["numbers"].exists(x, values["text"].contains("b"))', { numbers: many, text: long }],
    ['another list', 'numbers.all(x, x in other)', { numbers: many, other: many }],
    ['the list again', 'numbers.exists(x, numbers == numbers)', { numbers: many }],
    [
      'a text, in the list of a loop',
      'numbers.filter(x, size(text) == x).exists(y, y == 2)',
      { numbers: many, text: long },
    ],
  ])('is not answered where it goes through %s for each of many', (_, expression, values) => {
    expect(() => ask(expression, values)).toThrow(
      expect.objectContaining({ errors: [{ pointer: '/expression', message: expect.stringContaining('too much') }] }),
    );
  });

  it('is answered where it does not', () => {
    expect(ask('numbers.exists(x, x == 2)', { numbers: many })).toBe(false);
    expect(ask('numbers.exists(x, x.contains("b") || x.startsWith(name))', { numbers: [long], name: 'aa' })).toBe(true);
    const tags = Array.from({ length: 100 }, (_, n) => `tag ${n}`);
    expect(ask('tags.exists(t, t in wanted && size(t) < 9)', { tags, wanted: tags })).toBe(true);
    expect(ask('size(text) == 8000 && text.contains("a")', { text: long })).toBe(true);
  });
});
