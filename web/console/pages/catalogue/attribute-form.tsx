import { NumberInput, Radio, Stack, TextInput } from '@mantine/core';
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
import { BothTexts, EMPTY, isEmpty } from './both-texts';
import { checkSchema } from './check-schema';
import { FIRST_SCHEMA, SchemaEditor } from './schema-editor';
import { texts } from './texts';

const BLANK = {
  key: '',
  title: EMPTY,
  description: EMPTY,
  sensitivity: 'ordinary' as 'ordinary' | 'special',
  retentionDays: 365,
  schema: FIRST_SCHEMA,
};

/** A new attribute. What is typed is there again after a reload, until it is created or discarded. */
export function AttributeForm({ onClose }: { onClose: () => void }) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [draft, keep, forget] = useKept('new-attribute', BLANK);
  const set = (part: Partial<typeof BLANK>) => keep({ ...draft, ...part });
  const { schema } = checkSchema(draft.schema);
  const create = useMutation({
    mutationFn: (body: Schemas['CreateAttributeDto']) =>
      answer(api.POST('/v1/attributes', { body, params: { header: once.headerFor(body) } })),
    onSuccess: async ({ key }) => {
      once.done();
      close();
      notify(t.attributes.created(key));
      await readAgain('attributes');
    },
  });
  const close = () => {
    forget();
    onClose();
  };
  const send = (body: Record<string, unknown>) => {
    const { description, ...rest } = draft;
    create.mutate({ ...rest, schema: body, ...(isEmpty(description) ? {} : { description }) });
  };
  return (
    <NewForm
      label={t.attributes.create}
      save={t.save}
      discard={t.discard}
      error={create.error}
      isPending={create.isPending}
      isReady={Boolean(schema)}
      onSave={() => schema && send(schema)}
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
      <BothTexts
        label={t.description}
        hint={t.optional}
        field="description"
        value={draft.description}
        error={create.error}
        onChange={(description) => set({ description })}
      />
      <Radio.Group
        label={t.attributes.sensitivity}
        value={draft.sensitivity}
        onChange={(sensitivity) => set({ sensitivity: sensitivity as 'ordinary' | 'special' })}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="ordinary" label={t.attributes.ordinary} />
          <Radio value="special" label={t.attributes.special} description={t.attributes.specialHint} />
        </Stack>
      </Radio.Group>
      <NumberInput
        label={t.attributes.retention}
        description={t.attributes.retentionHint}
        required
        maw={420}
        min={1}
        max={36500}
        allowDecimal={false}
        value={draft.retentionDays}
        error={fieldFault(create.error, '/retentionDays')}
        onChange={(days) => set({ retentionDays: Number(days) })}
      />
      <SchemaEditor value={draft.schema} error={create.error} onChange={(text) => set({ schema: text })} />
    </NewForm>
  );
}
