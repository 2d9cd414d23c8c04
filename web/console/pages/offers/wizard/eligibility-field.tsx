import { Code, Stack, Text, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answer } from '../../../api/client';
import { useFormats, useText } from '../../../locale';
import { useApi } from '../../../session/session';
import { texts } from '../texts';

interface EligibilityFieldProps {
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

const PAUSE_MS = 350;

/** What the service says of a rule: asked once typing has paused. */
export function useEligibilityCheck(expression: string) {
  const api = useApi();
  const [eligibility] = useDebouncedValue(expression.trim(), PAUSE_MS);
  return useQuery({
    queryKey: ['eligibility-check', eligibility],
    queryFn: () => answer(api.POST('/v1/eligibility-checks', { body: { eligibility } })),
    enabled: eligibility !== '',
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

/** A rule in CEL that is checked as it is written. */
export function EligibilityField({ value, error, onChange }: EligibilityFieldProps) {
  const t = useText(texts);
  const { list } = useFormats();
  const check = useEligibilityCheck(value);
  const found = value.trim() === '' ? undefined : check.data;
  const live = found?.errors.map(({ kind, message, position }) => {
    const words = kind === 'other' ? message : `${t.eligibilityFaults[kind]} (${message})`;
    return position ? `${t.at(position.line, position.column)}${words}` : words;
  });
  return (
    <Stack gap={4}>
      <Textarea
        label={t.eligibility}
        description={t.eligibilityHint}
        autosize
        minRows={2}
        maxLength={2000}
        spellCheck={false}
        className="code-input"
        value={value}
        error={live?.length ? live.join(' · ') : found ? undefined : error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Text size="sm" component="div" role="status" aria-live="polite">
        {found?.valid ? (
          <>
            ✓ {t.eligibilityValid} {found.facts.length > 0 && t.eligibilityFacts(list(found.facts))}
          </>
        ) : (
          <Code>{t.eligibilityExample}</Code>
        )}
      </Text>
    </Stack>
  );
}
