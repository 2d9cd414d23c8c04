import { SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { LOCALES, useText } from '../../locale';
import { fieldFault } from '../../parts/field-fault';
import { texts } from './texts';

export interface Both {
  de: string;
  en: string;
}

interface BothTextsProps {
  label: string;
  hint?: string;
  /** In the body that is sent: `title`. */
  field: string;
  value: Both;
  onChange: (value: Both) => void;
  error: Error | null;
  required?: boolean;
  long?: boolean;
}

/** One text in both languages, side by side. */
export function BothTexts({
  label,
  hint,
  field,
  value,
  onChange,
  error,
  required = false,
  long = false,
}: BothTextsProps) {
  const { both } = useText(texts);
  const Field = long ? Textarea : TextInput;
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {LOCALES.map((locale) => (
        <Field
          key={locale}
          lang={locale}
          label={`${label}, ${both[locale]}`}
          description={hint}
          required={required}
          value={value[locale]}
          error={fieldFault(error, `/${field}/${locale}`)}
          onChange={(event: { currentTarget: { value: string } }) =>
            onChange({ ...value, [locale]: event.currentTarget.value })
          }
        />
      ))}
    </SimpleGrid>
  );
}

export const EMPTY: Both = { de: '', en: '' };
export const isEmpty = ({ de, en }: Both): boolean => de === '' && en === '';
