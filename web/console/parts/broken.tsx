import { Alert, Button, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useText } from '../locale';
import { texts } from '../texts';

interface BrokenState {
  isBroken: boolean;
}

/** A page that cannot be shown, as one whose files a new release has replaced, does not take the menu with it. */
export class Broken extends Component<{ children: ReactNode }, BrokenState> {
  override state: BrokenState = { isBroken: false };

  static getDerivedStateFromError(): BrokenState {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? <BrokenPage /> : this.props.children;
  }
}

function BrokenPage() {
  const t = useText(texts);
  return (
    <Alert color="red" role="alert" title={t.broken}>
      <Text size="sm" mb="sm">
        {t.brokenHint}
      </Text>
      <Button size="xs" onClick={() => location.reload()}>
        {t.reload}
      </Button>
    </Alert>
  );
}
