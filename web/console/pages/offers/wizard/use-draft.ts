import { useMemo } from 'react';
import { readKept, useKept, writeKept } from '../../../kept';
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
  /** `sent` is saved, as `as`: what was typed since goes on from there. */
  saved: (sent: OfferForm, as: Offer) => void;
}

/** The wizard's fields: what was typed here and not saved, else what is saved. */
export function useDraft(offer: Offer | undefined): Draft {
  const { programme } = useStaff();
  const saved = useMemo(() => (offer ? formOf(offer) : emptyForm), [offer]);
  const savedText = JSON.stringify(saved);
  const keyOf = (id: string) => `${programme.id}.offer.${id}`;
  const key = keyOf(offer?.id ?? 'new');
  const [kept, keep, discard] = useKept<KeptInput | null>(key, null);
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
    saved: (sent, as) => {
      const typed = readKept<KeptInput>(key)?.form;
      if (typed && JSON.stringify(typed) !== JSON.stringify(sent)) {
        const since = { form: { ...typed, key: as.key }, base: JSON.stringify(formOf(as)) };
        if (offer) return keep(since);
        writeKept(keyOf(as.id), since);
      }
      discard();
    },
  };
}
