import { Button, Stack, Text } from '@mantine/core';
import { useText } from '../../../locale';
import { DryRun } from '../dry-run';
import type { Step } from '../offer-faults';
import type { Offer } from '../offer';
import { PublishPanel } from '../publish-panel';
import { InForce } from '../in-force';
import { texts } from '../texts';

interface CheckStepProps {
  offer: Offer | undefined;
  isUnsaved: boolean;
  isSaving: boolean;
  onSave: (then: Step) => Promise<void>;
}

/** Of what is saved: what to look at, a try, and the publication. */
export function CheckStep({ offer, isUnsaved, isSaving, onSave }: CheckStepProps) {
  const t = useText(texts);
  if (!offer || isUnsaved)
    return (
      <Stack align="start">
        <Text>{t.saveFirst}</Text>
        <Button loading={isSaving} onClick={() => void onSave('check')}>
          {t.save}
        </Button>
      </Stack>
    );
  return (
    <Stack gap="xl">
      {offer.draft ? <PublishPanel offer={offer} /> : <InForce offer={offer} />}
      <DryRun offer={offer} />
    </Stack>
  );
}
