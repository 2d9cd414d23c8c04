import { Text } from '@mantine/core';
import { useText } from '../locale';
import { texts } from '../texts';
import { Page } from './page';

export function NotFound() {
  const t = useText(texts);
  return (
    <Page title={t.notFound}>
      <Text>{t.notFoundHint}</Text>
    </Page>
  );
}
