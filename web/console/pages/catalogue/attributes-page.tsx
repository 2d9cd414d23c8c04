import { Button, Code, Stack, Text } from '@mantine/core';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import { useKept } from '../../kept';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Status } from '../../parts/status';
import { useApi, useStaff } from '../../session/session';
import { AttributeForm } from './attribute-form';
import { texts } from './texts';

type Attribute = Schemas['AttributeDto'];

/** What customers can share. */
export default function AttributesPage() {
  const t = useText(texts).attributes;
  const { role } = useStaff();
  const [isOpen, setOpen] = useKept('new-attribute-open', false);
  const create = role !== 'dpo' && !isOpen && <Button onClick={() => setOpen(true)}>{t.create}</Button>;
  return (
    <Page title={t.title} about={t.about} actions={create}>
      <Stack>
        {isOpen && role !== 'dpo' && <AttributeForm onClose={() => setOpen(false)} />}
        <AttributeList />
      </Stack>
    </Page>
  );
}

function AttributeList() {
  const t = useText(texts);
  const { locale } = useLocale();
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Attribute>(['attributes', 'pages'], (after) =>
    answer(api.GET('/v1/attributes', { params: { query: { limit: 50, ...after } } })),
  );
  return (
    <PagedTable
      list={list}
      caption={t.attributes.title}
      empty={t.attributes.none}
      keyOf={({ key }) => key}
      columns={[
        { title: t.title, cell: ({ title, key }) => <Named title={title[locale]} name={key} /> },
        { title: t.attributes.sensitivity, cell: ({ sensitivity }) => <Sensitivity of={sensitivity} /> },
        {
          title: t.attributes.retention,
          numeric: true,
          cell: ({ retentionDays }) => t.attributes.days(formats.number(retentionDays)),
        },
        { title: t.attributes.schema, cell: ({ schema }) => <Code className="breaks">{JSON.stringify(schema)}</Code> },
        { title: t.attributes.createdAt, cell: ({ createdAt }) => formats.day(createdAt) },
      ]}
    />
  );
}

function Sensitivity({ of }: { of: Attribute['sensitivity'] }) {
  const t = useText(texts).attributes;
  return of === 'special' ? <Status kind="bad">{t.special}</Status> : <Text size="sm">{t.ordinary}</Text>;
}

/** A name as people say it, over the one that the API knows. */
export function Named({ title, name }: { title: string; name: string }) {
  return (
    <>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
    </>
  );
}
