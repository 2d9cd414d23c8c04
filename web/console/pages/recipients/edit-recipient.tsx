import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useText } from '../../locale';
import { Fault } from '../../parts/fault';
import { notify } from '../../parts/notify';
import { useApi } from '../../session/session';
import { Obligations, type ObligationsValue } from './recipient-form';
import { texts } from './texts';

interface EditRecipientProps {
  recipient: Schemas['RecipientDto'];
  onClose: () => void;
}

/** What may change of a recipient: how long it has to confirm, and what happens when it does not. */
export function EditRecipient({ recipient: { key, name, dueHours, suspendWhenOverdue }, onClose }: EditRecipientProps) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const [value, setValue] = useState<ObligationsValue>({ dueHours, suspendWhenOverdue });
  const save = useMutation({
    mutationFn: () => answer(api.PATCH('/v1/recipients/{key}', { params: { path: { key } }, body: value })),
    onSuccess: async () => {
      onClose();
      notify(t.recipients.saved);
      await readAgain('recipients');
    },
  });
  return (
    <Modal opened onClose={onClose} title={t.recipients.editTitle(name)} closeButtonProps={{ 'aria-label': t.discard }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <Obligations value={value} error={save.error} onChange={(part) => setValue({ ...value, ...part })} />
          <Fault error={save.error} />
          <Group grow>
            <Button variant="default" onClick={onClose}>
              {t.discard}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t.recipients.saveEdit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
