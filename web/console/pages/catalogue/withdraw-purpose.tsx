import { List, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import { ConfirmByWord } from '../../parts/confirm-by-word';
import { useOnce } from '../../parts/once';
import { useApi } from '../../session/session';
import { personsOf } from '../oversight/persons';
import type { Purpose } from './purposes-page';
import { texts } from './texts';

interface WithdrawPurposeProps {
  purpose: Purpose;
  onClose: () => void;
  onBegun: (jobId: string) => void;
}

/** Ends a purpose for everyone, when it has been said what that means. */
export function WithdrawPurpose({ purpose, onClose, onBegun }: WithdrawPurposeProps) {
  const t = useText(texts).purposes;
  const { locale } = useLocale();
  const api = useApi();
  const queries = useQueryClient();
  const once = useOnce();
  const { key } = purpose;
  const withdraw = useMutation({
    mutationFn: () =>
      answer(api.POST('/v1/purposes/{key}/withdrawal', { params: { path: { key }, header: once.headerFor(key) } })),
    onSuccess: async ({ jobId }) => {
      onBegun(jobId);
      await queries.invalidateQueries({ queryKey: ['purposes'] });
    },
  });
  return (
    <ConfirmByWord
      title={t.withdrawTitle(purpose.title[locale])}
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
      <Concerned purpose={key} />
    </ConfirmByWord>
  );
}

/** How many persons it concerns. Nothing where that is not known: it holds nobody up. */
function Concerned({ purpose }: { purpose: string }) {
  const t = useText(texts).purposes;
  const formats = useFormats();
  const api = useApi();
  const consents = useQuery({
    queryKey: ['consents-by-purpose'],
    queryFn: () => answer(api.GET('/v1/consents/by-purpose')),
  });
  const of = consents.data?.data.find((one) => one.purpose === purpose);
  if (!of) return null;
  const recipients = of.recipients.length === 0 ? t.nobody : formats.list(of.recipients);
  return <Text size="sm">{t.withdrawCounts(personsOf(of.active, formats), recipients)}</Text>;
}
