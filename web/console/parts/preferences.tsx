import { ActionIcon, Group, SegmentedControl, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { LOCALES, useLocale, useText, type Locale } from '../locale';
import { texts } from '../texts';

/** The language of the page, and dark or light. */
export function Preferences() {
  const t = useText(texts);
  const { locale, setLocale } = useLocale();
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  return (
    <Group gap="xs" wrap="nowrap">
      <SegmentedControl
        size="xs"
        aria-label={t.language}
        data={LOCALES.map((value) => ({ value, label: value.toUpperCase() }))}
        value={locale}
        onChange={(value) => setLocale(value as Locale)}
      />
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={isDark ? t.toLight : t.toDark}
        onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
      >
        <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden fill="currentColor">
          <path d={isDark ? SUN : MOON} />
        </svg>
      </ActionIcon>
    </Group>
  );
}

const SUN =
  'M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM11 1h2v4h-2V1Zm0 18h2v4h-2v-4ZM1 11h4v2H1v-2Zm18 0h4v2h-4v-2ZM4.2 5.6l1.4-1.4 2.9 2.8-1.5 1.5-2.8-2.9Zm11.3 11.3 1.5-1.4 2.8 2.8-1.4 1.5-2.9-2.9ZM4.2 18.4 7 15.5l1.5 1.5-2.9 2.8-1.4-1.4ZM15.5 7l2.9-2.8 1.4 1.4L17 8.5 15.5 7Z';
const MOON = 'M20.6 15.2A9 9 0 0 1 8.8 3.4a9 9 0 1 0 11.8 11.8Z';
