import { Button, Group, Text } from '@mantine/core';
import { useText } from '../../../locale';
import { STEPS, type Step } from '../offer-faults';
import { texts } from '../texts';

interface StepsNavProps {
  step: Step;
  /** How much is to be corrected in each; of those without anything, nothing. */
  faults: Partial<Record<Step, number>>;
  onGo: (step: Step) => void;
}

/** Every step is open at any time: nobody has to finish one to look at another. */
export function StepsNav({ step, faults, onGo }: StepsNavProps) {
  const t = useText(texts);
  return (
    <nav aria-label={t.stepsLabel}>
      <Group component="ol" gap={6} p={0} mb="md" className="plain-list">
        {STEPS.map((name, n) => (
          <li key={name}>
            <Button
              size="xs"
              variant={name === step ? 'filled' : 'default'}
              aria-current={name === step ? 'step' : undefined}
              onClick={() => onGo(name)}
            >
              {n + 1}. {t.steps[name]}
              {faults[name] ? (
                <Text span size="xs" fw={700} ml={6}>
                  ({t.stepFaults(faults[name])})
                </Text>
              ) : null}
            </Button>
          </li>
        ))}
      </Group>
    </nav>
  );
}
