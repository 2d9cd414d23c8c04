import { Button, Fieldset, Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answer } from '../../api/client';
import { useText } from '../../locale';
import { useKept } from '../../kept';
import { Fault } from '../../parts/fault';
import { useApi, useStaff } from '../../session/session';
import type { DryRunResult, Offer } from './offer';
import { texts } from './texts';
import { useRewardWords } from './words';
import { useEligibilityCheck } from './wizard/eligibility-field';

/** Somebody invented, and what the shop would know about them; facts as they are typed. */
interface Example {
  name: string;
  facts: Record<string, string>;
}

const FIRST: Example[] = [{ name: '', facts: {} }];

/** Tries the offer, as it is saved, on invented people. */
export function DryRun({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const api = useApi();
  const { programme } = useStaff();
  const [examples, keep] = useKept(`${programme.id}.dry-run.${offer.id}`, FIRST);
  const [added, setAdded] = useState<string[]>([]);
  const facts = useFacts(offer, [...examples.flatMap((example) => Object.keys(example.facts)), ...added]);
  const run = useMutation({
    mutationFn: () => {
      const body = {
        examples: examples.map(({ name, facts: own }, n) => ({
          name: name || t.example(n + 1),
          context: valuesOf(own),
        })),
      };
      return answer(api.POST('/v1/offers/{id}/dry-run', { params: { path: { id: offer.id } }, body }));
    },
  });
  return (
    <Stack component="section" aria-label={t.dryRun}>
      <Title order={2} size="h4">
        {t.dryRun}
      </Title>
      <Text>{t.dryRunHint}</Text>
      {examples.map((example, n) => (
        <ExampleFields
          key={n}
          example={example}
          fallbackName={t.example(n + 1)}
          facts={facts}
          onChange={(next) => keep(examples.with(n, next))}
          onRemove={examples.length > 1 ? () => keep(examples.toSpliced(n, 1)) : undefined}
        />
      ))}
      <AddFact onAdd={(fact) => setAdded([...added, fact])} />
      <Fault error={run.error} />
      <Group>
        <Button variant="default" onClick={() => keep([...examples, { name: '', facts: {} }])}>
          {t.addExample}
        </Button>
        <Button loading={run.isPending} onClick={() => run.mutate()}>
          {t.tryOut}
        </Button>
      </Group>
      {run.data && <Results offer={offer} results={run.data.results} />}
    </Stack>
  );
}

/** The facts that the offer looks at, and those that somebody has named. */
function useFacts(offer: Offer, named: string[]): string[] {
  const { eligibility = '', minimumAge, regions } = offer.draft ?? offer;
  const ruled = useEligibilityCheck(eligibility).data?.facts ?? [];
  const hasPlaces = regions !== undefined || typeof minimumAge === 'object';
  return [
    ...new Set([...(hasPlaces ? ['country'] : []), ...(minimumAge === undefined ? [] : ['age']), ...ruled, ...named]),
  ];
}

interface ExampleFieldsProps {
  example: Example;
  fallbackName: string;
  facts: string[];
  onChange: (example: Example) => void;
  onRemove: (() => void) | undefined;
}

function ExampleFields({ example, fallbackName, facts, onChange, onRemove }: ExampleFieldsProps) {
  const t = useText(texts);
  const name = example.name || fallbackName;
  return (
    <Fieldset legend={name}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          label={t.exampleName}
          value={example.name}
          placeholder={fallbackName}
          onChange={(event) => onChange({ ...example, name: event.currentTarget.value })}
        />
        {facts.map((fact) => (
          <TextInput
            key={fact}
            label={t.fact(fact)}
            value={example.facts[fact] ?? ''}
            onChange={(event) =>
              onChange({ ...example, facts: { ...example.facts, [fact]: event.currentTarget.value } })
            }
          />
        ))}
      </SimpleGrid>
      {onRemove && (
        <Button variant="default" size="xs" mt="sm" aria-label={t.removeExample(name)} onClick={onRemove}>
          {t.remove}
        </Button>
      )}
    </Fieldset>
  );
}

function AddFact({ onAdd }: { onAdd: (fact: string) => void }) {
  const t = useText(texts);
  const [fact, setFact] = useState('');
  const add = () => {
    onAdd(fact.trim());
    setFact('');
  };
  return (
    <Group align="end">
      <TextInput label={t.newFact} value={fact} onChange={(event) => setFact(event.currentTarget.value)} />
      <Button variant="default" disabled={fact.trim() === ''} onClick={add}>
        {t.addFact}
      </Button>
    </Group>
  );
}

function Results({ offer, results }: { offer: Offer; results: DryRunResult[] }) {
  const t = useText(texts);
  const rewardWords = useRewardWords();
  const reward = rewardWords((offer.draft ?? offer).reward);
  return (
    <div role="status">
      <Title order={3} size="h5">
        {t.results}
      </Title>
      <ul>
        {results.map(({ name, earnsNow, whyNot }) => (
          <li key={name}>
            <strong>{name}</strong> {earnsNow ? `✓ ${t.earns(reward)}` : `✗ ${t.earnsNot}`}
            {whyNot && `: ${t.whyNots[whyNot] ?? whyNot}`}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** "3" is a number and "true" is one of two, as a shop would send them; what is left empty is not known. */
function valuesOf(facts: Record<string, string>): Record<string, string | number | boolean> {
  const entries = Object.entries(facts).filter(([, text]) => text.trim() !== '');
  return Object.fromEntries(entries.map(([fact, text]) => [fact, valueOf(text.trim())]));
}

function valueOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
