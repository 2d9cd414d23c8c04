import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answer } from '../../api/client';
import { useFormats, useLocale, useText } from '../../locale';
import { useOnce } from '../../parts/once';
import { Withdraw } from '../../parts/withdraw';
import { useApi } from '../../session/session';
import { personsOf } from '../oversight/persons';
import type { Purpose } from './purposes-page';
import { texts } from './texts';

interface WithdrawPurposeProps {
  purpose: Purpose;
  onClose: () => void;
  onBegun: (jobId: string) => void;
}

export function WithdrawPurpose({ purpose: { key, title }, ...on }: WithdrawPurposeProps) {
  const t = useText(texts).purposes;
  const { locale } = useLocale();
  const api = useApi();
  const once = useOnce();
  return (
    <Withdraw
      word={key}
      title={t.withdrawTitle(title[locale])}
      act={t.withdrawAct}
      means={t.withdrawMeans}
      keeps={t.withdrawKeeps}
      forever={t.withdrawForever}
      withdraw={() =>
        answer(api.POST('/v1/purposes/{key}/withdrawal', { params: { path: { key }, header: once.headerFor(key) } }))
      }
      queryKey="purposes"
      {...on}
    >
      <Concerned purpose={key} />
    </Withdraw>
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
