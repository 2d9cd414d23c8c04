import { Alert, Button, Container, Group, Modal, Paper, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { useText } from '../locale';
import { Preferences } from '../parts/preferences';
import { Waiting } from '../parts/waiting';
import { texts as frameTexts } from '../texts';
import { finishSignIn } from './oidc';
import { useSession } from './session';
import { texts } from './texts';
import { WaysIn } from './ways-in';

/** In place of every page while nobody is signed in; the address stays, so one comes to it afterwards. */
export function SignInPage({ isExpired = false }: { isExpired?: boolean }) {
  const t = useText(texts);
  const { product } = useText(frameTexts);
  useEffect(() => {
    document.title = `${t.title} – ${product}`;
  }, [t, product]);
  return (
    <Container component="main" size={460} py="xl">
      <Group justify="end" mb="md">
        <Preferences />
      </Group>
      <Paper withBorder p="lg">
        <Stack>
          <div>
            <Title order={1} size="h2">
              {t.title}
            </Title>
            <Text c="dimmed">{t.about}</Text>
          </div>
          {isExpired && (
            <Alert color="yellow" title={t.expired} role="status">
              {t.expiredHint}
            </Alert>
          )}
          <WaysIn />
        </Stack>
      </Paper>
    </Container>
  );
}

/** Over the page, which stays as it is underneath. */
export function SignInAgain() {
  const t = useText(texts);
  const { status, signOut } = useSession();
  const { signOut: signOutText } = useText(frameTexts);
  return (
    <Modal
      opened={status === 'expired'}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t.expired}
    >
      <Stack>
        <Text>{t.expiredHint}</Text>
        <WaysIn />
        <Button variant="subtle" onClick={() => void signOut()}>
          {signOutText}
        </Button>
      </Stack>
    </Modal>
  );
}

/** Where the issuer comes back to. */
export function Callback() {
  const t = useText(texts);
  const { signIn } = useSession();
  const [, navigate] = useLocation();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    finishSignIn().then(
      ({ token, issuer, idToken, returnTo }) => {
        signIn({ token, oidc: { issuer, idToken } });
        navigate(returnTo, { replace: true });
      },
      (reason: Error) => setError(reason),
    );
  }, [signIn, navigate]);
  if (!error) return <Waiting />;
  return (
    <Container component="main" size={460} py="xl">
      <Alert color="red" role="alert" title={t.failed}>
        <Text size="sm">{t.failedHint}</Text>
        <Text size="sm" my="xs">
          {error.message}
        </Text>
        <Button size="xs" onClick={() => navigate('/', { replace: true })}>
          {t.beginAgain}
        </Button>
      </Alert>
    </Container>
  );
}
