import { Checkbox, NumberInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useText } from '../../locale';
import { useKept } from '../../kept';
import { fieldFault } from '../../parts/field-fault';
import { NewForm } from '../../parts/new-form';
import { notify } from '../../parts/notify';
import { useOnce } from '../../parts/once';
import { useApi } from '../../session/session';
import { BothTexts, EMPTY } from './both-texts';
import { texts } from './texts';

const HOUR = 3600;
const BLANK = { key: '', title: EMPTY, description: EMPTY, dpv: '', leaseHours: 24, thirdPartyAdvertising: false };

/** A new purpose. What is typed is there again after a reload, until it is created or discarded. */
export function PurposeForm({ onClose }: { onClose: () => void }) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [draft, keep, forget] = useKept('new-purpose', BLANK);
  const set = (part: Partial<typeof BLANK>) => keep({ ...draft, ...part });
  const close = () => {
    forget();
    onClose();
  };
  const create = useMutation({
    mutationFn: (body: Schemas['CreatePurposeDto']) =>
      answer(api.POST('/v1/purposes', { body, params: { header: once.headerFor(body) } })),
    onSuccess: async ({ key }) => {
      once.done();
      close();
      notify(t.purposes.created(key));
      await readAgain('purposes');
    },
  });
  const send = () => {
    const { dpv, leaseHours, ...rest } = draft;
    create.mutate({ ...rest, leaseSeconds: leaseHours * HOUR, ...(dpv === '' ? {} : { dpv }) });
  };
  return (
    <NewForm
      label={t.purposes.create}
      save={t.save}
      discard={t.discard}
      error={create.error}
      isPending={create.isPending}
      onSave={() => send()}
      onDiscard={close}
    >
      <BothTexts
        label={t.title}
        field="title"
        required
        value={draft.title}
        error={create.error}
        onChange={(title) => set({ title })}
      />
      <BothTexts
        label={t.description}
        hint={t.purposes.descriptionHint}
        field="description"
        required
        long
        value={draft.description}
        error={create.error}
        onChange={(description) => set({ description })}
      />
      <TextInput
        label={t.key}
        description={t.keyHint}
        required
        maw={420}
        pattern="[A-Za-z][A-Za-z0-9_\-]{0,63}"
        value={draft.key}
        error={fieldFault(create.error, '/key')}
        onChange={(event) => set({ key: event.currentTarget.value })}
      />
      <NumberInput
        label={t.purposes.lease}
        description={t.purposes.leaseHint}
        required
        maw={420}
        min={1}
        max={8760}
        allowDecimal={false}
        value={draft.leaseHours}
        error={fieldFault(create.error, '/leaseSeconds')}
        onChange={(hours) => set({ leaseHours: Number(hours) })}
      />
      <TextInput
        label={`${t.purposes.dpv} (${t.optional})`}
        description={t.purposes.dpvHint}
        maw={420}
        value={draft.dpv}
        error={fieldFault(create.error, '/dpv')}
        onChange={(event) => set({ dpv: event.currentTarget.value })}
      />
      <Checkbox
        label={t.purposes.advertising}
        description={t.purposes.advertisingHint}
        checked={draft.thirdPartyAdvertising}
        onChange={(event) => set({ thirdPartyAdvertising: event.currentTarget.checked })}
      />
    </NewForm>
  );
}
