import { Alert, Anchor, List, Text } from '@mantine/core';
import type { FieldFault } from '../../../api/problem';
import { useText } from '../../../locale';
import { texts } from '../texts';

interface FaultListProps {
  faults: FieldFault[];
  onGo: (pointer: string) => void;
}

/** Everything that is in the way, each a way to its field. */
export function FaultList({ faults, onGo }: FaultListProps) {
  const t = useText(texts);
  return (
    <Alert color="red" variant="outline" title={t.correct} role="alert" mb="md">
      <Text size="sm">{t.correctHint}</Text>
      <List size="sm" mt={4} spacing={6}>
        {faults.map(({ pointer, message }) => (
          <List.Item key={`${pointer} ${message}`}>
            <Anchor
              component="button"
              type="button"
              size="sm"
              ta="start"
              mih={24}
              underline="always"
              onClick={() => onGo(pointer)}
            >
              {t.fields[pointer.split('/')[1] ?? ''] ?? pointer}: {message}
            </Anchor>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
