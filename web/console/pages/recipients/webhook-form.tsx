import { Checkbox, Group, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useText } from '../../locale';
import { useKept } from '../../kept';
import { fieldFault } from '../../parts/field-fault';
import { NewForm } from '../../parts/new-form';
import { useOnce } from '../../parts/once';
import { useApi } from '../../session/session';
import { texts } from './texts';

type NewWebhook = Schemas['NewWebhookBody'];
const EVENTS: NewWebhook['events'] = [
  'share.accepted',
  'award.granted',
  'redemption.held',
  'redemption.captured',
  'redemption.released',
  'redemption.refunded',
  'value.corrected',
  'revocation.overdue',
];
const BLANK: NewWebhook = { url: '', events: [] };

interface WebhookFormProps {
  /** With its secret, which is not to be had again. */
  onCreated: (webhook: Schemas['NewWebhookView']) => void;
  onClose: () => void;
}

/** An address to be told what happens. What is typed is there again after a reload, until it is registered or discarded. */
export function WebhookForm({ onCreated, onClose }: WebhookFormProps) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [draft, keep, forget] = useKept('new-webhook', BLANK);
  const close = () => {
    forget();
    onClose();
  };
  const create = useMutation({
    mutationFn: () => answer(api.POST('/v1/webhooks', { body: draft, params: { header: once.headerFor(draft) } })),
    onSuccess: async (webhook) => {
      close();
      onCreated(webhook);
      await readAgain('webhooks');
    },
  });
  return (
    <NewForm
      label={t.webhooks.create}
      save={t.webhooks.save}
      discard={t.discard}
      error={create.error}
      isPending={create.isPending}
      isReady={draft.events.length > 0}
      onSave={() => create.mutate()}
      onDiscard={close}
    >
      <TextInput
        label={t.webhooks.url}
        description={t.webhooks.urlHint}
        type="url"
        required
        value={draft.url}
        error={fieldFault(create.error, '/url')}
        onChange={(event) => keep({ ...draft, url: event.currentTarget.value })}
      />
      <Checkbox.Group
        label={t.webhooks.events}
        description={t.webhooks.eventsHint}
        required
        value={draft.events}
        error={fieldFault(create.error, '/events')}
        onChange={(events) => keep({ ...draft, events: events as NewWebhook['events'] })}
      >
        <Group mt="xs">
          {EVENTS.map((event) => (
            <Checkbox key={event} value={event} label={event} />
          ))}
        </Group>
      </Checkbox.Group>
    </NewForm>
  );
}
