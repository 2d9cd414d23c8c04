import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core';
import { useText } from '../locale';
import { texts } from './texts';

export interface Secret {
  label: string;
  value: string;
}

interface SecretsProps {
  title: string;
  /** Empty: nothing to show. */
  secrets: Secret[];
  onKept: () => void;
}

/** Keys that are shown this once: no key and no click beside it closes them away by mistake. */
export function Secrets({ title, secrets, onKept }: SecretsProps) {
  const t = useText(texts);
  return (
    <Modal
      opened={secrets.length > 0}
      onClose={onKept}
      title={title}
      size="lg"
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
    >
      <Stack>
        <Alert color="yellow" title={t.once}>
          {t.onceHint}
        </Alert>
        {secrets.map(({ label, value }) => (
          <div key={label}>
            <Text fw={600} size="sm">
              {label}
            </Text>
            <Group gap="xs">
              <Code className="breaks">{value}</Code>
              <CopyButton value={value}>
                {({ copied, copy }) => (
                  <Button size="xs" variant="default" onClick={copy} aria-label={`${t.copy}: ${label}`}>
                    {copied ? t.copied : t.copy}
                  </Button>
                )}
              </CopyButton>
            </Group>
          </div>
        ))}
        <Button onClick={onKept}>{t.kept}</Button>
      </Stack>
    </Modal>
  );
}
