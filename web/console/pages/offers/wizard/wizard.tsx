import { Alert, Button, Grid, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, useState, type ComponentType } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { answer, type Schemas } from '../../../api/client';
import { ProblemError, type FieldFault } from '../../../api/problem';
import { useText } from '../../../locale';
import { Confirm } from '../../../parts/confirm';
import { Fault } from '../../../parts/fault';
import { notify } from '../../../parts/notify';
import { Page } from '../../../parts/page';
import { CustomerView } from '../customer-view';
import { faultsOf, stepOf, STEPS, type Step } from '../offer-faults';
import { bodyOf } from '../offer-form';
import type { Offer } from '../offer';
import { texts } from '../texts';
import type { Catalogue } from '../use-catalogue';
import { useOfferChange } from '../use-offers';
import { useOfferTitle } from '../words';
import { AsksStep } from './asks-step';
import { AudienceStep } from './audience-step';
import { CheckStep } from './check-step';
import { FaultList } from './fault-list';
import { LimitsStep } from './limits-step';
import { RewardStep } from './reward-step';
import type { StepProps } from './step';
import { StepsNav } from './steps-nav';
import { TextsStep } from './texts-step';
import { useDraft, type Draft } from './use-draft';

interface WizardProps {
  catalogue: Catalogue;
  offer: Offer | undefined;
}

const FIELDS: Record<Exclude<Step, 'check'>, ComponentType<StepProps>> = {
  asks: AsksStep,
  texts: TextsStep,
  reward: RewardStep,
  limits: LimitsStep,
  audience: AudienceStep,
};

/** An offer step by step, with what the customer sees beside it. The step is in the address, what is typed in the browser. */
export function Wizard({ catalogue, offer }: WizardProps) {
  const t = useText(texts);
  const titleOf = useOfferTitle();
  const draft = useDraft(offer);
  const [step, go] = useStep();
  const saving = useSaving(offer, draft, go);
  const Fields = step === 'check' ? undefined : FIELDS[step];
  const title = offer ? t.wizardEdit(titleOf(offer)) : t.wizardNew;
  return (
    <Page title={title}>
      <DraftState draft={draft} offer={offer} />
      <StepsNav step={step} faults={countBySteps(saving.faults)} onGo={(next) => void saving.goTo(next)} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Paper withBorder p={{ base: 'sm', sm: 'lg' }}>
            <StepHeading step={step} />
            <Fault error={saving.error} />
            {saving.faults.length > 0 && <FaultList faults={saving.faults} onGo={saving.goToFault} />}
            {Fields ? (
              <Fields
                form={draft.form}
                catalogue={catalogue}
                change={draft.change}
                errorAt={saving.errorAt}
                isNew={!offer}
              />
            ) : (
              <CheckStep offer={offer} isUnsaved={draft.isUnsaved} isSaving={saving.isSaving} onSave={saving.save} />
            )}
            <StepButtons step={step} draft={draft} saving={saving} />
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <CustomerView form={draft.form} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function useStep(): [Step, (step: Step) => void] {
  const [search, setSearch] = useSearchParams();
  const named = search.get('step') as Step;
  const step = STEPS.includes(named) ? named : 'asks';
  return [step, (next) => setSearch({ step: next })];
}

type Saving = ReturnType<typeof useSaving>;

/** Saves the draft, and says at the fields what is in the way. */
function useSaving(offer: Offer | undefined, draft: Draft, go: (step: Step) => void) {
  const t = useText(texts);
  const [, navigate] = useLocation();
  const [isTried, setTried] = useState(false);
  const [refused, setRefused] = useState<{ faults: FieldFault[]; form: unknown }>();
  const change = useOfferChange((api, body: Schemas['CreateOfferDto']) => {
    if (!offer) return answer(api.POST('/v1/offers', { body }));
    const { key: _, ...edits } = body;
    return answer(api.PATCH('/v1/offers/{id}', { params: { path: { id: offer.id } }, body: edits }));
  });
  // What the service has said holds for what was sent, and not for what is typed since.
  const fromService = refused?.form === draft.form ? refused.faults : [];
  const faults = isTried ? [...faultsOf(draft.form, t), ...fromService] : [];
  const goToFault = (pointer: string) => {
    go(stepOf(pointer));
    focusFirstFault();
  };
  const save = async (then: Step): Promise<void> => {
    setTried(true);
    const [first] = faultsOf(draft.form, t);
    if (first) return goToFault(first.pointer);
    try {
      const saved = await change.mutateAsync(bodyOf(draft.form));
      draft.saved(draft.form, saved);
      notify(t.saved);
      if (offer) go(then);
      else navigate(`/offers/${saved.id}/edit?step=${then}`, { replace: true });
    } catch (error) {
      if (!(error instanceof ProblemError)) return;
      const found = faultsIn(error);
      setRefused({ faults: found, form: draft.form });
      if (found[0]) goToFault(found[0].pointer);
    }
  };
  const isKnown = change.error instanceof ProblemError && faultsIn(change.error).length > 0;
  return {
    save,
    isSaving: change.isPending,
    error: isKnown ? null : change.error,
    faults,
    goToFault,
    /** The check is of what is saved. */
    goTo: (step: Step) => (step === 'check' && (draft.isUnsaved || !offer) ? save('check') : go(step)),
    errorAt: (pointer: string) =>
      faults.find((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`))?.message,
  };
}

/** A taken key is said without a pointer, and belongs to a field all the same. */
const faultsIn = (error: ProblemError): FieldFault[] =>
  error.problem === 'key-taken' ? [{ pointer: '/key', message: error.detail ?? error.title }] : error.errors;

/** Once the step with it is there. */
function focusFirstFault(): void {
  setTimeout(() => document.querySelector<HTMLElement>('#content [aria-invalid="true"]')?.focus(), 50);
}

function countBySteps(faults: FieldFault[]): Partial<Record<Step, number>> {
  const counts: Partial<Record<Step, number>> = {};
  for (const { pointer } of faults) counts[stepOf(pointer)] = (counts[stepOf(pointer)] ?? 0) + 1;
  return counts;
}

/** Where the keyboard goes on after a step. */
function StepHeading({ step }: { step: Step }) {
  const t = useText(texts);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current !== step) heading.current?.focus();
    shown.current = step;
  }, [step]);
  return (
    <>
      <Text size="sm" c="dimmed">
        {t.stepOf(STEPS.indexOf(step) + 1, STEPS.length)}
      </Text>
      <Title order={2} size="h3" mb="md" ref={heading} tabIndex={-1} className="page-title">
        {t.steps[step]}
      </Title>
    </>
  );
}

function StepButtons({ step, draft, saving }: { step: Step; draft: Draft; saving: Saving }) {
  const t = useText(texts);
  const at = STEPS.indexOf(step);
  const previous = STEPS[at - 1];
  const next = STEPS[at + 1];
  return (
    <Group justify="space-between" mt="xl">
      <Button variant="default" disabled={!previous} onClick={() => previous && void saving.goTo(previous)}>
        {t.previous}
      </Button>
      {next && (
        <Group>
          <Button
            variant="default"
            disabled={!draft.isUnsaved}
            loading={saving.isSaving}
            onClick={() => void saving.save(step)}
          >
            {t.save}
          </Button>
          <Button loading={saving.isSaving} onClick={() => void saving.goTo(next)}>
            {t.next}
          </Button>
        </Group>
      )}
    </Group>
  );
}

/** That something is not saved, that somebody else has saved, that an approval would be lost. */
function DraftState({ draft, offer }: { draft: Draft; offer: Offer | undefined }) {
  const t = useText(texts);
  const [isAsking, setAsking] = useState(false);
  const discard = () => {
    draft.discard();
    setAsking(false);
  };
  if (draft.isOvertaken)
    return (
      <Alert color="yellow" variant="outline" title={t.changedMeanwhile} role="alert" mb="md">
        <Stack gap="sm">
          <Text size="sm">{t.changedMeanwhileHint}</Text>
          <Group>
            <Button size="xs" variant="default" onClick={draft.keepMine}>
              {t.keepMine}
            </Button>
            <Button size="xs" variant="default" onClick={draft.discard}>
              {t.takeSaved}
            </Button>
          </Group>
        </Stack>
      </Alert>
    );
  return (
    <>
      {draft.isUnsaved && (
        <Alert color="gray" variant="outline" mb="md">
          <Group justify="space-between">
            <Text size="sm">{t.unsaved}</Text>
            <Button size="xs" variant="default" onClick={() => setAsking(true)}>
              {t.discard}
            </Button>
          </Group>
        </Alert>
      )}
      {offer && offer.approval.state !== 'none' && (
        <Alert color="gray" variant="outline" mb="md">
          {t.approvalEnds}
        </Alert>
      )}
      <Confirm
        isOpen={isAsking}
        title={t.discardTitle}
        consequence={t.discardHint}
        yes={t.discard}
        no={t.cancel}
        isDangerous
        onYes={discard}
        onNo={() => setAsking(false)}
      />
    </>
  );
}
