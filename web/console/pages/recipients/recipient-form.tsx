import { Checkbox, NumberInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useLocale, useText } from '../../locale';
import { useKept } from '../../kept';
import { Fault } from '../../parts/fault';
import { fieldFault } from '../../parts/field-fault';
import { NewForm } from '../../parts/new-form';
import { useOnce } from '../../parts/once';
import { useApi } from '../../session/session';
import { texts } from './texts';

const BLANK = { key: '', name: '', purposes: [] as string[], webhookUrl: '', dueHours: 72, suspendWhenOverdue: false };

interface RecipientFormProps {
  /** With its keys, which are not to be had again. */
  onCreated: (recipient: Schemas['NewRecipientDto']) => void;
  onClose: () => void;
}

/** A new recipient. What is typed is there again after a reload, until it is registered or discarded. */
export function RecipientForm({ onCreated, onClose }: RecipientFormProps) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [draft, keep, forget] = useKept('new-recipient', BLANK);
  const set = (part: Partial<typeof BLANK>) => keep({ ...draft, ...part });
  const close = () => {
    forget();
    onClose();
  };
  const create = useMutation({
    mutationFn: (body: Schemas['CreateRecipientDto']) =>
      answer(api.POST('/v1/recipients', { body, params: { header: once.headerFor(body) } })),
    onSuccess: async (recipient) => {
      close();
      onCreated(recipient);
      await readAgain('recipients');
    },
  });
  const send = () => {
    const { webhookUrl, ...rest } = draft;
    create.mutate({ ...rest, ...(webhookUrl === '' ? {} : { webhookUrl }) });
  };
  return (
    <NewForm
      label={t.recipients.create}
      save={t.recipients.save}
      discard={t.discard}
      error={create.error}
      isPending={create.isPending}
      isReady={draft.purposes.length > 0}
      onSave={() => send()}
      onDiscard={close}
    >
      <TextInput
        label={t.recipients.name}
        description={t.recipients.nameHint}
        required
        maxLength={200}
        maw={420}
        value={draft.name}
        error={fieldFault(create.error, '/name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t.recipients.key}
        description={t.recipients.keyHint}
        required
        maw={420}
        pattern="[A-Za-z][A-Za-z0-9_\-]{0,63}"
        value={draft.key}
        error={fieldFault(create.error, '/key')}
        onChange={(event) => set({ key: event.currentTarget.value })}
      />
      <PurposeChoice
        value={draft.purposes}
        error={fieldFault(create.error, '/purposes')}
        onChange={(purposes) => set({ purposes })}
      />
      <TextInput
        label={t.recipients.webhookUrl}
        description={t.recipients.webhookUrlHint}
        type="url"
        value={draft.webhookUrl}
        error={fieldFault(create.error, '/webhookUrl')}
        onChange={(event) => set({ webhookUrl: event.currentTarget.value })}
      />
      <Obligations value={draft} error={create.error} onChange={set} />
    </NewForm>
  );
}

interface PurposeChoiceProps {
  value: string[];
  error: string | undefined;
  onChange: (purposes: string[]) => void;
}

function PurposeChoice({ value, error, onChange }: PurposeChoiceProps) {
  const t = useText(texts).recipients;
  const { locale } = useLocale();
  const api = useApi();
  const purposes = useQuery({
    queryKey: ['purposes', 'choice'],
    queryFn: () => answer(api.GET('/v1/purposes', { params: { query: { limit: 100 } } })),
  });
  return (
    <>
      <Fault error={purposes.error} onRetry={() => void purposes.refetch()} />
      <Checkbox.Group
        label={t.purposes}
        description={t.purposesHint}
        required
        value={value}
        error={error}
        onChange={onChange}
      >
        <Stack gap="xs" mt="xs">
          {purposes.data?.data
            .filter(({ withdrawnAt }) => withdrawnAt === undefined)
            .map(({ key, title }) => (
              <Checkbox key={key} value={key} label={title[locale]} />
            ))}
        </Stack>
      </Checkbox.Group>
    </>
  );
}

export interface ObligationsValue {
  dueHours: number;
  suspendWhenOverdue: boolean;
}

interface ObligationsProps {
  value: ObligationsValue;
  error: Error | null;
  onChange: (part: Partial<ObligationsValue>) => void;
}

/** What is agreed with a recipient on its confirmations. */
export function Obligations({ value, error, onChange }: ObligationsProps) {
  const t = useText(texts).recipients;
  return (
    <>
      <NumberInput
        label={t.dueHours}
        description={t.dueHoursHint}
        required
        maw={420}
        min={1}
        max={8760}
        allowDecimal={false}
        value={value.dueHours}
        error={fieldFault(error, '/dueHours')}
        onChange={(hours) => onChange({ dueHours: Number(hours) })}
      />
      <Checkbox
        label={t.suspend}
        description={t.suspendHint}
        checked={value.suspendWhenOverdue}
        onChange={(event) => onChange({ suspendWhenOverdue: event.currentTarget.checked })}
      />
    </>
  );
}
