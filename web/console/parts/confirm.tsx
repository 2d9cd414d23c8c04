import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Fault } from './fault';

interface ConfirmProps {
  isOpen: boolean;
  title: string;
  /** What will happen. */
  consequence: ReactNode;
  yes: string;
  no: string;
  isDangerous?: boolean;
  isBusy?: boolean;
  error?: Error | null;
  onYes: () => void;
  onNo: () => void;
}

/** Says what will happen before it does; both answers are as large. */
export function Confirm({
  isOpen,
  title,
  consequence,
  yes,
  no,
  isDangerous,
  isBusy,
  error,
  onYes,
  onNo,
}: ConfirmProps) {
  return (
    <Modal opened={isOpen} onClose={onNo} title={title} closeButtonProps={{ 'aria-label': no }}>
      <Stack>
        {typeof consequence === 'string' ? <Text>{consequence}</Text> : consequence}
        <Fault error={error} />
        <Group grow>
          <Button variant="default" onClick={onNo}>
            {no}
          </Button>
          <Button color={isDangerous ? 'red.9' : undefined} loading={isBusy} onClick={onYes}>
            {yes}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
