import type { OfferForm, Typed } from '../offer-form';
import type { Catalogue } from '../use-catalogue';

/** What each step of the wizard is given. */
export interface StepProps {
  form: OfferForm;
  catalogue: Catalogue;
  change: (part: Partial<OfferForm>) => void;
  /** What is wrong at this pointer into the body, or below it. */
  errorAt: (pointer: string) => string | undefined;
  isNew: boolean;
}

/** What an input of a number hands over: text as long as it is in the middle of one, as "5." is. */
export function typed(value: number | string): Typed {
  const number = Number(value);
  return value === '' || Number.isNaN(number) ? '' : number;
}
