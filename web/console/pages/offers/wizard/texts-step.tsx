import { Stack, Text, Textarea, TextInput } from '@mantine/core';
import { LOCALES, useText, type Locale } from '../../../locale';
import { suggestKey } from '../offer-form';
import { texts } from '../texts';
import type { StepProps } from './step';

/** What the customer reads, in both languages, and what the offer is called among colleagues. */
export function TextsStep({ form, change, errorAt, isNew }: StepProps) {
  const t = useText(texts);
  const languages = { de: t.german, en: t.english };
  const setTitle = (locale: Locale, value: string) => {
    const isSuggested = isNew && locale === 'en' && form.key === suggestKey(form.title.en);
    change({ title: { ...form.title, [locale]: value }, ...(isSuggested && { key: suggestKey(value) }) });
  };
  return (
    <Stack>
      <Text>{t.textHint}</Text>
      {LOCALES.map((locale) => (
        <Stack key={locale} gap="xs" component="section" lang={locale}>
          <TextInput
            label={t.offerTitle(languages[locale])}
            required
            maxLength={4000}
            value={form.title[locale]}
            error={errorAt(`/title/${locale}`)}
            onChange={(event) => setTitle(locale, event.currentTarget.value)}
          />
          <Textarea
            label={t.offerText(languages[locale])}
            required
            autosize
            minRows={3}
            maxLength={4000}
            value={form.text[locale]}
            error={errorAt(`/text/${locale}`)}
            onChange={(event) => change({ text: { ...form.text, [locale]: event.currentTarget.value } })}
          />
        </Stack>
      ))}
      <TextInput
        label={t.key}
        description={t.keyHint}
        required
        disabled={!isNew}
        value={form.key}
        error={errorAt('/key')}
        onChange={(event) => change({ key: event.currentTarget.value })}
      />
    </Stack>
  );
}
