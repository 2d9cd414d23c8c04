import type { Count } from './count.dto';

/**
 * What is done with counts of persons before they leave the server, after the threshold rule and complementary suppression of
 * official statistics (Hundepool et al., Statistical Disclosure Control, 2012, ch. 4–5; Eurostat, Handbook on Statistical
 * Disclosure Control, 2010, ch. 4), which make each group that is told a group of at least k, k-anonymity:
 *
 * - A count of fewer than 10, also of 0, is not told, only that it is fewer (primary suppression).
 * - A count that is told beside one that it is part of also tells their difference. Where that would be 1 to 9 persons, the one of
 *   the two that matters less is withheld (complementary suppression). A difference of 0 stays: "all of them" is no small group.
 * - Where a total is told beside its parts, and the parts that are not told come to 1 to 9, the smallest of the others is
 *   withheld as well.
 *
 * This holds within an answer. Whoever asks again tomorrow, or for another time, can compare: staff may, and what they can find
 * out that way is bounded by what an offer's figures show anyway.
 */
export const FEW = 10;

const isTooFew = (count: number): boolean => count < FEW;
const tellsFew = (difference: number): boolean => difference !== 0 && Math.abs(difference) < FEW;

/** @param beside counts that are told in the same answer, of groups that hold this one or are held by it */
export function countOf(persons: number, beside: Count[] = []): Count {
  if (isTooFew(persons)) return { value: null, fewerThan: FEW };
  const isWithheld = beside.some(({ value }) => value !== null && tellsFew(value - persons));
  return isWithheld ? { value: null, withheld: true } : { value: persons };
}

/** Of groups that hold each other, in the order in which they matter: one that would tell few beside those before it is withheld. */
export function nestedCounts(persons: number[]): Count[] {
  return persons.reduce<Count[]>((told, count) => [...told, countOf(count, told)], []);
}

/** Of groups that together are the one that is told as their total. */
export function partsOf(total: number, parts: number[]): { total: Count; parts: Count[] } {
  const told = { total: countOf(total), parts: parts.map((count) => countOf(count)) };
  const hidden = (): number => parts.reduce((sum, count, n) => sum + (told.parts[n]?.value === null ? count : 0), 0);
  while (told.total.value !== null && tellsFew(hidden())) {
    const shown = [...parts.keys()].filter((n) => told.parts[n]?.value !== null);
    const smallest = shown.sort((a, b) => (parts[a] ?? 0) - (parts[b] ?? 0))[0];
    if (smallest === undefined) return { ...told, total: { value: null, withheld: true } };
    told.parts[smallest] = { value: null, withheld: true };
  }
  return told;
}

/** For CSV: "<10" for fewer, nothing for what is withheld. */
export const countCell = ({ value, fewerThan }: Count): string | number =>
  value ?? (fewerThan === undefined ? '' : `<${fewerThan}`);
