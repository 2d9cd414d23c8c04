import { Anchor, Button, List, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearchParams } from 'wouter';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useFormats, useText } from '../../locale';
import { Fault } from '../../parts/fault';
import { notify } from '../../parts/notify';
import { useOnce } from '../../parts/once';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Status } from '../../parts/status';
import { useApi } from '../../session/session';
import { texts } from './texts';

type Delivery = Schemas['DeliveryView'];
const KINDS = { pending: 'waiting', delivered: 'good', failed: 'bad' } as const;
const STATUSES = ['pending', 'delivered', 'failed'] as const;

/** What one address was told, with what came of every try. */
export default function DeliveriesPage() {
  const t = useText(texts).deliveries;
  const { id = '' } = useParams();
  const api = useApi();
  const [search, setSearch] = useSearchParams();
  const status = STATUSES.find((one) => one === search.get('status'));
  const webhook = useQuery({
    queryKey: ['webhooks', id],
    queryFn: () => answer(api.GET('/v1/webhooks/{id}', { params: { path: { id } } })),
  });
  return (
    <Page title={t.title} about={t.about(webhook.data?.url ?? '…')}>
      <Stack>
        <Anchor component={Link} href="/webhooks">
          ← {t.back}
        </Anchor>
        <Fault error={webhook.error} onRetry={() => void webhook.refetch()} />
        <NativeSelect
          label={t.filter}
          maw={240}
          value={status ?? ''}
          onChange={(event) => setSearch(event.currentTarget.value ? { status: event.currentTarget.value } : {})}
          data={[{ value: '', label: t.all }, ...STATUSES.map((one) => ({ value: one, label: t.statuses[one] }))]}
        />
        <DeliveryList webhook={id} status={status} />
      </Stack>
    </Page>
  );
}

function DeliveryList({ webhook, status }: { webhook: string; status: Delivery['status'] | undefined }) {
  const t = useText(texts).deliveries;
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Delivery>(['deliveries', webhook, status], (after) =>
    answer(
      api.GET('/v1/webhooks/{id}/deliveries', {
        params: { path: { id: webhook }, query: { limit: 50, ...(status && { status }), ...after } },
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
        { title: t.at, cell: ({ createdAt }) => formats.time(createdAt) },
        { title: t.type, cell: ({ type }) => type },
        { title: t.status, cell: (one) => <Status kind={KINDS[one.status]}>{t.statuses[one.status]}</Status> },
        {
          title: t.next,
          cell: ({ nextAttemptAt }) => (nextAttemptAt === undefined ? '–' : formats.time(nextAttemptAt)),
        },
        { title: t.attempts, cell: ({ attempts }) => <Attempts attempts={attempts} /> },
        { title: t.again, cell: (delivery) => <Again delivery={delivery} /> },
      ]}
    />
  );
}

function Attempts({ attempts }: { attempts: Delivery['attempts'] }) {
  const t = useText(texts).deliveries;
  const formats = useFormats();
  if (attempts.length === 0) return <Text size="sm">{t.noAttempts}</Text>;
  const cameOf = ({ status, fault }: Delivery['attempts'][number]) =>
    status === undefined ? t.faults[fault ?? 'no-answer'] : t.answered(String(status));
  return (
    <details>
      <summary>{attempts.length === 1 ? t.one : t.count(formats.number(attempts.length))}</summary>
      <List size="sm">
        {attempts.map((attempt) => (
          <List.Item key={attempt.at}>
            {t.attempt(formats.time(attempt.at), cameOf(attempt), `${formats.number(attempt.tookMs)} ms`)}
          </List.Item>
        ))}
      </List>
    </details>
  );
}

function Again({ delivery: { id, type, status } }: { delivery: Delivery }) {
  const t = useText(texts).deliveries;
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const again = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/v1/webhook-deliveries/{id}/redelivery', { params: { path: { id }, header: once.headerFor(id) } }),
      ),
    onSuccess: async () => {
      once.done();
      notify(t.sent);
      await readAgain('deliveries');
    },
  });
  if (status === 'pending') return null;
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        loading={again.isPending}
        aria-label={`${t.again}: ${type}`}
        onClick={() => again.mutate()}
      >
        {t.again}
      </Button>
      <Fault error={again.error} />
    </>
  );
}
