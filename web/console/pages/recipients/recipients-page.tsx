import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useText } from '../../locale';
import { useKept } from '../../kept';
import { JobProgress } from '../../parts/job-progress';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Secrets, type Secret } from '../../parts/secrets';
import { Status } from '../../parts/status';
import { useApi, useStaff } from '../../session/session';
import { EditRecipient } from './edit-recipient';
import { RecipientForm } from './recipient-form';
import { texts } from './texts';
import { WithdrawRecipient } from './withdraw-recipient';

type Recipient = Schemas['RecipientDto'];
/** A withdrawal that was begun here: watched again after a reload. */
interface Withdrawal {
  jobId: string;
  name: string;
}

/** Who may read values, and who is late with a confirmation. */
export default function RecipientsPage() {
  const t = useText(texts).recipients;
  const { role } = useStaff();
  const [isOpen, setOpen] = useKept('new-recipient-open', false);
  const [created, setCreated] = useState<Schemas['NewRecipientDto']>();
  const [edited, edit] = useState<Recipient>();
  const [ending, end] = useState<Recipient>();
  const [withdrawals, keepWithdrawals] = useKept<Withdrawal[]>('recipient-withdrawals', []);
  const create = role !== 'dpo' && !isOpen && <Button onClick={() => setOpen(true)}>{t.create}</Button>;
  const secrets: Secret[] = created
    ? [
        { label: t.apiKey, value: created.apiKey },
        { label: t.webhookSecret, value: created.webhookSecret },
      ]
    : [];
  return (
    <Page title={t.title} about={t.about} actions={create}>
      <Stack gap="lg">
        {isOpen && role !== 'dpo' && <RecipientForm onCreated={setCreated} onClose={() => setOpen(false)} />}
        <Secrets title={t.secretsTitle(created?.name ?? '')} secrets={secrets} onKept={() => setCreated(undefined)} />
        {withdrawals.map(({ jobId, name }) => (
          <JobProgress
            key={jobId}
            id={jobId}
            title={t.withdrawing(name)}
            onDismiss={() => keepWithdrawals(withdrawals.filter((one) => one.jobId !== jobId))}
          />
        ))}
        <RecipientList onEdit={edit} onWithdraw={role === 'marketing' ? undefined : end} />
        {role !== 'marketing' && <Overdue />}
        {edited && <EditRecipient recipient={edited} onClose={() => edit(undefined)} />}
        {ending && (
          <WithdrawRecipient
            recipient={ending}
            onClose={() => end(undefined)}
            onBegun={(jobId) => {
              keepWithdrawals([{ jobId, name: ending.name }, ...withdrawals]);
              end(undefined);
            }}
          />
        )}
      </Stack>
    </Page>
  );
}

interface RecipientListProps {
  onEdit: (recipient: Recipient) => void;
  onWithdraw: ((recipient: Recipient) => void) | undefined;
}

function RecipientList({ onEdit, onWithdraw }: RecipientListProps) {
  const t = useText(texts).recipients;
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Recipient>(['recipients', 'pages'], (after) =>
    answer(api.GET('/v1/recipients', { params: { query: { limit: 50, ...after } } })),
  );
  const acts = (recipient: Recipient) =>
    recipient.withdrawnAt === undefined && (
      <Group gap="xs" wrap="nowrap">
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t.editTitle(recipient.name)}
          onClick={() => onEdit(recipient)}
        >
          {t.edit}
        </Button>
        {onWithdraw && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`${t.withdraw}: ${recipient.name}`}
            onClick={() => onWithdraw(recipient)}
          >
            {t.withdraw}
          </Button>
        )}
      </Group>
    );
  const state = ({ withdrawnAt }: Recipient) =>
    withdrawnAt === undefined ? (
      <Status kind="good">{t.active}</Status>
    ) : (
      <Status kind="over">{t.withdrawn(formats.day(withdrawnAt))}</Status>
    );
  return (
    <PagedTable
      list={list}
      caption={t.title}
      empty={t.none}
      keyOf={({ id }) => id}
      columns={[
        {
          title: t.name,
          cell: ({ name, key }) => (
            <>
              <Text size="sm" fw={600}>
                {name}
              </Text>
              <Text size="xs" c="dimmed">
                {key}
              </Text>
            </>
          ),
        },
        { title: t.purposes, cell: ({ purposes }) => formats.list(purposes) },
        { title: t.webhookUrl, cell: ({ webhookUrl }) => <span className="breaks">{webhookUrl ?? '–'}</span> },
        {
          title: t.dueHours,
          cell: ({ dueHours, suspendWhenOverdue }) =>
            [t.hours(formats.number(dueHours)), ...(suspendWhenOverdue ? [t.suspends] : [])].join(', '),
        },
        { title: t.status, cell: state },
        { title: t.acts, cell: acts },
      ]}
    />
  );
}

function Overdue() {
  const t = useText(texts).overdue;
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Schemas['OverdueNotice']>(['overdue-notices'], (after) =>
    answer(api.GET('/v1/revocation-notices/overdue', { params: { query: { limit: 50, ...after } } })),
  );
  return (
    <section aria-label={t.title}>
      <Title order={2} size="h4" mb="xs">
        {t.title}
      </Title>
      <PagedTable
        list={list}
        caption={t.title}
        empty={t.none}
        keyOf={({ id }) => id}
        columns={[
          { title: t.recipient, cell: ({ name }) => name },
          { title: t.due, cell: ({ dueAt }) => formats.time(dueAt) },
          { title: t.told, cell: ({ toldAt }) => (toldAt === undefined ? t.notTold : formats.time(toldAt)) },
          {
            title: t.state,
            cell: ({ suspended }) => <Status kind="bad">{suspended ? t.suspended : t.overdue}</Status>,
          },
        ]}
      />
    </section>
  );
}
