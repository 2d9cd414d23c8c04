import { Alert, Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { copyText } from '../../shared/copy-text';
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
  /** What was copied last: there is one clipboard. */
  const [last, setLast] = useState<{ value: string; isCopied: boolean }>();
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
        {secrets.map((secret) => (
          <Shown
            key={secret.label}
            secret={secret}
            isCopied={last?.value === secret.value ? last.isCopied : undefined}
            onCopy={(isCopied) => setLast({ value: secret.value, isCopied })}
          />
        ))}
        <Button onClick={onKept}>{t.kept}</Button>
      </Stack>
    </Modal>
  );
}

interface ShownProps {
  secret: Secret;
  /** False where it could not be; undefined where nobody has tried, or something else was copied since. */
  isCopied: boolean | undefined;
  onCopy: (isCopied: boolean) => void;
}

function Shown({ secret: { label, value }, isCopied, onCopy }: ShownProps) {
  const t = useText(texts);
  const shown = useRef<HTMLElement>(null);
  const copy = async () => {
    if (shown.current) onCopy(await copyText(value, shown.current));
  };
  return (
    <div>
      <Text fw={600} size="sm">
        {label}
      </Text>
      <Group gap="xs">
        <Code className="breaks" ref={shown}>
          {value}
        </Code>
        <Button size="xs" variant="default" onClick={() => void copy()} aria-label={`${t.copy}: ${label}`}>
          {isCopied ? t.copied : t.copy}
        </Button>
      </Group>
      {isCopied === false && (
        <Text size="sm" role="alert">
          {t.copyByHand}
        </Text>
      )}
    </div>
  );
}
