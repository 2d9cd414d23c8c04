import { Group, NumberInput, Radio, Stack, TextInput } from '@mantine/core';
import { useText } from '../../../locale';
import { digitsOf } from '../offer-form';
import { texts } from '../texts';
import { AmountInput } from './amount-input';
import { typed, type StepProps } from './step';

/** What comes back: points or a discount code. */
export function RewardStep(props: StepProps) {
  const t = useText(texts);
  const { form, change } = props;
  return (
    <Stack>
      <Radio.Group
        label={t.rewardType}
        value={form.rewardType}
        onChange={(value) => change({ rewardType: value as 'points' | 'discount' })}
      >
        <Group mt="xs">
          <Radio value="points" label={t.rewardPoints} />
          <Radio value="discount" label={t.rewardDiscount} />
        </Group>
      </Radio.Group>
      {form.rewardType === 'points' ? <PointsFields {...props} /> : <DiscountFields {...props} />}
    </Stack>
  );
}

function PointsFields({ form, change, errorAt }: StepProps) {
  const t = useText(texts);
  return (
    <>
      <NumberInput
        label={t.pointsLabel}
        required
        min={1}
        allowDecimal={false}
        value={form.points}
        error={errorAt('/reward/points')}
        onChange={(value) => change({ points: typed(value) })}
      />
      <NumberInput
        label={t.validDays}
        description={t.validDaysHint}
        min={1}
        allowDecimal={false}
        value={form.validDays}
        error={errorAt('/validDays')}
        onChange={(value) => change({ validDays: typed(value) })}
      />
    </>
  );
}

function DiscountFields({ form, change, errorAt }: StepProps) {
  const t = useText(texts);
  const isPercent = form.discountKind === 'percent';
  const digits = digitsOf(form.currency);
  return (
    <>
      <Radio.Group
        label={t.discountKind}
        value={form.discountKind}
        onChange={(value) => change({ discountKind: value as 'percent' | 'amount' })}
      >
        <Group mt="xs">
          <Radio value="percent" label={t.percent} />
          <Radio value="amount" label={t.amount} />
        </Group>
      </Radio.Group>
      {isPercent ? (
        <NumberInput
          label={t.percentLabel}
          required
          min={1}
          max={100}
          allowDecimal={false}
          value={form.percent}
          error={errorAt('/reward/discount/percent')}
          onChange={(value) => change({ percent: typed(value) })}
        />
      ) : (
        <AmountInput
          label={t.amountLabel}
          required
          min={0}
          decimalScale={digits}
          value={form.amount}
          error={errorAt('/reward/discount/amountMinor')}
          onChange={(amount) => change({ amount })}
        />
      )}
      <AmountInput
        label={t.minimumOrder}
        description={t.minimumOrderHint}
        min={0}
        decimalScale={digits}
        value={form.minimumOrder}
        error={errorAt('/reward/discount/minimumOrderMinor')}
        onChange={(minimumOrder) => change({ minimumOrder })}
      />
      {(!isPercent || form.minimumOrder !== '') && (
        <TextInput
          label={t.currency}
          description={t.currencyHint}
          required
          maxLength={3}
          value={form.currency}
          error={errorAt('/reward/discount/currency')}
          onChange={(event) => change({ currency: event.currentTarget.value.toUpperCase() })}
        />
      )}
      <NumberInput
        label={t.codeValidDays}
        required
        min={1}
        allowDecimal={false}
        value={form.codeValidDays}
        error={errorAt('/reward/discount/validDays')}
        onChange={(value) => change({ codeValidDays: typed(value) })}
      />
    </>
  );
}
