import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const moss: MantineColorsTuple = [
  '#e9f6f1',
  '#d3ebe2',
  '#a8d8c6',
  '#7ac3a8',
  '#55b190',
  '#3d9c7b',
  '#2f8769',
  '#1f6f5c',
  '#175746',
  '#0d3f32',
];

export const theme = createTheme({
  colors: { moss },
  primaryColor: 'moss',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  respectReducedMotion: true,
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  headings: { fontWeight: '650' },
});

/** Quiet text has the contrast that WCAG 2.2 AA asks for (4.5 : 1); Mantine's own is below it. */
export const cssVariables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': colors.gray[7],
    '--mantine-color-placeholder': colors.gray[7],
    '--mantine-color-error': colors.red[9],
    '--mantine-color-anchor': colors.moss?.[8] ?? '',
    '--mantine-color-body': '#fbfcfb',
  },
  dark: {
    '--mantine-color-dimmed': colors.dark[1],
    '--mantine-color-placeholder': colors.dark[1],
    '--mantine-color-error': colors.red[4],
    '--mantine-color-anchor': colors.moss?.[3] ?? '',
    // White on the lighter shade would not be legible, and the buttons' text is white in both schemes.
    '--mantine-primary-color-filled': colors.moss?.[7] ?? '',
    '--mantine-primary-color-filled-hover': colors.moss?.[8] ?? '',
    '--mantine-color-moss-filled': colors.moss?.[7] ?? '',
    '--mantine-color-moss-filled-hover': colors.moss?.[8] ?? '',
  },
});
