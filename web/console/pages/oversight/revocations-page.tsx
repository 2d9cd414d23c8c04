import { Button, Checkbox, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useText } from '../../locale';
import { saveFile } from '../../../shared/save-file';
import { Fault } from '../../parts/fault';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Status } from '../../parts/status';
import { useApi } from '../../session/session';

import { texts } from './texts';

type RevocationInList = Schemas['RevocationInListDto'];
type ToldRecipient = Schemas['ToldRecipientDto'];

const STATUSES = ['blocked', 'erased', 'told', 'complete'] as const;

/** Every revocation, with who must know and by when. The filter stands in the address. */
export default function RevocationsPage() {
  const t = useText(texts).revocations;
  const [search, setSearch] = useSearchParams();
  const status = STATUSES.find((one) => one === search.get('status'));
  const isOverdue = search.get('overdue') === 'true';
  const filter = (next: { status: string | undefined; isOverdue: boolean }) =>
    setSearch({ ...(next.status && { status: next.status }), ...(next.isOverdue && { overdue: 'true' }) });
  return (
    <Page title={t.title} about={t.about}>
      <Stack>
        <Group align="end" gap="xl">
          <NativeSelect
            label={t.status}
            value={status ?? ''}
            onChange={(event) => filter({ status: event.currentTarget.value, isOverdue })}
            data={[{ value: '', label: t.all }, ...STATUSES.map((one) => ({ value: one, label: t.statuses[one] }))]}
          />
          <Checkbox
            label={t.onlyOverdue}
            checked={isOverdue}
            onChange={(event) => filter({ status, isOverdue: event.currentTarget.checked })}
          />
        </Group>
        <RevocationList status={status} isOverdue={isOverdue} />
      </Stack>
    </Page>
  );
}

function RevocationList({ status, isOverdue }: { status: RevocationInList['status'] | undefined; isOverdue: boolean }) {
  const t = useText(texts);
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<RevocationInList>(['revocations', status, isOverdue], (after) =>
    answer(
      api.GET('/v1/revocations', {
        params: { query: { limit: 50, ...(status && { status }), ...(isOverdue && { overdue: true }), ...after } },
      }),
    ),
  );
  const certificate = useMutation({
    mutationFn: async (id: string) => {
      const { certificate: jws } = await answer(
        api.GET('/v1/revocations/{id}/certificate', { params: { path: { id } } }),
      );
      saveFile(`${id}.jws`, new Blob([jws]));
    },
  });
  const certificateOf = ({ id, customerRef }: RevocationInList) => (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={`${t.revocations.certificate}: ${customerRef ?? id}`}
      onClick={() => certificate.mutate(id)}
    >
      {t.revocations.certificate}
    </Button>
  );
  return (
    <>
      <Fault error={certificate.error} />
      <PagedTable
        list={list}
        caption={t.revocations.title}
        empty={t.revocations.none}
        keyOf={({ id }) => id}
        columns={[
          { title: t.revocations.at, cell: ({ at }) => formats.time(at) },
          { title: t.revocations.customer, cell: ({ customerRef }) => customerRef ?? t.revocations.left },
          { title: t.revocations.cause, cell: ({ cause }) => t.causes[cause] },
          {
            title: t.revocations.ended,
            numeric: true,
            cell: ({ consentsEnded }) => formats.number(consentsEnded),
          },
          {
            title: t.revocations.status,
            cell: (one) => (
              <Status kind={one.status === 'complete' ? 'good' : 'waiting'}>
                {t.revocations.statuses[one.status]}
              </Status>
            ),
          },
          { title: t.revocations.recipients, cell: ({ recipients }) => <Recipients recipients={recipients} /> },
          { title: t.revocations.certificate, cell: certificateOf },
        ]}
      />
    </>
  );
}

function Recipients({ recipients }: { recipients: ToldRecipient[] }) {
  const t = useText(texts);
  if (recipients.length === 0) return <Text size="sm">{t.revocations.nobody}</Text>;
  return (
    <Stack gap={4} component="ul" className="plain-list" p={0} m={0}>
      {recipients.map((recipient) => (
        <Told key={recipient.recipient} recipient={recipient} />
      ))}
    </Stack>
  );
}

function Told({ recipient: { name, dueAt, overdue, acknowledgedAt } }: { recipient: ToldRecipient }) {
  const t = useText(texts);
  const formats = useFormats();
  if (acknowledgedAt !== undefined) return <li>✓ {t.revocations.acknowledged(name, formats.time(acknowledgedAt))}</li>;
  if (!overdue) return <li>… {t.revocations.owed(name, formats.time(dueAt))}</li>;
  return (
    <li>
      <Status kind="bad">{t.overdue}</Status> {t.revocations.late(name, formats.time(dueAt))}
    </li>
  );
}
