import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useText } from '../locale';
import { Fault } from './fault';
import { texts } from './texts';

interface ConfirmByWordProps {
  title: string;
  /** What the button says: the act itself. */
  act: string;
  /** To be typed first. */
  word: string;
  isPending: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
  /** What it will lead to. */
  children: ReactNode;
}

/** For what cannot be taken back. Mounted while it is open, so that nothing typed is left from the time before. */
export function ConfirmByWord({
  title,
  act,
  word,
  isPending,
  error,
  onConfirm,
  onClose,
  children,
}: ConfirmByWordProps) {
  const t = useText(texts);
  const [typed, setTyped] = useState('');
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t.cancel }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === word) onConfirm();
        }}
      >
        <Stack>
          {children}
          <TextInput
            label={t.typeToConfirm(word)}
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Fault error={error} />
          <Group grow>
            <Button variant="default" onClick={onClose}>
              {t.cancel}
            </Button>
            <Button type="submit" color="red.9" loading={isPending} disabled={typed !== word}>
              {act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
