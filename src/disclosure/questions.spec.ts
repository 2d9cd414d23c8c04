import { predicateOf } from './predicate';
import { QUESTIONS_A_DAY } from './questions';

const DAYS = 36_525;
const dayOf = (day: number): string => new Date(Date.UTC(1926, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);

/** A question has a third answer: that it comes to neither. */
function answered(expression: string, birthday: string): boolean | 'neither' {
  try {
    return predicateOf(expression).of({ birthday });
  } catch {
    return 'neither';
  }
}

/** How many days a date of birth is one of, when a day's questions have been asked as cleverly as they can be. */
function leftOf(birthday: string): number {
  let [from, to] = [0, DAYS];
  for (let n = 0; n < QUESTIONS_A_DAY; n++) {
    const third = (to - from) / 3;
    const [first, second] = [Math.round(from + third), Math.round(from + 2 * third)];
    const question = `birthday < "${dayOf(first)}" ? true : birthday < "${dayOf(second)}" ? false : dyn(1)`;
    const answer = answered(question, birthday);
    if (answer === true) to = first;
    else if (answer === false) [from, to] = [first, second];
    else from = second;
  }
  return to - from;
}

it('the questions of a day leave a date of birth one of fifty', () => {
  for (const day of [0, 9_999, 20_000, DAYS - 1]) expect(leftOf(dayOf(day))).toBeGreaterThanOrEqual(50);
});
