import { Group, NativeSelect, Radio, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useText } from '../../locale';
import { useKept } from '../../kept';
import { fieldFault } from '../../parts/field-fault';
import { NewForm } from '../../parts/new-form';
import { useOnce } from '../../parts/once';
import { useApi } from '../../session/session';
import type { NewKey } from './keys-page';
import { texts } from './texts';

type Body = Schemas['NewKeyDto'];
const BLANK = { kind: 'storefront' as Body['kind'], name: '', role: 'marketing' as const, mode: 'live' as const };
type Draft = Omit<typeof BLANK, 'role' | 'mode'> & {
  role: NonNullable<Body['role']>;
  mode: NonNullable<Body['mode']>;
};

interface KeyFormProps {
  onCreated: (made: NewKey) => void;
  onClose: () => void;
}

export function KeyForm({ onCreated, onClose }: KeyFormProps) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [draft, keep, forget] = useKept<Draft>('new-key', BLANK);
  const set = (part: Partial<Draft>) => keep({ ...draft, ...part });
  const close = () => {
    forget();
    onClose();
  };
  const create = useMutation({
    mutationFn: (body: Body) => answer(api.POST('/v1/keys', { body, params: { header: once.headerFor(body) } })),
    onSuccess: async ({ key }, { name }) => {
      close();
      onCreated({ name, key });
      await readAgain('keys');
    },
  });
  const send = () => {
    const { kind, name, role, mode } = draft;
    // Staff have no mode, which the generated type demands because it has a default.
    create.mutate((kind === 'staff' ? { kind, name, role } : { kind, name, mode }) as Body);
  };
  return (
    <NewForm
      label={t.keys.create}
      save={t.keys.save}
      discard={t.discard}
      error={create.error}
      isPending={create.isPending}
      onSave={() => send()}
      onDiscard={close}
    >
      <TextInput
        label={t.keys.name}
        description={t.keys.nameHint}
        required
        maxLength={200}
        maw={420}
        value={draft.name}
        error={fieldFault(create.error, '/name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <Radio.Group label={t.keys.kind} value={draft.kind} onChange={(kind) => set({ kind: kind as Body['kind'] })}>
        <Group mt="xs">
          <Radio value="storefront" label={t.keys.kinds.storefront} />
          <Radio value="staff" label={t.keys.kinds.staff} />
        </Group>
      </Radio.Group>
      {draft.kind === 'staff' ? (
        <NativeSelect
          label={t.keys.role}
          maw={420}
          value={draft.role}
          onChange={(event) => set({ role: event.currentTarget.value as Draft['role'] })}
          data={Object.entries(t.keys.roles).map(([value, label]) => ({ value, label }))}
        />
      ) : (
        <NativeSelect
          label={t.keys.mode}
          maw={420}
          value={draft.mode}
          onChange={(event) => set({ mode: event.currentTarget.value as Draft['mode'] })}
          data={Object.entries(t.keys.modes).map(([value, label]) => ({ value, label }))}
        />
      )}
    </NewForm>
  );
}
