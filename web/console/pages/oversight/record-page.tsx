import { Button, List, Paper, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import { saveFile } from '../../../shared/save-file';
import { Fault } from '../../parts/fault';
import { Page } from '../../parts/page';
import { Waiting } from '../../parts/waiting';
import { useApi } from '../../session/session';
import { texts } from './texts';

/** The record of GDPR Art. 30, as the programme does it right now. */
export default function RecordPage() {
  const t = useText(texts).record;
  const { locale } = useLocale();
  const api = useApi();
  const record = useQuery({
    queryKey: ['processing-record', locale],
    // As JSON, which is one of the two forms that it may have.
    queryFn: async () =>
      (await answer(
        api.GET('/v1/processing-record', { params: { query: { locale } } }),
      )) as Schemas['ProcessingRecord'],
  });
  const csv = useMutation({
    mutationFn: async () => {
      const query = { locale, format: 'csv' as const };
      const file = await answer(api.GET('/v1/processing-record', { params: { query }, parseAs: 'blob' }));
      saveFile('processing-record.csv', file);
    },
  });
  const download = (
    <Button variant="default" loading={csv.isPending} onClick={() => csv.mutate()}>
      {t.csv}
    </Button>
  );
  return (
    <Page title={t.title} about={t.about} actions={download}>
      <Fault error={record.error} onRetry={() => void record.refetch()} />
      <Fault error={csv.error} />
      {record.isPending && <Waiting />}
      {record.data && <Record record={record.data} />}
    </Page>
  );
}

function Record({ record }: { record: Schemas['ProcessingRecord'] }) {
  const t = useText(texts).record;
  const formats = useFormats();
  return (
    <Stack>
      <Text>
        {t.controller}: {record.controller.name}. {t.generated(formats.time(record.generatedAt))}
      </Text>
      {record.activities.length === 0 && <Text>{t.none}</Text>}
      {record.activities.map((activity) => (
        <Activity key={activity.purpose} activity={activity} />
      ))}
      <Part title={t.security} lines={record.security} />
      <Part title={t.toAdd} lines={record.toAdd} />
    </Stack>
  );
}

function Activity({ activity }: { activity: Schemas['ProcessingActivity'] }) {
  const t = useText(texts).record;
  const formats = useFormats();
  const data = activity.data.map(({ title, sensitivity, retentionDays }) =>
    t[sensitivity === 'special' ? 'special' : 'category'](title, formats.number(retentionDays)),
  );
  return (
    <Paper withBorder p="md" component="section" aria-label={activity.title}>
      <Title order={2} size="h4">
        {activity.title}
      </Title>
      <Text mb="sm">{activity.description}</Text>
      <dl className="record">
        <Fact name={t.legalBasis}>{activity.legalBasis}</Fact>
        <Fact name={t.persons}>{activity.persons}</Fact>
        <Fact name={t.data}>{formats.list(data)}</Fact>
        <Fact name={t.recipients}>{formats.list(activity.recipients.map(({ name }) => name)) || t.nobody}</Fact>
        <Fact name={t.offers}>
          {formats.list(activity.offers.map(({ title, live }) => (live ? title : t.ended(title)))) || t.nobody}
        </Fact>
      </dl>
      {activity.thirdPartyAdvertising && <Text fw={600}>{t.advertising}</Text>}
    </Paper>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Part({ title, lines }: { title: string; lines: string[] }) {
  return (
    <section aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      <List>
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </section>
  );
}
