import { Alert, Button, Group, NumberInput, Radio, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { answer, type Schemas } from '../../api/client';
import { useFormats, useText } from '../../locale';
import { Confirm } from '../../parts/confirm';
import { Fault } from '../../parts/fault';
import { notify } from '../../parts/notify';
import { useStaff } from '../../session/session';
import { Checks, isComplete, useChecks } from './checks';
import type { Offer, Person } from './offer';
import { texts } from './texts';
import { useOfferChange } from './use-offers';
import { useOfferTitle } from './words';

/** The way of a draft into the world: what is to be looked at, a second person where the programme wants one, publishing. */
export function PublishPanel({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const { requiresApproval } = useStaff().programme;
  const found = useChecks(offer).data;
  return (
    <Stack component="section" aria-label={t.checks}>
      <Title order={2} size="h4">
        {t.checks}
      </Title>
      <Checks offer={offer} />
      {requiresApproval && <Approval offer={offer} isReady={found !== undefined && isComplete(found.checks)} />}
      {(!requiresApproval || offer.approval.state === 'approved') && (
        <Publish offer={offer} isReady={found?.ready ?? false} />
      )}
    </Stack>
  );
}

interface PanelProps {
  offer: Offer;
  /** For this step. */
  isReady: boolean;
}

function Approval({ offer, isReady }: PanelProps) {
  const t = useText(texts);
  const { state, submittedBy, approvedBy } = offer.approval;
  const nameOf = (person: Person | undefined) => person?.name ?? t.somebody;
  return (
    <Alert color="gray" variant="outline" title={t.needsApproval}>
      {state === 'none' && <Submit offer={offer} isReady={isReady} />}
      {state === 'awaiting' && (
        <>
          <Text size="sm">{t.awaiting(nameOf(submittedBy))}</Text>
          <Approve offer={offer} />
        </>
      )}
      {state === 'approved' && <Text size="sm">{t.approvedBy(nameOf(approvedBy))}</Text>}
    </Alert>
  );
}

function Submit({ offer: { id }, isReady }: PanelProps) {
  const t = useText(texts);
  const submission = useOfferChange((api) =>
    answer(api.POST('/v1/offers/{id}/submission', { params: { path: { id } } })),
  );
  return (
    <>
      <Fault error={submission.error} />
      <Button
        disabled={!isReady}
        loading={submission.isPending}
        onClick={() => submission.mutate(undefined, { onSuccess: () => notify(t.submitted) })}
      >
        {t.submit}
      </Button>
    </>
  );
}

function Approve({ offer }: { offer: Offer }) {
  const t = useText(texts);
  const titleOf = useOfferTitle();
  const [isOpen, setOpen] = useState(false);
  const revision = offer.draft?.revision ?? 1;
  const approval = useOfferChange((api) =>
    answer(api.POST('/v1/offers/{id}/approval', { params: { path: { id: offer.id } }, body: { revision } })),
  );
  const approve = () =>
    approval.mutate(undefined, {
      onSuccess: () => {
        setOpen(false);
        notify(t.approved);
      },
    });
  return (
    <>
      <Button mt="sm" onClick={() => setOpen(true)}>
        {t.approve}
      </Button>
      <Confirm
        isOpen={isOpen}
        title={t.approveTitle(titleOf(offer))}
        consequence={t.approveHint}
        yes={t.approve}
        no={t.cancel}
        isBusy={approval.isPending}
        error={approval.error}
        onYes={approve}
        onNo={() => {
          setOpen(false);
          approval.reset();
        }}
      />
    </>
  );
}

type PublishBody = Schemas['PublishOfferDto'];

function Publish({ offer, isReady }: PanelProps) {
  const t = useText(texts);
  const { time } = useFormats();
  const titleOf = useOfferTitle();
  const [isOpen, setOpen] = useState(false);
  const [body, setBody] = useState<PublishBody>({});
  const isNext = offer.version !== null;
  const publication = useOfferChange((api, sent: PublishBody) =>
    answer(api.POST('/v1/offers/{id}/publish', { params: { path: { id: offer.id } }, body: sent })),
  );
  const publish = () =>
    publication.mutate(body, {
      onSuccess: () => {
        setOpen(false);
        notify(t.published);
      },
    });
  const startsAt = offer.draft?.startsAt;
  return (
    <>
      {isNext && <ChangeFields body={body} onChange={setBody} />}
      <Group>
        <Button disabled={!isReady || (isNext && body.change === undefined)} onClick={() => setOpen(true)}>
          {t.publish}
        </Button>
      </Group>
      <Confirm
        isOpen={isOpen}
        title={t.publishTitle(titleOf(offer))}
        consequence={
          <Text>
            {t.publishHint} {startsAt && new Date(startsAt) > new Date() && t.publishLater(time(startsAt))}
          </Text>
        }
        yes={t.publish}
        no={t.cancel}
        isBusy={publication.isPending}
        error={publication.error}
        onYes={publish}
        onNo={() => {
          setOpen(false);
          publication.reset();
        }}
      />
    </>
  );
}

function ChangeFields({ body, onChange }: { body: PublishBody; onChange: (body: PublishBody) => void }) {
  const t = useText(texts);
  return (
    <>
      <Radio.Group
        label={t.change}
        required
        value={body.change ?? null}
        // A time to confirm within is of a material change alone.
        onChange={(change) => onChange({ change: change as PublishBody['change'] & string })}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="compatible" label={t.changes.compatible} />
          <Radio value="material" label={t.changes.material} />
        </Stack>
      </Radio.Group>
      {body.change === 'material' && (
        <NumberInput
          label={t.graceDays}
          description={t.graceDaysHint}
          min={1}
          allowDecimal={false}
          value={body.graceDays ?? ''}
          onChange={(value) => {
            const { graceDays: _, ...rest } = body;
            onChange(typeof value === 'number' ? { ...rest, graceDays: value } : rest);
          }}
        />
      )}
    </>
  );
}
