import type { Formats } from '../../format';
import type { Persons } from './pending';

/** `<10` for what is not counted out. */
export const personsOf = ({ value, fewerThan = 10 }: Persons, formats: Formats): string =>
  value === null ? `<${fewerThan}` : formats.number(value);
