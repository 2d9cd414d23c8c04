import type { Schemas } from '../../api/client';
import type { Formats } from '../../format';

/** `<10` for what is not counted out. */
export const personsOf = ({ value, fewerThan = 10 }: Schemas['PersonsCount'], formats: Formats): string =>
  value === null ? `<${fewerThan}` : formats.number(value);
