/** A number as it is written, and its noun. Only "1" is one, in German as in English: "1 point", "0 points", "1.5 points". */
export const counted = (written: string, one: string, several: string): string =>
  `${written} ${written === '1' ? one : several}`;
