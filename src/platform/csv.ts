/** What a spreadsheet would take for a formula, or for the way to one (OWASP, CSV injection). */
const STARTS_FORMULA = /^[=+\-@\t\r\n]/;
/**
 * The same further on in a text, where a spreadsheet takes a cell to begin that separates them by semicolons, as German ones do:
 * our quotes are in the middle of a cell then, and hold nothing together.
 */
const STARTS_FORMULA_WITHIN = /([;\r\n]"*)(?=[=+\-@\t])/g;
const NEEDS_QUOTES = /[",\r\n]/;

/** A text somebody else wrote: never a formula, whatever it is. An apostrophe in front tells spreadsheets that it is text. */
export const text = (value: string | undefined): string => {
  if (value === undefined) return '';
  const harmless = value.replaceAll(STARTS_FORMULA_WITHIN, "$1'");
  return STARTS_FORMULA.test(value) ? `'${harmless}` : harmless;
};

/** A record of RFC 4180, with its line break. Numbers, times and ids of ours go in as they are, others' words by `text`. */
export function csvRecord(cells: (string | number)[]): string {
  const quoted = cells.map((cell) => {
    const written = String(cell);
    return NEEDS_QUOTES.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
  });
  return `${quoted.join(',')}\r\n`;
}
