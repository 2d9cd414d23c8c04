import { Button, Group, Modal, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useFormats, useText } from '../../locale';
import { useKept } from '../../kept';
import { Confirm } from '../../parts/confirm';
import { Fault } from '../../parts/fault';
import { useOnce } from '../../parts/once';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { Secrets } from '../../parts/secrets';
import { Status } from '../../parts/status';
import { useApi } from '../../session/session';
import { KeyForm } from './key-form';
import { texts } from './texts';

type Key = Schemas['KeyDto'];
/** A key as it has just been made: it is not to be had again. */
export interface NewKey {
  name: string;
  key: string;
}

/** Who may call the service, and how it is changed without a gap. */
export default function KeysPage() {
  const t = useText(texts).keys;
  const [isOpen, setOpen] = useKept('new-key-open', false);
  const [made, setMade] = useState<NewKey>();
  const [chosen, choose] = useState<{ key: Key; act: 'rotate' | 'revoke' }>();
  const create = !isOpen && <Button onClick={() => setOpen(true)}>{t.create}</Button>;
  return (
    <Page title={t.title} about={t.about} actions={create}>
      <Stack>
        {isOpen && <KeyForm onCreated={setMade} onClose={() => setOpen(false)} />}
        <Secrets
          title={t.secretTitle(made?.name ?? '')}
          secrets={made ? [{ label: t.secret, value: made.key }] : []}
          onKept={() => setMade(undefined)}
        />
        <KeyList onChoose={(key, act) => choose({ key, act })} />
        {chosen?.act === 'rotate' && <Rotate of={chosen.key} onMade={setMade} onClose={() => choose(undefined)} />}
        {chosen?.act === 'revoke' && <Revoke of={chosen.key} onClose={() => choose(undefined)} />}
      </Stack>
    </Page>
  );
}

function KeyList({ onChoose }: { onChoose: (key: Key, act: 'rotate' | 'revoke') => void }) {
  const t = useText(texts);
  const formats = useFormats();
  const api = useApi();
  const list = usePaged<Key>(['keys'], (after) =>
    answer(api.GET('/v1/keys', { params: { query: { limit: 50, ...after } } })),
  );
  const acts = (key: Key) =>
    isUsable(key) && (
      <Group gap="xs" wrap="nowrap">
        {(['rotate', 'revoke'] as const).map((act) => (
          <Button
            key={act}
            size="compact-sm"
            variant="default"
            aria-label={`${t.keys[act]}: ${key.name}`}
            onClick={() => onChoose(key, act)}
          >
            {t.keys[act]}
          </Button>
        ))}
      </Group>
    );
  const forWhom = ({ kind, role, mode }: Key) =>
    [t.keys.kinds[kind], role && t.keys.roles[role], mode && t.keys.modes[mode]].filter(Boolean).join(', ');
  return (
    <PagedTable
      list={list}
      caption={t.keys.title}
      empty={t.keys.none}
      keyOf={({ id }) => id}
      columns={[
        { title: t.keys.name, cell: ({ name }) => <Text size="sm">{name}</Text> },
        { title: t.keys.kind, cell: forWhom },
        { title: t.keys.createdAt, cell: ({ createdAt }) => formats.time(createdAt) },
        { title: t.keys.status, cell: (key) => <State of={key} /> },
        { title: t.acts, cell: acts },
      ]}
    />
  );
}

const isPast = (at: string): boolean => Date.parse(at) <= Date.now();
const isUsable = ({ revokedAt, expiresAt }: Key): boolean =>
  revokedAt === undefined && (expiresAt === undefined || !isPast(expiresAt));

function State({ of: { revokedAt, expiresAt } }: { of: Key }) {
  const t = useText(texts).keys;
  const formats = useFormats();
  if (revokedAt !== undefined) return <Status kind="over">{t.revoked(formats.time(revokedAt))}</Status>;
  if (expiresAt === undefined) return <Status kind="good">{t.works}</Status>;
  if (isPast(expiresAt)) return <Status kind="over">{t.expired(formats.time(expiresAt))}</Status>;
  return <Status kind="waiting">{t.worksUntil(formats.time(expiresAt))}</Status>;
}

interface RotateProps {
  of: Key;
  onMade: (made: NewKey) => void;
  onClose: () => void;
}

function Rotate({ of: { id, name }, onMade, onClose }: RotateProps) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const once = useOnce();
  const [overlap, setOverlap] = useState('86400');
  const rotate = useMutation({
    mutationFn: () => {
      const body = { overlapSeconds: Number(overlap) };
      const params = { path: { id }, header: once.headerFor(body) };
      return answer(api.POST('/v1/keys/{id}/rotate', { params, body }));
    },
    onSuccess: async ({ key }) => {
      onClose();
      onMade({ name, key });
      await readAgain('keys');
    },
  });
  return (
    <Modal opened onClose={onClose} title={t.keys.rotateTitle(name)} closeButtonProps={{ 'aria-label': t.keep }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rotate.mutate();
        }}
      >
        <Stack>
          <Text>{t.keys.rotateMeans}</Text>
          <NativeSelect
            label={t.keys.overlap}
            value={overlap}
            onChange={(event) => setOverlap(event.currentTarget.value)}
            data={Object.entries(t.keys.overlaps).map(([value, label]) => ({ value, label }))}
          />
          <Fault error={rotate.error} />
          <Group grow>
            <Button variant="default" onClick={onClose}>
              {t.keep}
            </Button>
            <Button type="submit" loading={rotate.isPending}>
              {t.keys.rotate}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Revoke({ of: { id, name }, onClose }: { of: Key; onClose: () => void }) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const revoke = useMutation({
    mutationFn: () => api.DELETE('/v1/keys/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      onClose();
      await readAgain('keys');
    },
  });
  return (
    <Confirm
      isOpen
      title={t.keys.revokeTitle(name)}
      consequence={t.keys.revokeMeans}
      yes={t.keys.revoke}
      no={t.keep}
      isDangerous
      isBusy={revoke.isPending}
      error={revoke.error}
      onYes={() => revoke.mutate()}
      onNo={onClose}
    />
  );
}
