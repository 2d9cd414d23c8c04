import { Container, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Route, Router, Switch } from 'wouter';
import { ProblemError } from './api/problem';
import { LocaleProvider } from './locale';
import { Broken } from './parts/broken';
import { Fault } from './parts/fault';
import { Waiting } from './parts/waiting';
import { readCredential } from './session/credential';
import { Callback, SignInPage } from './session/sign-in-page';
import { identityOf, SessionProvider, useSession } from './session/session';
import { cssVariables, theme } from './theme';

/** The service puts it into index.html for each time that it is asked for. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
// Where the library that holds the page still behind a dialog looks for it.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the service has refused it refuses again.
      retry: (failures, error) => failures < 2 && (!(error instanceof ProblemError) || error.status >= 500),
    },
  },
});

const fetchShell = () => import('./shell');
/** Not needed by who has to sign in first; who is signed in does not wait to be recognised. */
const Shell = lazy(() => fetchShell().then((file) => ({ default: file.Shell })));
if (readCredential()) void fetchShell().catch(() => undefined); // Asked for again where it is shown, and said there.

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <LocaleProvider>
        <QueryClientProvider client={queries}>
          <SessionProvider>
            <Notifications position="bottom-right" />
            <Router base="/console">
              <Switch>
                <Route path="/callback" component={Callback} />
                <Route component={Entrance} />
              </Switch>
            </Router>
          </SessionProvider>
        </QueryClientProvider>
      </LocaleProvider>
    </MantineProvider>
  );
}

/** The page for who is signed in, the way in for who is not. */
function Entrance() {
  const { status, staff, failure, askAgain } = useSession();
  if (staff)
    return (
      <Broken>
        <Suspense fallback={<Waiting />}>
          <Shell key={identityOf(staff)} />
        </Suspense>
      </Broken>
    );
  if (status === 'asking') return <Waiting />;
  if (status === 'failed')
    return (
      <Container component="main" size={460} py="xl">
        <Fault error={failure} onRetry={askAgain} />
      </Container>
    );
  return <SignInPage isExpired={status === 'expired'} />;
}
