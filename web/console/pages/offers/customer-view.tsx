import { Alert, Group, Paper, SegmentedControl, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type HTMLAttributes } from 'react';
import '../../../widget/gegenwert-offer';
import { answer, type Schemas } from '../../api/client';
import { useLocale, useText, type Locale } from '../../locale';
import { useApi } from '../../session/session';
import { bodyOf, type OfferForm } from './offer-form';
import { texts } from './texts';

declare module 'react' {
  // React's own place for elements that it does not know.
  namespace JSX {
    interface IntrinsicElements {
      /** The very element that customers see, of the widget. */
      'gegenwert-offer': HTMLAttributes<HTMLElement> & { quote: Schemas['QuoteDto']; locale: Locale; preview: boolean };
    }
  }
}

const PAUSE_MS = 400;

/** What the customer sees of the offer, as it is written: the service makes it from what is in the fields, saved or not. */
export function CustomerView({ form }: { form: OfferForm }) {
  const t = useText(texts);
  const { locale: ofPage } = useLocale();
  const [locale, setLocale] = useState<Locale>(ofPage);
  const preview = usePreview(form);
  const isEmpty = !form.asks.some(({ purposes }) => purposes.length > 0);
  return (
    <Paper withBorder p="md" component="section" aria-label={t.preview} className="preview">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          {t.preview}
        </Title>
        <SegmentedControl
          size="xs"
          aria-label={t.previewLanguage}
          data={[
            { value: 'de', label: t.german },
            { value: 'en', label: t.english },
          ]}
          value={locale}
          onChange={(value) => setLocale(value as Locale)}
        />
      </Group>
      {isEmpty ? (
        <Text c="dimmed">{t.previewEmpty}</Text>
      ) : preview.data ? (
        <gegenwert-offer quote={preview.data[locale]} locale={locale} preview />
      ) : (
        preview.error && <Alert color="gray">{t.previewFailed}</Alert>
      )}
    </Paper>
  );
}

function usePreview(form: OfferForm) {
  const api = useApi();
  const { title, text, reward, validDays, ...draft } = bodyOf(form);
  const asks = draft.asks.filter(({ purposes }) => purposes.length > 0);
  const shown = { title: written(title), text: written(text), asks, reward, validDays };
  const [body] = useDebouncedValue(asks.length > 0 ? JSON.stringify(shown) : '', PAUSE_MS);
  return useQuery({
    queryKey: ['offer-preview', body],
    queryFn: () => answer(api.POST('/v1/offer-previews', { body: JSON.parse(body) as Schemas['PreviewOfferDto'] })),
    enabled: body !== '',
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** What is still empty is left out: it is shown as not written yet. */
const written = (inBoth: Record<Locale, string>) =>
  Object.fromEntries(Object.entries(inBoth).filter(([, text]) => text !== ''));
