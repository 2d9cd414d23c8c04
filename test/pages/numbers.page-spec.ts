import { faultOf, hintOf, valueOf } from '../../web/widget/check-value';
import { Format } from '../../web/widget/format';

const schema = { type: 'number' };
const whole = { type: 'integer', maximum: 5000 };

describe('a number that a customer enters', () => {
  it.each([
    ['de', '1500', 1500],
    ['de', '1.500', 1500],
    ['de', '1.234.567,5', 1_234_567.5],
    ['de', '1,5', 1.5],
    ['de', '1.5', 1.5],
    ['de', '0.500', 0.5],
    ['de', '-1.500', -1500],
    ['de', '1 500', 1500],
    ['en', '1,500', 1500],
    ['en', '1,234,567.5', 1_234_567.5],
    ['en', '1.500', 1.5],
    ['en', '1,5', 1.5],
    ['en', '1.5.5', Number.NaN],
    ['de', 'viel', Number.NaN],
  ] as const)('is read as the locale writes it: %s %s', (locale, entered, value) => {
    expect(valueOf(schema, entered, locale)).toBe(value);
  });

  // Whoever opened the correction of 1,500 and saved it had 1.5.
  it.each(['de', 'en'] as const)('stays the same when it is opened to be corrected, and saved (%s)', (locale) => {
    const format = new Format(locale);
    for (const value of [7, 1500, -1500, 1234.5, 1_234_567.125, 0.1234567, 1e-7])
      expect([format.typed(value), valueOf(schema, format.typed(value), locale)]).toEqual([expect.any(String), value]);
    expect(faultOf(whole, format.typed(1500), { locale, format })).toBeUndefined();
    expect(valueOf(schema, format.number(1500), locale)).toBe(1500);
  });

  it('is shown with all its digits, and so is the step that is asked for', () => {
    expect(new Format('de').number(0.12345)).toBe('0,12345');
    expect(hintOf({ type: 'number', multipleOf: 0.0001 }, { locale: 'en', format: new Format('en') })).toContain(
      '0.0001',
    );
  });
});
