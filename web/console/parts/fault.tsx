import { Alert, Button, Group, Text } from '@mantine/core';
import { ProblemError, UnreachableError } from '../api/problem';
import { useText } from '../locale';
import { texts } from '../texts';

interface FaultProps {
  error: Error | null | undefined;
  /** Offered as "Try again", where trying again can help. */
  onRetry?: () => void;
}

/** What went wrong, and what to do next; spoken as it appears. Nothing while there is no error. */
export function Fault({ error, onRetry }: FaultProps) {
  const t = useText(texts);
  const words = useFaultWords(error);
  if (!words) return null;
  return (
    <Alert color="red" variant="light" role="alert" title={words.title} mb="md">
      <Text size="sm">{words.next}</Text>
      {words.detail && (
        <Text size="sm" mt={4} lang="en">
          {words.detail}
        </Text>
      )}
      {words.reference && (
        <Text size="xs" mt={4}>
          {words.reference}
        </Text>
      )}
      {onRetry && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={onRetry}>
            {t.again}
          </Button>
        </Group>
      )}
    </Alert>
  );
}

interface FaultWords {
  title: string;
  next: string;
  /** The service's own words, which are English. */
  detail?: string | undefined;
  reference?: string | undefined;
}

/** The same as words, for a notification; null without an error. */
export function useFaultWords(error: Error | null | undefined): FaultWords | null {
  const { problems } = useText(texts);
  if (!error) return null;
  if (error instanceof UnreachableError) return { title: problems.unreachable, next: problems.unreachableHint };
  if (!(error instanceof ProblemError))
    return { title: problems.failed, next: problems.unknownHint, detail: error.message };
  const reference = error.instance && problems.reference(error.instance);
  const title = problems.titles[error.problem] ?? problems.failed;
  return { title, next: nextStep(error, problems), detail: detailOf(error), reference };
}

/** With the faults that no field shows. */
function detailOf({ title, detail, errors }: ProblemError): string {
  return [detail ?? title, ...errors.map(({ pointer, message }) => `${pointer}: ${message}`)].join(' · ');
}

function nextStep(error: ProblemError, problems: (typeof texts)['de']['problems']): string {
  if (error.status === 429) return problems.tooManyHint(error.retryAfterSeconds ?? 1);
  const hints: Record<number, string> = {
    401: problems.unauthorizedHint,
    403: problems.forbiddenHint,
    404: problems.notFoundHint,
    409: problems.conflictHint,
    422: problems.invalidHint,
    503: problems.unavailableHint,
  };
  return hints[error.status] ?? problems.unknownHint;
}
