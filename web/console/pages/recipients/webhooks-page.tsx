import { Anchor, Button, Group, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useText } from '../../locale';
import { useKept } from '../../kept';
import { Confirm } from '../../parts/confirm';
import { Fault } from '../../parts/fault';
import { notify } from '../../parts/notify';
import { useOnce } from '../../parts/once';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Secrets } from '../../parts/secrets';
import { Status } from '../../parts/status';
import { useApi } from '../../session/session';
import { texts } from './texts';
import { WebhookForm } from './webhook-form';

type Webhook = Schemas['WebhookView'];
const OVERLAP_SECONDS = 3600;

/** Whom the service tells what happens. */
export default function WebhooksPage() {
  const t = useText(texts).webhooks;
  const [isOpen, setOpen] = useKept('new-webhook-open', false);
  const [secret, setSecret] = useState<string>();
  const create = !isOpen && <Button onClick={() => setOpen(true)}>{t.create}</Button>;
  return (
    <Page title={t.title} about={t.about} actions={create}>
      <Stack>
        {isOpen && <WebhookForm onCreated={(webhook) => setSecret(webhook.secret)} onClose={() => setOpen(false)} />}
        <Secrets
          title={t.secretTitle}
          secrets={secret === undefined ? [] : [{ label: t.secret, value: secret }]}
          onKept={() => setSecret(undefined)}
        />
        <WebhookList onSecret={setSecret} />
      </Stack>
    </Page>
  );
}

function WebhookList({ onSecret }: { onSecret: (secret: string) => void }) {
  const t = useText(texts).webhooks;
  const api = useApi();
  const list = usePaged<Webhook>(['webhooks', 'pages'], (after) =>
    answer(api.GET('/v1/webhooks', { params: { query: { limit: 50, ...after } } })),
  );
  return (
    <PagedTable
      list={list}
      caption={t.title}
      empty={t.none}
      keyOf={({ id }) => id}
      columns={[
        {
          title: t.url,
          cell: ({ id, url }) => (
            <>
              <span className="breaks">{url}</span>
              <br />
              <Anchor component={Link} href={`/webhooks/${id}`} size="sm" aria-label={`${t.deliveries}: ${url}`}>
                {t.deliveries}
              </Anchor>
            </>
          ),
        },
        { title: t.events, cell: ({ events }) => events.join(', ') },
        { title: t.status, cell: (webhook) => <State webhook={webhook} /> },
        { title: t.acts, cell: (webhook) => <Acts webhook={webhook} onSecret={onSecret} /> },
      ]}
    />
  );
}

function State({ webhook: { enabled, disabledBecause } }: { webhook: Webhook }) {
  const t = useText(texts).webhooks;
  if (enabled) return <Status kind="good">{t.enabled}</Status>;
  return disabledBecause === 'gone' ? <Status kind="bad">{t.gone}</Status> : <Status kind="over">{t.byStaff}</Status>;
}

function Acts({ webhook: { id, url, enabled }, onSecret }: { webhook: Webhook; onSecret: (secret: string) => void }) {
  const t = useText(texts).webhooks;
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [asked, ask] = useState<'rotate' | 'remove'>();
  const path = { id };
  const onSuccess = () => readAgain('webhooks');
  const turn = useMutation({
    mutationFn: () => answer(api.PATCH('/v1/webhooks/{id}', { params: { path }, body: { enabled: !enabled } })),
    onSuccess,
  });
  const test = useMutation({
    mutationFn: () => answer(api.POST('/v1/webhooks/{id}/test', { params: { path, header: once.headerFor('test') } })),
    onSuccess: () => {
      once.done();
      notify(t.tested);
    },
  });
  const rotate = useMutation({
    mutationFn: () => {
      const body = { overlapSeconds: OVERLAP_SECONDS };
      return answer(api.POST('/v1/webhooks/{id}/rotate', { params: { path, header: once.headerFor(body) }, body }));
    },
    onSuccess: async ({ secret }) => {
      once.done();
      ask(undefined);
      onSecret(secret);
      await onSuccess();
    },
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE('/v1/webhooks/{id}', { params: { path } }),
    onSuccess: async () => {
      ask(undefined);
      await onSuccess();
    },
  });
  const buttons = [
    { name: enabled ? t.off : t.on, act: () => turn.mutate() },
    { name: t.test, act: () => test.mutate() },
    { name: t.rotate, act: () => ask('rotate') },
    { name: t.remove, act: () => ask('remove') },
  ];
  return (
    <>
      <Group gap="xs">
        {buttons.map(({ name, act }) => (
          <Button key={name} size="compact-sm" variant="default" aria-label={`${name}: ${url}`} onClick={act}>
            {name}
          </Button>
        ))}
      </Group>
      <Fault error={turn.error ?? test.error} />
      <Confirm
        isOpen={asked === 'rotate'}
        title={t.rotateTitle}
        consequence={t.rotateMeans}
        yes={t.rotate}
        no={t.keep}
        isBusy={rotate.isPending}
        error={rotate.error}
        onYes={() => rotate.mutate()}
        onNo={() => ask(undefined)}
      />
      <Confirm
        isOpen={asked === 'remove'}
        title={t.removeTitle}
        consequence={t.removeMeans(url)}
        yes={t.remove}
        no={t.keep}
        isDangerous
        isBusy={remove.isPending}
        error={remove.error}
        onYes={() => remove.mutate()}
        onNo={() => ask(undefined)}
      />
    </>
  );
}
