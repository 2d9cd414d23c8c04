import type { OfferForm } from '../offer-form';
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

/** What an input of a number hands over. */
export const typed = (value: number | string): number | '' => (typeof value === 'number' ? value : '');
