import { predicateOf } from './predicate';

const ask = (expression: string, birthday: unknown, today: string): boolean | string => {
  try {
    return predicateOf(expression).of({ birthday }, today);
  } catch (error) {
    return (error as { errors: { message: string }[] }).errors[0]?.message ?? String(error);
  }
};

describe('a question about dates', () => {
  it.each<[string, string, string, boolean]>([
    // A Tuesday; its week is from Monday the 23rd to Sunday the 29th.
    ['1990-11-23', '2026-11-24', 'anniversaryThisWeek(birthday)', true],
    ['1990-11-29', '2026-11-24', 'anniversaryThisWeek(birthday)', true],
    ['1990-11-22', '2026-11-24', 'anniversaryThisWeek(birthday)', false],
    ['1990-11-30', '2026-11-24', 'anniversaryThisWeek(birthday)', false],
    // Weeks that lie in two years: Monday 2025-12-29 to Sunday 2026-01-04.
    ['1990-01-02', '2025-12-30', 'anniversaryThisWeek(birthday)', true],
    ['1990-12-30', '2026-01-03', 'anniversaryThisWeek(birthday)', true],
    // 29 February is 1 March in other years.
    ['1992-02-29', '2026-03-01', 'daysUntilAnniversary(birthday) == 0', true],
    ['1992-02-29', '2028-02-29', 'daysUntilAnniversary(birthday) == 0', true],
    ['1992-02-29', '2026-02-28', 'age(birthday) == 33', true],
    ['1992-02-29', '2026-03-01', 'age(birthday) == 34', true],
    ['2008-11-24', '2026-11-24', 'age(birthday) >= 18', true],
    ['2008-11-25', '2026-11-24', 'age(birthday) >= 18', false],
    ['1990-11-23', '2026-11-24', 'daysUntilAnniversary(birthday) == 364', true],
    ['1990-11-24', '2026-11-24', 'daysUntilAnniversary(birthday) == 0', true],
    ['2026-11-20', '2026-11-24', 'daysUntil(birthday) == -4', true],
    ['2026-12-24', '2026-11-24', 'daysUntil(birthday) == 30 && birthday > today()', true],
    ['1969-12-31T23:30:00+02:00', '1970-01-01', 'daysUntil(birthday) == -1', true],
  ])('of %s, asked on %s: %s is %s', (birthday, today, expression, expected) => {
    expect(ask(expression, birthday, today)).toBe(expected);
  });

  it.each([['no date'], ['1990-02-30'], ['1990-4-1'], ['19900401'], ['1990-04-011'], [19900401], [null], ['']])(
    'of %j is refused, without it',
    (birthday) => {
      expect(ask('age(birthday) > 1', birthday, '2026-11-24')).toBe('Does not come to true or false for these values');
    },
  );

  it('looks at the day only where it says so', () => {
    expect(predicateOf('birthday < "1990"').looksAtToday).toBe(false);
    expect(predicateOf('birthday == "x" || !(age(birthday) > 3)').looksAtToday).toBe(true);
    expect(predicateOf('birthday < today()').attributes).toEqual(['birthday']);
  });
});
