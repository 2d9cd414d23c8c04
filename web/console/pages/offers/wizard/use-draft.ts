import { useMemo } from 'react';
import { useKept } from '../../../kept';
import { useStaff } from '../../../session/session';
import { emptyForm, formOf, type OfferForm } from '../offer-form';
import type { Offer } from '../offer';

interface KeptInput {
  form: OfferForm;
  /** The fields as they were saved when the typing began. */
  base: string;
}

export interface Draft {
  form: OfferForm;
  change: (part: Partial<OfferForm>) => void;
  /** There is something that the service does not have. */
  isUnsaved: boolean;
  /** Somebody else has saved since the typing began. */
  isOvertaken: boolean;
  /** Goes on from what is typed here, whatever was saved since. */
  keepMine: () => void;
  discard: () => void;
}

/** The wizard's fields: what was typed here and not saved, else what is saved. */
export function useDraft(offer: Offer | undefined): Draft {
  const { programme } = useStaff();
  const saved = useMemo(() => (offer ? formOf(offer) : emptyForm), [offer]);
  const savedText = JSON.stringify(saved);
  const [kept, keep, discard] = useKept<KeptInput | null>(`${programme.id}.offer.${offer?.id ?? 'new'}`, null);
  const form = kept ? { ...emptyForm, ...kept.form } : saved;
  return {
    form,
    change: (part) => {
      const next = { ...form, ...part };
      if (JSON.stringify(next) === savedText) discard();
      else keep({ form: next, base: kept?.base ?? savedText });
    },
    isUnsaved: kept !== null,
    isOvertaken: kept !== null && kept.base !== savedText,
    keepMine: () => keep({ form, base: savedText }),
    discard,
  };
}
