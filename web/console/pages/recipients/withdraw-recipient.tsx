import { List } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { useText } from '../../locale';
import { ConfirmByWord } from '../../parts/confirm-by-word';
import { useOnce } from '../../parts/once';
import { useApi } from '../../session/session';
import { texts } from './texts';

interface WithdrawRecipientProps {
  recipient: Schemas['RecipientDto'];
  onClose: () => void;
  onBegun: (jobId: string) => void;
}

/** Ends a recipient for everyone, when it has been said what that means. */
export function WithdrawRecipient({ recipient: { key, name }, onClose, onBegun }: WithdrawRecipientProps) {
  const t = useText(texts).recipients;
  const api = useApi();
  const queries = useQueryClient();
  const once = useOnce();
  const withdraw = useMutation({
    mutationFn: () =>
      answer(api.POST('/v1/recipients/{key}/withdrawal', { params: { path: { key }, header: once.headerFor(key) } })),
    onSuccess: async ({ jobId }) => {
      onBegun(jobId);
      await queries.invalidateQueries({ queryKey: ['recipients'] });
    },
  });
  return (
    <ConfirmByWord
      title={t.withdrawTitle(name)}
      act={t.withdrawAct}
      word={key}
      isPending={withdraw.isPending}
      error={withdraw.error}
      onClose={onClose}
      onConfirm={() => withdraw.mutate()}
    >
      <List size="sm" spacing="xs">
        <List.Item>{t.withdrawMeans}</List.Item>
        <List.Item>{t.withdrawKeeps}</List.Item>
        <List.Item>
          <strong>{t.withdrawForever}</strong>
        </List.Item>
      </List>
    </ConfirmByWord>
  );
}
