import { NumberInput, type NumberInputProps } from '@mantine/core';
import { useState } from 'react';
import { useLocale } from '../../../locale';
import type { Typed } from '../offer-form';
import { typed } from './step';

interface AmountInputProps extends Omit<NumberInputProps, 'value' | 'onChange'> {
  value: Typed;
  onChange: (value: Typed) => void;
}

/** An amount of money, with the point or comma of the page's language. */
export function AmountInput({ value, onChange, ...input }: AmountInputProps) {
  const { locale } = useLocale();
  // "5," and "5,0" are 5, and on their way to 5,05: shown as they are typed, as long as that is what they mean.
  const [text, setText] = useState<string | number>(value);
  return (
    <NumberInput
      {...input}
      decimalSeparator={locale === 'de' ? ',' : '.'}
      value={typed(text) === value ? text : value}
      onChange={(next) => {
        setText(next);
        onChange(typed(next));
      }}
    />
  );
}
