import { Button, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useId } from 'react';
import { answer } from '../api/client';
import { useFormats, useLocale, useText } from '../locale';
import { useApi, useStaff } from '../session/session';
import { Fault } from './fault';
import { Status } from './status';
import { texts } from './texts';
import { isUnderWay, useJob, type JobView } from './use-job';

const KINDS = { queued: 'waiting', running: 'waiting', done: 'good', cancelled: 'over', failed: 'bad' } as const;

interface JobProgressProps {
  id: string;
  title: string;
  /** It is finished, and read. */
  onDismiss: () => void;
}

/** Long work as it goes on; whoever may begin it may stop it. */
export function JobProgress({ id, title, onDismiss }: JobProgressProps) {
  const t = useText(texts).job;
  const titleId = useId();
  const { job, isAway, refused } = useJob(id);
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={titleId}>
      <Stack gap="xs">
        <Text fw={600} id={titleId}>
          {title}
        </Text>
        {job && <State job={job} titleId={titleId} />}
        {isAway && <Text role="status">{t.away}</Text>}
        <Fault error={refused} />
        <Group>
          {job && isUnderWay(job) && <Stop id={id} />}
          {(refused || (job && !isUnderWay(job))) && (
            <Button size="xs" variant="default" onClick={onDismiss}>
              {t.dismiss}
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}

function State({ job, titleId }: { job: JobView; titleId: string }) {
  const t = useText(texts).job;
  const formats = useFormats();
  const { locale } = useLocale();
  const seconds = new Intl.NumberFormat(locale, { style: 'unit', unit: 'second', unitDisplay: 'long' });
  const seenTo = job.done + job.failed;
  // Nobody was concerned: it is as done as it can be.
  const percent = job.total > 0 ? (100 * seenTo) / job.total : job.status === 'done' ? 100 : 0;
  return (
    <>
      <Group gap="sm" role="status">
        <Status kind={KINDS[job.status]}>{t[job.status]}</Status>
        <Text size="sm">{t.of(formats.number(seenTo), formats.number(job.total))}</Text>
        {isUnderWay(job) && job.estimate !== null && <Text size="sm">{t.left(seconds.format(job.estimate))}</Text>}
      </Group>
      <Progress.Root size="lg">
        <Progress.Section value={percent} aria-labelledby={titleId} />
      </Progress.Root>
      {job.failed > 0 && <Text size="sm">{t.failedSome(formats.number(job.failed))}</Text>}
    </>
  );
}

function Stop({ id }: { id: string }) {
  const t = useText(texts).job;
  const api = useApi();
  const { role } = useStaff();
  const stop = useMutation({
    mutationFn: () => answer(api.POST('/v1/jobs/{id}/cancel', { params: { path: { id } } })),
  });
  if (role === 'marketing') return null;
  return (
    <>
      <Button size="xs" variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>
        {t.stop}
      </Button>
      <Text size="sm">{t.stopHint}</Text>
      <Fault error={stop.error} />
    </>
  );
}
