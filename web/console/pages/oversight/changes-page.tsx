import { Code, Group, List, NativeSelect, Stack, Text } from '@mantine/core';
import { useSearchParams } from 'wouter';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useText } from '../../locale';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { useApi } from '../../session/session';

import { texts } from './texts';

type Change = Schemas['ChangeDto'];

/** The record of who changed what, newest first. The filter stands in the address. */
export default function ChangesPage() {
  const t = useText(texts).changes;
  const [search, setSearch] = useSearchParams();
  const object = search.get('object') ?? '';
  const by = search.get('by') ?? '';
  const filter = (next: { object: string; by: string }) =>
    setSearch({ ...(next.object && { object: next.object }), ...(next.by && { by: next.by }) });
  return (
    <Page title={t.title} about={t.about}>
      <Stack>
        <Group align="end" gap="xl">
          <Choice
            label={t.type}
            all={t.allTypes}
            of={t.types}
            value={object}
            onChoose={(one) => filter({ object: one, by })}
          />
          <Choice
            label={t.kind}
            all={t.allKinds}
            of={t.kinds}
            value={by}
            onChoose={(one) => filter({ object, by: one })}
          />
        </Group>
        <ChangeList object={object} by={by} />
      </Stack>
    </Page>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  of: Record<string, string>;
  value: string;
  onChoose: (value: string) => void;
}

function Choice({ label, all, of, value, onChoose }: ChoiceProps) {
  const options = Object.entries(of).map(([key, name]) => ({ value: key, label: name }));
  return (
    <NativeSelect
      label={label}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
      data={[{ value: '', label: all }, ...options]}
    />
  );
}

function ChangeList({ object, by }: { object: string; by: string }) {
  const t = useText(texts).changes;
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Change>(['changes', object, by], (after) =>
    answer(
      api.GET('/v1/changes', {
        params: { query: { limit: 50, ...(object && { object }), ...(by && { by }), ...after } },
      }),
    ),
  );
  return (
    <PagedTable
      list={list}
      caption={t.title}
      empty={t.none}
      keyOf={({ id }) => id}
      columns={[
        { title: t.at, cell: ({ at }) => formats.time(at) },
        { title: t.by, cell: (change) => <By by={change.by} /> },
        { title: t.object, cell: (change) => <Of object={change.object} /> },
        { title: t.action, cell: ({ action }) => t.actions[action] },
        { title: t.changes, cell: (change) => <Changes of={change} /> },
      ]}
    />
  );
}

function By({ by: { kind, name, caller } }: { by: Change['by'] }) {
  const { kinds } = useText(texts).changes;
  return (
    <>
      <Text size="sm">{name ?? caller ?? kinds[kind] ?? kind}</Text>
      {(name ?? caller) !== null && (
        <Text size="xs" c="dimmed">
          {kinds[kind] ?? kind}
        </Text>
      )}
    </>
  );
}

function Of({ object: { type, id, key } }: { object: Change['object'] }) {
  const { types } = useText(texts).changes;
  return (
    <>
      <Text size="sm">{types[type] ?? type}</Text>
      <Text size="xs" c="dimmed" className="breaks">
        {key ?? id}
      </Text>
    </>
  );
}

function Changes({ of: { changes } }: { of: Change }) {
  const t = useText(texts).changes;
  const formats = useFormats();
  const valueOf = (value: unknown) =>
    value === null ? t.nothing : typeof value === 'string' ? value : JSON.stringify(value);
  if (changes.length === 0) return null;
  return (
    <details>
      <summary>{changes.length === 1 ? changes[0]?.field : t.count(formats.number(changes.length))}</summary>
      <List size="sm">
        {changes.map(({ field, before, after }) => (
          <List.Item key={field}>
            <Code className="breaks">{t.from(field, valueOf(before), valueOf(after))}</Code>
          </List.Item>
        ))}
      </List>
    </details>
  );
}
