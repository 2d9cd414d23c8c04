import { Button, Code, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import { saveFile } from '../../../shared/save-file';
import { Fault } from '../../parts/fault';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Status } from '../../parts/status';
import { Waiting } from '../../parts/waiting';
import { useApi } from '../../session/session';

import { texts } from './texts';

type ChainState = Schemas['ChainStateDto'];

/** How far the evidence is sealed, and what to keep elsewhere of it. */
export default function ChainPage() {
  const t = useText(texts).chain;
  const api = useApi();
  const chain = useQuery({ queryKey: ['chain'], queryFn: () => answer(api.GET('/v1/chain')) });
  return (
    <Page title={t.title} about={t.about}>
      <Fault error={chain.error} onRetry={() => void chain.refetch()} />
      {chain.isPending && <Waiting />}
      {chain.data && (
        <Stack gap="lg">
          <State chain={chain.data} />
          <Checkpoints />
        </Stack>
      )}
    </Page>
  );
}

function State({ chain: { sealedUpTo, behindSeconds } }: { chain: ChainState }) {
  const t = useText(texts).chain;
  const formats = useFormats();
  const { locale } = useLocale();
  const age = new Intl.NumberFormat(locale, { style: 'unit', unit: 'second', unitDisplay: 'long' });
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <Group>
          <Text fw={600}>{t.behind}:</Text>
          {behindSeconds === 0 ? (
            <Status kind="good">{t.upToDate}</Status>
          ) : (
            <Status kind="waiting">{t.seconds(age.format(behindSeconds))}</Status>
          )}
        </Group>
        <Text fw={600}>{t.sealed}:</Text>
        {sealedUpTo === null ? (
          <Text>{t.nothing}</Text>
        ) : (
          <>
            <Text>{t.block(formats.number(sealedUpTo.block), formats.time(sealedUpTo.at))}</Text>
            <Text>
              {t.hash}: <Code className="breaks">{sealedUpTo.hash}</Code>
            </Text>
          </>
        )}
      </Stack>
    </Paper>
  );
}

function Checkpoints() {
  const t = useText(texts).chain;
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Schemas['CheckpointDto']>(['checkpoints'], (after) =>
    answer(api.GET('/v1/checkpoints', { params: { query: { limit: 20, ...after } } })),
  );
  return (
    <section aria-label={t.checkpoints}>
      <Title order={2} size="h4">
        {t.checkpoints}
      </Title>
      <Text mb="sm">{t.checkpointsAbout}</Text>
      <PagedTable
        list={list}
        caption={t.checkpoints}
        empty={t.none}
        keyOf={({ block }) => String(block)}
        columns={[
          { title: t.number, cell: ({ block }) => formats.number(block) },
          { title: t.at, cell: ({ sealedAt }) => formats.time(sealedAt) },
          { title: t.rows, numeric: true, cell: ({ rows }) => formats.number(rows) },
          {
            title: t.download,
            cell: ({ block, checkpoint }) => (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`${t.download}: ${t.number} ${block}`}
                onClick={() => saveFile(`checkpoint-${block}.jws`, new Blob([checkpoint]))}
              >
                {t.download}
              </Button>
            ),
          },
        ]}
      />
    </section>
  );
}
