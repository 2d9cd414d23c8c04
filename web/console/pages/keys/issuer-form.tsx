import { Group, Radio, TextInput } from '@mantine/core';
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
import { texts } from './texts';

type Body = Schemas['NewIssuerDto'];
const BLANK = { issuer: '', audience: '', clientId: '', subjects: 'staff' as Body['subjects'] };
const FIELDS = ['issuer', 'audience', 'clientId'] as const;

/** One more sign-in service. What is typed is there again after a reload. */
export function IssuerForm({ onClose }: { onClose: () => void }) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [draft, keep, forget] = useKept('new-issuer', BLANK);
  const close = () => {
    forget();
    onClose();
  };
  const create = useMutation({
    mutationFn: (body: Body) => answer(api.POST('/v1/issuers', { body, params: { header: once.headerFor(body) } })),
    onSuccess: async () => {
      close();
      notify(t.issuers.created);
      await readAgain('issuers');
    },
  });
  const send = () => {
    const { clientId, ...rest } = draft;
    // The claims have defaults, which the generated type does not let one leave out.
    create.mutate({ ...rest, ...(clientId !== '' && rest.subjects === 'staff' && { clientId }) } as Body);
  };
  return (
    <NewForm
      label={t.issuers.create}
      save={t.issuers.save}
      discard={t.discard}
      error={create.error}
      isPending={create.isPending}
      onSave={() => send()}
      onDiscard={close}
    >
      <Radio.Group
        label={t.issuers.subjects}
        value={draft.subjects}
        onChange={(subjects) => keep({ ...draft, subjects: subjects as Body['subjects'] })}
      >
        <Group mt="xs">
          <Radio value="staff" label={t.issuers.subjectsOf.staff} />
          <Radio value="customers" label={t.issuers.subjectsOf.customers} />
        </Group>
      </Radio.Group>
      {FIELDS.filter((field) => field !== 'clientId' || draft.subjects === 'staff').map((field) => (
        <TextInput
          key={field}
          label={t.issuers[field]}
          description={t.issuers[`${field}Hint`]}
          required={field !== 'clientId'}
          maxLength={500}
          value={draft[field]}
          error={fieldFault(create.error, `/${field}`)}
          onChange={(event) => keep({ ...draft, [field]: event.currentTarget.value })}
        />
      ))}
    </NewForm>
  );
}
