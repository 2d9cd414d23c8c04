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
      {words.detail && <Text size="sm">{words.detail}</Text>}
      <Text size="sm">{words.next}</Text>
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
  detail?: string | undefined;
  next: string;
  reference?: string | undefined;
}

/** The same as words, for a notification; null without an error. */
export function useFaultWords(error: Error | null | undefined): FaultWords | null {
  const { problems } = useText(texts);
  if (!error) return null;
  if (error instanceof UnreachableError) return { title: problems.unreachable, next: problems.unreachableHint };
  if (!(error instanceof ProblemError)) return { title: error.message, next: problems.unknownHint };
  const reference = error.instance && problems.reference(error.instance);
  return { title: error.title, detail: error.detail, next: nextStep(error, problems), reference };
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
