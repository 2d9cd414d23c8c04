import { Alert, Button, Container, Group, Modal, Paper, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { ProblemError } from '../api/problem';
import { useText } from '../locale';
import { Preferences } from '../parts/preferences';
import { Waiting } from '../parts/waiting';
import { texts as frameTexts } from '../texts';
import { beginSignIn, endSession, finishSignIn, hostOf, type OidcSignIn } from './oidc';
import { useSession } from './session';
import { texts } from './texts';
import { WaysIn } from './ways-in';
import { whoHas } from './who-has';

/** In place of every page while nobody is signed in; the address stays, so one comes to it afterwards. */
export function SignInPage({ isExpired = false }: { isExpired?: boolean }) {
  const t = useText(texts);
  const { product } = useText(frameTexts);
  const { leftOpen } = useSession();
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
          {leftOpen && (
            <Alert color="yellow" title={t.leftOpen(hostOf(leftOpen))} role="status">
              {t.leftOpenHint}
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
  const { signIn } = useSession();
  const [, navigate] = useLocation();
  const [error, setError] = useState<Error>();
  const [refused, setRefused] = useState<OidcSignIn>();
  useEffect(() => {
    const enter = async () => {
      const signedIn = await finishSignIn();
      const { token, issuer, idToken, returnTo } = signedIn;
      try {
        signIn({ token, oidc: { issuer, idToken } }, await whoHas(token));
        navigate(returnTo, { replace: true });
      } catch (reason) {
        if (!isRefusal(reason)) throw reason;
        setRefused(signedIn);
      }
    };
    enter().catch(setError);
  }, [signIn, navigate]);
  if (error) return <Failed error={error} onBegin={() => navigate('/', { replace: true })} />;
  return refused ? <Refused signedIn={refused} onError={setError} /> : <Waiting />;
}

const isRefusal = (reason: unknown): boolean => reason instanceof ProblemError && [401, 403].includes(reason.status);

function Failed({ error, onBegin }: { error: Error; onBegin: () => void }) {
  const t = useText(texts);
  return (
    <Container component="main" size={460} py="xl">
      <Alert color="red" role="alert" title={t.failed}>
        <Text size="sm">{t.failedHint}</Text>
        <Text size="sm" my="xs">
          {error.message}
        </Text>
        <Button size="xs" onClick={onBegin}>
          {t.beginAgain}
        </Button>
      </Alert>
    </Container>
  );
}

/** Somebody whom the issuer knows, and the programme does not: as long as the issuer gives them no role. */
function Refused({ signedIn, onError }: { signedIn: OidcSignIn; onError: (reason: Error) => void }) {
  const t = useText(texts);
  const { issuer, idToken, returnTo } = signedIn;
  return (
    <Container component="main" size={460} py="xl">
      <Alert color="yellow" role="alert" title={t.refused}>
        <Text size="sm" mb="sm">
          {t.refusedHint(hostOf(issuer))}
        </Text>
        <Group gap="xs">
          <Button size="xs" onClick={() => void beginSignIn(issuer, returnTo).catch(onError)}>
            {t.beginAgain}
          </Button>
          <Button size="xs" variant="default" onClick={() => void endSession(issuer, idToken).catch(onError)}>
            {t.otherAccount}
          </Button>
        </Group>
      </Alert>
    </Container>
  );
}
