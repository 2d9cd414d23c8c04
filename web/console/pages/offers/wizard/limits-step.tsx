import { NumberInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useFormats, useText } from '../../../locale';
import type { OfferForm } from '../offer-form';
import { texts } from '../texts';
import { typed, type StepProps } from './step';

/** How much is promised at most, when, and how often to one person. */
export function LimitsStep({ form, change, errorAt }: StepProps) {
  const t = useText(texts);
  const { number } = useFormats();
  const isPoints = form.rewardType === 'points';
  const runs = sharesWithin(form);
  return (
    <Stack>
      <div>
        <NumberInput
          label={isPoints ? t.budgetPoints : t.budgetCodes}
          description={t.budgetHint}
          min={1}
          allowDecimal={false}
          value={form.budget}
          error={errorAt('/budget')}
          onChange={(value) => change({ budget: typed(value) })}
        />
        {runs !== undefined && (
          <Text size="sm" mt={4}>
            {t.budgetRuns(number(runs))}
          </Text>
        )}
      </div>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          type="datetime-local"
          label={t.startsAt}
          description={t.startsHint}
          value={form.startsAt}
          error={errorAt('/startsAt')}
          onChange={(event) => change({ startsAt: event.currentTarget.value })}
        />
        <TextInput
          type="datetime-local"
          label={t.endsAt}
          description={t.endsHint}
          value={form.endsAt}
          error={errorAt('/endsAt')}
          onChange={(event) => change({ endsAt: event.currentTarget.value })}
        />
        <NumberInput
          label={t.times}
          min={1}
          allowDecimal={false}
          value={form.times}
          error={errorAt('/perCustomer/times')}
          onChange={(value) => change({ times: typed(value) })}
        />
        <NumberInput
          label={t.everyDays}
          min={1}
          allowDecimal={false}
          value={form.everyDays}
          error={errorAt('/perCustomer/everyDays')}
          onChange={(value) => change({ everyDays: typed(value) })}
        />
      </SimpleGrid>
      {form.times !== '' && form.everyDays !== '' && (
        <Text size="sm">{t.perCustomerHint(number(form.times), number(form.everyDays))}</Text>
      )}
    </Stack>
  );
}

/** How many shares the budget promises a reward to. */
function sharesWithin({ budget, rewardType, points }: OfferForm): number | undefined {
  if (budget === '') return undefined;
  if (rewardType === 'discount') return budget;
  return points === '' || points < 1 ? undefined : Math.floor(budget / points);
}
