import { inputKind, isWhole } from './choices';
import type { Format } from './format';
import { text, type Locale } from './texts';
import type { Schema } from './types';

/** What is entered and not yet a value: text as typed, a choice, or choices. */
export type Entered = unknown;

/** Numbers in groups of three, as the locale writes them, and what stands between the groups. */
const GROUPED: Record<Locale, { form: RegExp; between: string }> = {
  de: { form: /^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?$/, between: '.' },
  en: { form: /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/, between: ',' },
};

/** The value that was entered; undefined where there is none. A number is read as the locale writes it. */
export function valueOf(schema: Schema, entered: Entered, locale: Locale): unknown {
  if (entered === undefined || entered === '') return undefined;
  if (inputKind(schema) !== 'number' || typeof entered !== 'string') return entered;
  const { form, between } = GROUPED[locale];
  const typed = entered.replace(/\s/g, '');
  const written = (form.test(typed) ? typed.replaceAll(between, '') : typed).replace(',', '.');
  return /^[+-]?\d+(\.\d+)?$/.test(written) ? Number(written) : Number.NaN;
}

interface Spoken {
  locale: Locale;
  format: Format;
}

/** What is wrong with an entered value, in words; undefined when nothing that can be seen here is. The service looks again. */
export function faultOf(schema: Schema, entered: Entered, { locale, format }: Spoken): string | undefined {
  const value = valueOf(schema, entered, locale);
  if (value === undefined || (Array.isArray(value) && value.length < (schema.minItems ?? 1)))
    return text(locale, 'field.missing');
  if (typeof value === 'number') return faultOfNumber(schema, value, { locale, format });
  if (typeof value !== 'string' || inputKind(schema) === 'choice') return undefined;
  if (schema.maxLength !== undefined && [...value].length > schema.maxLength)
    return text(locale, 'field.length', { n: format.number(schema.maxLength) });
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    return text(locale, 'field.pattern');
  return undefined;
}

function faultOfNumber(schema: Schema, value: number, spoken: Spoken): string | undefined {
  if (Number.isNaN(value)) return text(spoken.locale, 'field.notNumber');
  if (isWhole(schema) && !Number.isInteger(value)) return text(spoken.locale, 'field.whole');
  const { minimum = -Infinity, maximum = Infinity, multipleOf } = schema;
  const steps = multipleOf === undefined ? 0 : value / multipleOf;
  const isOff = Math.abs(steps - Math.round(steps)) > 1e-9;
  return value < minimum || value > maximum || isOff ? hintOf(schema, spoken) : undefined;
}

/** What a value has to be like, said before anything is wrong. */
export function hintOf(schema: Schema, { locale, format }: Spoken): string {
  const { minimum, maximum, multipleOf } = schema;
  const [min, max] = [format.number(minimum ?? 0), format.number(maximum ?? 0)];
  const range =
    minimum !== undefined && maximum !== undefined
      ? text(locale, 'field.between', { min, max })
      : minimum !== undefined
        ? text(locale, 'field.atLeast', { min })
        : maximum !== undefined
          ? text(locale, 'field.atMost', { max })
          : '';
  const step =
    multipleOf === undefined || multipleOf === 1 ? '' : text(locale, 'field.step', { step: format.number(multipleOf) });
  return [range, step].filter(Boolean).join(', ');
}
