import { Button, Group, Paper, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { Fault } from './fault';

interface NewFormProps {
  /** What it makes, for those who do not see it. */
  label: string;
  save: string;
  discard: string;
  error: Error | null;
  isPending: boolean;
  /** Whether what is typed can be sent. */
  isReady?: boolean;
  onSave: () => void;
  onDiscard: () => void;
  /** The fields. */
  children: ReactNode;
}

/** The frame of a form that makes something: its fault, and its two ways out. */
export function NewForm(props: NewFormProps) {
  const { label, save, discard, error, isPending, isReady = true, onSave, onDiscard, children } = props;
  return (
    <Paper
      withBorder
      p="md"
      component="form"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onSave();
      }}
    >
      <Stack>
        {children}
        <Fault error={error} />
        <Group>
          <Button type="submit" loading={isPending} disabled={!isReady}>
            {save}
          </Button>
          <Button variant="default" onClick={onDiscard}>
            {discard}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
