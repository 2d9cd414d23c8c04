import { Button, Group, Paper, Stack, Switch, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer } from '../../api/client';
import { useText } from '../../locale';
import { useKept } from '../../kept';
import { Fault } from '../../parts/fault';
import { fieldFault } from '../../parts/field-fault';
import { notify } from '../../parts/notify';
import { Page } from '../../parts/page';
import { Waiting } from '../../parts/waiting';
import { useApi, useSession } from '../../session/session';
import { texts } from './texts';

/** What holds for the whole programme. */
export default function SettingsPage() {
  const t = useText(texts).settings;
  return (
    <Page title={t.title} about={t.about}>
      <Stack>
        <Approval />
        <Origins />
      </Stack>
    </Page>
  );
}

function Approval() {
  const t = useText(texts).settings;
  const api = useApi();
  const { askAgain } = useSession();
  const queries = useQueryClient();
  const programme = useQuery({ queryKey: ['programme'], queryFn: () => answer(api.GET('/v1/programme')) });
  const change = useMutation({
    mutationFn: (requiresApproval: boolean) => answer(api.PATCH('/v1/programme', { body: { requiresApproval } })),
    onSuccess: (changed) => {
      queries.setQueryData(['programme'], changed);
      askAgain();
      notify(changed.requiresApproval ? t.approvalOn : t.approvalOff);
    },
  });
  return (
    <Paper withBorder p="md">
      <Fault error={programme.error} onRetry={() => void programme.refetch()} />
      {programme.isPending && <Waiting />}
      {programme.data && (
        <Switch
          label={t.approval}
          description={t.approvalHint}
          checked={programme.data.requiresApproval}
          disabled={change.isPending}
          onChange={(event) => change.mutate(event.currentTarget.checked)}
        />
      )}
      <Fault error={change.error} />
    </Paper>
  );
}

function Origins() {
  const t = useText(texts).settings;
  const api = useApi();
  const queries = useQueryClient();
  const [typed, keep, forget] = useKept<string | null>('embed-origins', null);
  const origins = useQuery({ queryKey: ['embed-origins'], queryFn: () => answer(api.GET('/v1/embed-origins')) });
  const save = useMutation({
    mutationFn: (body: { origins: string[] }) => answer(api.PUT('/v1/embed-origins', { body })),
    onSuccess: (saved) => {
      queries.setQueryData(['embed-origins'], saved);
      keep(null);
      forget();
      notify(t.saved);
    },
  });
  const text = typed ?? origins.data?.origins.join('\n') ?? '';
  return (
    <Paper
      withBorder
      p="md"
      component="form"
      aria-label={t.origins}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ origins: text.split(/\s+/).filter((origin) => origin !== '') });
      }}
    >
      <Stack>
        <Fault error={origins.error} onRetry={() => void origins.refetch()} />
        <Textarea
          label={t.origins}
          description={t.originsHint}
          className="code-input"
          autosize
          minRows={3}
          disabled={origins.isPending}
          value={text}
          error={fieldFault(save.error, '/origins')}
          onChange={(event) => keep(event.currentTarget.value)}
        />
        <Fault error={save.error} />
        <Group>
          <Button type="submit" loading={save.isPending} disabled={!origins.data}>
            {t.save}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
