import { answer, type Schemas } from '../../api/client';
import { useText } from '../../locale';
import { useOnce } from '../../parts/once';
import { Withdraw } from '../../parts/withdraw';
import { useApi } from '../../session/session';
import { texts } from './texts';

interface WithdrawRecipientProps {
  recipient: Schemas['RecipientDto'];
  onClose: () => void;
  onBegun: (jobId: string) => void;
}

export function WithdrawRecipient({ recipient: { key, name }, ...on }: WithdrawRecipientProps) {
  const t = useText(texts).recipients;
  const api = useApi();
  const once = useOnce();
  return (
    <Withdraw
      word={key}
      title={t.withdrawTitle(name)}
      act={t.withdrawAct}
      means={t.withdrawMeans}
      keeps={t.withdrawKeeps}
      forever={t.withdrawForever}
      withdraw={() =>
        answer(api.POST('/v1/recipients/{key}/withdrawal', { params: { path: { key }, header: once.headerFor(key) } }))
      }
      queryKey="recipients"
      {...on}
    />
  );
}
