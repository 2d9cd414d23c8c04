import { Button, Checkbox, Group, Paper, SegmentedControl, Select, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useFormats, useLocale, useText } from '../../../locale';
import type { AskForm } from '../offer-form';
import { texts } from '../texts';
import type { Catalogue } from '../use-catalogue';
import type { StepProps } from './step';

/** What is asked for, and for which purposes. */
export function AsksStep({ form, catalogue, change, errorAt }: StepProps) {
  const t = useText(texts);
  const [added, setAdded] = useState<string>();
  const setAsks = (asks: AskForm[]) => change({ asks });
  const add = (attribute: string) => {
    setAdded(attribute);
    setAsks([...form.asks, { attribute, required: true, purposes: [] }]);
  };
  if (catalogue.attributes.length === 0) return <Text>{t.noAttributes}</Text>;
  return (
    <Stack>
      <Text>{t.asksHint}</Text>
      {form.asks.map((ask, n) => (
        <Ask
          key={ask.attribute}
          ask={ask}
          catalogue={catalogue}
          error={errorAt(`/asks/${n}`)}
          isNew={ask.attribute === added}
          onChange={(next) => setAsks(form.asks.with(n, next))}
          onRemove={() => setAsks(form.asks.toSpliced(n, 1))}
        />
      ))}
      <AddAsk
        form={form}
        catalogue={catalogue}
        error={form.asks.length === 0 ? errorAt('/asks') : undefined}
        onAdd={add}
      />
    </Stack>
  );
}

interface AddAskProps extends Pick<StepProps, 'form' | 'catalogue'> {
  error: string | undefined;
  onAdd: (attribute: string) => void;
}

function AddAsk({ form, catalogue, error, onAdd }: AddAskProps) {
  const t = useText(texts);
  const { locale } = useLocale();
  const left = catalogue.attributes.filter(({ key }) => !form.asks.some(({ attribute }) => attribute === key));
  if (left.length === 0) return null;
  return (
    <Select
      // Anew after each, so that what was searched for does not stay.
      key={form.asks.length}
      label={t.addAsk}
      placeholder={t.chooseAttribute}
      data={left.map(({ key, title }) => ({ value: key, label: title[locale] }))}
      value={null}
      onChange={(attribute) => attribute !== null && onAdd(attribute)}
      error={error}
      searchable
      openOnFocus={false}
      // What was typed for is chosen by Enter. Without the latter, a timer set at its opening forgets what was chosen since.
      selectFirstOptionOnChange
      selectFirstOptionOnDropdownOpen
    />
  );
}

interface AskProps {
  ask: AskForm;
  catalogue: Catalogue;
  error: string | undefined;
  /** It was added just now: the keyboard goes on there. */
  isNew: boolean;
  onChange: (ask: AskForm) => void;
  onRemove: () => void;
}

function Ask({ ask, catalogue, error, isNew, onChange, onRemove }: AskProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isNew) heading.current?.focus();
  }, [isNew]);
  const t = useText(texts);
  const { locale } = useLocale();
  const { number } = useFormats();
  const attribute = catalogue.attributes.find(({ key }) => key === ask.attribute);
  const title = attribute?.title[locale] ?? ask.attribute;
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Group justify="space-between" align="start" wrap="nowrap">
          <div>
            <Title order={3} size="h5" ref={heading} tabIndex={-1}>
              {title}
            </Title>
            {attribute && (
              <Text size="sm" c="dimmed">
                {t.keptFor(number(attribute.retentionDays))}
              </Text>
            )}
          </div>
          <Button variant="default" size="xs" aria-label={t.removeAsk(title)} onClick={onRemove}>
            {t.remove}
          </Button>
        </Group>
        {attribute?.sensitivity === 'special' && <Text size="sm">{t.special}</Text>}
        <Checkbox
          label={t.askRequired}
          checked={ask.required}
          onChange={(event) => onChange({ ...ask, required: event.currentTarget.checked })}
        />
        <Purposes ask={ask} title={title} catalogue={catalogue} error={error} onChange={onChange} />
      </Stack>
    </Paper>
  );
}

interface PurposesProps extends Omit<AskProps, 'onRemove' | 'isNew'> {
  title: string;
}

function Purposes({ ask, title, catalogue, error, onChange }: PurposesProps) {
  const t = useText(texts);
  if (catalogue.purposes.length === 0) return <Text>{t.noPurposes}</Text>;
  const choose = (keys: string[]) => {
    const before = new Map(ask.purposes.map((purpose) => [purpose.key, purpose]));
    onChange({ ...ask, purposes: keys.map((key) => before.get(key) ?? { key, required: true }) });
  };
  return (
    <Checkbox.Group
      label={t.purposesOf(title)}
      description={t.purposesHint}
      error={error}
      value={ask.purposes.map(({ key }) => key)}
      onChange={choose}
    >
      <Stack gap="xs" mt="xs">
        {catalogue.purposes.map((purpose) => (
          <Purpose key={purpose.key} purpose={purpose} ask={ask} catalogue={catalogue} onChange={onChange} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

interface PurposeProps extends Pick<AskProps, 'ask' | 'catalogue' | 'onChange'> {
  purpose: Catalogue['purposes'][number];
}

function Purpose({ purpose, ask, catalogue, onChange }: PurposeProps) {
  const t = useText(texts);
  const { locale } = useLocale();
  const { list } = useFormats();
  const chosen = ask.purposes.find(({ key }) => key === purpose.key);
  const names = catalogue.recipients.filter(({ purposes }) => purposes.includes(purpose.key)).map(({ name }) => name);
  const setRequired = (required: boolean) =>
    onChange({ ...ask, purposes: ask.purposes.map((own) => (own.key === purpose.key ? { ...own, required } : own)) });
  return (
    <Group justify="space-between" align="start">
      <Checkbox
        value={purpose.key}
        label={purpose.title[locale]}
        description={names.length > 0 ? t.goesTo(list(names)) : t.goesToNobody}
      />
      {chosen && (
        <SegmentedControl
          size="xs"
          aria-label={`${t.purposeUse}: ${purpose.title[locale]}`}
          data={[
            { value: 'required', label: t.required },
            { value: 'optional', label: t.optional },
          ]}
          value={chosen.required ? 'required' : 'optional'}
          onChange={(value) => setRequired(value === 'required')}
        />
      )}
    </Group>
  );
}
