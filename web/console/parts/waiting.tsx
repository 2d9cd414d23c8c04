import { Center, Loader } from '@mantine/core';
import { useText } from '../locale';
import { texts } from '../texts';

/** Something is on its way; said to a screen reader as well. */
export function Waiting() {
  const { loading } = useText(texts);
  return (
    <Center py="xl" role="status" aria-live="polite">
      <Loader aria-hidden />
      <span className="spoken-only">{loading}</span>
    </Center>
  );
}
