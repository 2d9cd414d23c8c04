import { Button, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, type Schemas } from '../../api/client';
import { useReadAgain } from '../../api/read-again';
import { useText } from '../../locale';
import { useKept } from '../../kept';
import { Confirm } from '../../parts/confirm';
import { Page } from '../../parts/page';
import { PagedTable, usePaged } from '../../parts/paged';
import { useApi } from '../../session/session';
import { IssuerForm } from './issuer-form';
import { texts } from './texts';

type Issuer = Schemas['IssuerDto'];

/** Who says who somebody is. */
export default function IssuersPage() {
  const t = useText(texts).issuers;
  const [isOpen, setOpen] = useKept('new-issuer-open', false);
  const [chosen, choose] = useState<Issuer>();
  const create = !isOpen && <Button onClick={() => setOpen(true)}>{t.create}</Button>;
  return (
    <Page title={t.title} about={t.about} actions={create}>
      <Stack>
        {isOpen && <IssuerForm onClose={() => setOpen(false)} />}
        <IssuerList onRemove={choose} />
        {chosen && <Remove issuer={chosen} onClose={() => choose(undefined)} />}
      </Stack>
    </Page>
  );
}

function IssuerList({ onRemove }: { onRemove: (issuer: Issuer) => void }) {
  const t = useText(texts);
  const api = useApi();
  const list = usePaged<Issuer>(['issuers'], (after) =>
    answer(api.GET('/v1/issuers', { params: { query: { limit: 50, ...after } } })),
  );
  return (
    <PagedTable
      list={list}
      caption={t.issuers.title}
      empty={t.issuers.none}
      keyOf={({ id }) => id}
      columns={[
        { title: t.issuers.issuer, cell: ({ issuer }) => <span className="breaks">{issuer}</span> },
        { title: t.issuers.subjects, cell: ({ subjects }) => t.issuers.subjectsOf[subjects] },
        { title: t.issuers.audience, cell: ({ audience }) => <span className="breaks">{audience}</span> },
        { title: t.issuers.clientId, cell: ({ clientId }) => clientId ?? '–' },
        {
          title: t.acts,
          cell: (issuer) => (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`${t.issuers.remove}: ${issuer.issuer}`}
              onClick={() => onRemove(issuer)}
            >
              {t.issuers.remove}
            </Button>
          ),
        },
      ]}
    />
  );
}

function Remove({ issuer: { id, issuer }, onClose }: { issuer: Issuer; onClose: () => void }) {
  const t = useText(texts);
  const api = useApi();
  const readAgain = useReadAgain();
  const remove = useMutation({
    mutationFn: () => api.DELETE('/v1/issuers/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      onClose();
      await readAgain('issuers');
    },
  });
  return (
    <Confirm
      isOpen
      title={t.issuers.removeTitle}
      consequence={t.issuers.removeMeans(issuer)}
      yes={t.issuers.remove}
      no={t.keep}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      onYes={() => remove.mutate()}
      onNo={onClose}
    />
  );
}
