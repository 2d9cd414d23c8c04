import { Button, Fieldset, Group, NumberInput, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useText } from '../../../locale';
import { texts } from '../texts';
import { EligibilityField } from './eligibility-field';
import { typed, type StepProps } from './step';

/** Whom the offer is for. */
export function AudienceStep(props: StepProps) {
  const { form, change, errorAt } = props;
  const t = useText(texts);
  const isCalifornian = form.regions.some((region) => region === 'US' || region === 'US-CA');
  return (
    <Stack>
      <EligibilityField
        value={form.eligibility}
        error={errorAt('/eligibility')}
        onChange={(eligibility) => change({ eligibility })}
      />
      <TagsInput
        label={t.regions}
        description={t.regionsHint}
        value={form.regions}
        error={errorAt('/regions')}
        acceptValueOnBlur
        onChange={(regions) => change({ regions: [...new Set(regions.map((region) => region.trim().toUpperCase()))] })}
      />
      <NumberInput
        label={t.minimumAge}
        description={t.minimumAgeHint}
        min={0}
        max={150}
        allowDecimal={false}
        value={form.minimumAge}
        error={form.agesByCountry.length === 0 ? errorAt('/minimumAge') : undefined}
        onChange={(value) => change({ minimumAge: typed(value) })}
      />
      <AgesByCountry {...props} />
      {(isCalifornian || form.valueOfData.method !== '') && <ValueOfData {...props} />}
    </Stack>
  );
}

function AgesByCountry({ form, change, errorAt }: StepProps) {
  const t = useText(texts);
  const rows = form.agesByCountry;
  const setRow = (n: number, part: Partial<(typeof rows)[number]>) =>
    change({ agesByCountry: rows.map((row, at) => (at === n ? { ...row, ...part } : row)) });
  return (
    <Fieldset legend={t.agesByCountry}>
      <Stack gap="sm">
        {rows.map((row, n) => (
          <Group key={n} align="end">
            <TextInput
              label={t.country}
              description={t.countryHint}
              maxLength={2}
              value={row.country}
              error={errorAt(`/minimumAge/${n}/country`)}
              onChange={(event) => setRow(n, { country: event.currentTarget.value.toUpperCase() })}
            />
            <NumberInput
              label={t.age}
              min={0}
              max={150}
              allowDecimal={false}
              value={row.age}
              error={errorAt(`/minimumAge/${n}/age`)}
              onChange={(value) => setRow(n, { age: typed(value) })}
            />
            <Button
              variant="default"
              aria-label={t.removeAsk(row.country)}
              onClick={() => change({ agesByCountry: rows.toSpliced(n, 1) })}
            >
              {t.remove}
            </Button>
          </Group>
        ))}
        <Group>
          <Button variant="default" onClick={() => change({ agesByCountry: [...rows, { country: '', age: '' }] })}>
            {t.addCountry}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}

function ValueOfData({ form, change, errorAt }: StepProps) {
  const t = useText(texts);
  const value = form.valueOfData;
  const set = (part: Partial<typeof value>) => change({ valueOfData: { ...value, ...part } });
  return (
    <Fieldset legend={t.valueOfData}>
      <Stack gap="sm">
        <Text size="sm">{t.valueOfDataHint}</Text>
        {(['method', 'inputs', 'reviewer'] as const).map((field) => (
          <TextInput
            key={field}
            label={t[field]}
            value={value[field]}
            error={errorAt(`/valueOfData/${field}`) ?? (field === 'method' ? errorAt('/valueOfData') : undefined)}
            onChange={(event) => set({ [field]: event.currentTarget.value })}
          />
        ))}
        <TextInput
          type="date"
          label={t.validUntil}
          value={value.validUntil.slice(0, 10)}
          error={errorAt('/valueOfData/validUntil')}
          onChange={(event) => set({ validUntil: event.currentTarget.value })}
        />
      </Stack>
    </Fieldset>
  );
}
