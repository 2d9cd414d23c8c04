import { Badge, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answer } from '../../api/client';
import { useFormats, useText } from '../../locale';
import { Fault } from '../../parts/fault';
import { Waiting } from '../../parts/waiting';
import { useApi } from '../../session/session';
import type { Offer, OfferVersion } from './offer';
import { texts } from './texts';

/** Every version, newest first, each with what it changed. */
export function Versions({ offer: { id } }: { offer: Offer }) {
  const t = useText(texts);
  const api = useApi();
  const versions = useQuery({
    queryKey: ['offers', 'versions', id],
    queryFn: () => answer(api.GET('/v1/offers/{id}/versions', { params: { path: { id }, query: { limit: 100 } } })),
  });
  return (
    <Stack component="section" aria-label={t.versions}>
      <Title order={2} size="h4">
        {t.versions}
      </Title>
      <Fault error={versions.error} onRetry={() => void versions.refetch()} />
      {versions.isPending && <Waiting />}
      {versions.data?.data.map((version) => (
        <Version key={version.version} version={version} />
      ))}
    </Stack>
  );
}

function Version({ version }: { version: OfferVersion }) {
  const t = useText(texts);
  const { time } = useFormats();
  const { version: number, status, publishedAt, publishedBy, changes } = version;
  return (
    <Paper withBorder p="md">
      <Group gap="sm">
        <Title order={3} size="h5">
          {t.version(number)}
        </Title>
        {status !== 'replaced' && (
          <Badge variant="outline" color={status === 'draft' ? 'gray' : 'moss'} tt="none" className="status-badge">
            {status === 'draft' ? t.statuses.draft : t.inForce}
          </Badge>
        )}
      </Group>
      {publishedAt && (
        <Text size="sm" c="dimmed">
          {t.publishedOn(time(publishedAt))} {publishedBy?.name && t.publishedBy(publishedBy.name)}
        </Text>
      )}
      {number === 1 && <Text size="sm">{t.firstVersion}</Text>}
      {number > 1 && changes.length === 0 && <Text size="sm">{t.noDifference}</Text>}
      {changes.length > 0 && <Changes version={version} />}
    </Paper>
  );
}

function Changes({ version: { version, changes } }: { version: OfferVersion }) {
  const t = useText(texts);
  return (
    <Table.ScrollContainer
      minWidth={420}
      type="native"
      tabIndex={0}
      role="region"
      aria-label={t.differences(version - 1)}
    >
      <Table captionSide="top" layout="fixed">
        <Table.Caption ta="start">{t.differences(version - 1)}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t.field}</Table.Th>
            <Table.Th scope="col">{t.before}</Table.Th>
            <Table.Th scope="col">{t.after}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map(({ path, before, after }) => (
            <Table.Tr key={path}>
              <Table.Th scope="row" className="breakable">
                <PathWords path={path} />
              </Table.Th>
              <Table.Td className="breakable">
                <del>{wordsOf(before) ?? t.nothing}</del>
              </Table.Td>
              <Table.Td className="breakable">
                <ins>{wordsOf(after) ?? t.nothing}</ins>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** `/title/de` as "Title › de". */
function PathWords({ path }: { path: string }) {
  const { fields } = useText(texts);
  const [field = '', ...rest] = path.split('/').slice(1);
  return [fields[field] ?? field, ...rest].join(' › ');
}

function wordsOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
