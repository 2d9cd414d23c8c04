import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { answer, type Api } from '../../api/client';
import { ProblemError } from '../../api/problem';
import { useText } from '../../locale';
import { Confirm } from '../../parts/confirm';
import { Fault } from '../../parts/fault';
import { notify } from '../../parts/notify';
import type { Offer } from './offer';
import { texts } from './texts';
import { useOfferChange } from './use-offers';
import { useOfferTitle } from './words';

type Action = 'pause' | 'resume' | 'end';

/** What each status leaves to do. */
const ACTIONS: Record<Offer['status'], Action[]> = {
  draft: [],
  live: ['pause', 'end'],
  paused: ['resume', 'end'],
  ended: [],
};

const CALLS: Record<Action, (api: Api, id: string) => Promise<Offer>> = {
  pause: (api, id) => answer(api.POST('/v1/offers/{id}/pause', { params: { path: { id } } })),
  resume: (api, id) => answer(api.POST('/v1/offers/{id}/resume', { params: { path: { id } } })),
  end: (api, id) => answer(api.POST('/v1/offers/{id}/end', { params: { path: { id } } })),
};

export function OfferActions({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const [asked, setAsked] = useState<Action | 'duplicate'>();
  const [shown, setShown] = useState<Action>('pause');
  const ask = (action: Action) => {
    setShown(action);
    setAsked(action);
  };
  return (
    <>
      {offer.status !== 'ended' && !offer.draft && (
        <Button component={Link} href={`/offers/${offer.id}/edit`} variant="default">
          {t.editNext}
        </Button>
      )}
      <Button variant="default" onClick={() => setAsked('duplicate')}>
        {t.duplicate}
      </Button>
      {ACTIONS[offer.status].map((action) => (
        <Button key={action} variant="default" onClick={() => ask(action)}>
          {t[action]}
        </Button>
      ))}
      <Move offer={offer} action={shown} isOpen={asked === shown} onClose={() => setAsked(undefined)} />
      <Duplicate offer={offer} isOpen={asked === 'duplicate'} onClose={() => setAsked(undefined)} />
    </>
  );
}

interface MoveProps {
  offer: Offer;
  action: Action;
  isOpen: boolean;
  onClose: () => void;
}

function Move({ offer, action, isOpen, onClose }: MoveProps) {
  const t = useText(texts);
  const title = useOfferTitle()(offer);
  const move = useOfferChange((api, which: Action) => CALLS[which](api, offer.id));
  const words = {
    pause: { title: t.pauseTitle(title), consequence: t.pauseHint, done: t.paused },
    resume: { title: t.resumeTitle(title), consequence: t.resumeHint, done: t.resumed },
    end: { title: t.endTitle(title), consequence: t.endHint, done: t.ended },
  }[action];
  const close = () => {
    onClose();
    move.reset();
  };
  const go = () =>
    move.mutate(action, {
      onSuccess: () => {
        onClose();
        notify(words.done);
      },
    });
  return (
    <Confirm
      isOpen={isOpen}
      title={words.title}
      consequence={words.consequence}
      yes={t[action]}
      no={t.cancel}
      isDangerous={action === 'end'}
      isBusy={move.isPending}
      error={move.error}
      onYes={go}
      onNo={close}
    />
  );
}

function Duplicate({ offer, isOpen, onClose }: Omit<MoveProps, 'action'>) {
  const t = useText(texts);
  const title = useOfferTitle()(offer);
  const [, navigate] = useLocation();
  const [key, setKey] = useState(`${offer.key}-2`);
  const duplication = useOfferChange((api, newKey: string) =>
    answer(api.POST('/v1/offers/{id}/duplicate', { params: { path: { id: offer.id } }, body: { key: newKey } })),
  );
  const { error } = duplication;
  const fieldError = error instanceof ProblemError && [409, 422].includes(error.status) ? error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    duplication.mutate(key.trim(), {
      onSuccess: ({ id }) => {
        notify(t.duplicated);
        navigate(`/offers/${id}/edit`);
      },
    });
  };
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t.duplicateTitle(title)}
      closeButtonProps={{ 'aria-label': t.cancel }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text>{t.duplicateHint}</Text>
          {!fieldError && <Fault error={error} />}
          <TextInput
            label={t.duplicateKey}
            description={t.keyHint}
            data-autofocus
            value={key}
            error={fieldError && (fieldError.errors[0]?.message ?? fieldError.message)}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <Group grow>
            <Button variant="default" onClick={onClose}>
              {t.cancel}
            </Button>
            <Button type="submit" loading={duplication.isPending}>
              {t.duplicate}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
