import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { answer, createApi, type Api, type Schemas } from '../api/client';
import { forgetCredential, keepCredential, readCredential, type Credential } from './credential';
import { endSession, type Issuer } from './oidc';

export type Staff = Schemas['StaffMeDto'];
export type Role = Staff['role'];

export interface Session {
  api: Api;
  /** Undefined as long as nobody is signed in, or the service has not said yet who it is. */
  staff: Staff | undefined;
  status: 'signed-out' | 'asking' | 'failed' | 'signed-in' | 'expired';
  /** Why the service does not say who is signed in: with status `failed`. */
  failure: Error | null;
  /** Where who has signed out here is signed in still, as that could not be ended from here. */
  leftOpen: Issuer | undefined;
  /** `as`: who that is, where it is known already. */
  signIn: (credential: Credential, as?: Staff) => void;
  signOut: () => Promise<void>;
  askAgain: () => void;
}

/** One person in one role in one programme. */
export const identityOf = ({ programme, role, name }: Staff): string => JSON.stringify([programme.id, role, name]);

const SessionContext = createContext<Session | null>(null);

/** Who is signed in. An expired sign-in leaves the page as it is, with all that was typed, until it is renewed. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [credential, setCredential] = useState(readCredential);
  const [isExpired, setExpired] = useState(false);
  const [leftOpen, setLeftOpen] = useState<Issuer>();
  const current = useRef(credential);
  current.current = credential;
  const seen = useRef<Staff>(undefined);

  const api = useMemo(
    () =>
      createApi({
        token: () => current.current?.token,
        // An answer to a call with the token before does not speak of the one in use.
        onUnauthorized: (token) => token === current.current?.token && setExpired(true),
      }),
    [],
  );
  const me = useQuery({
    queryKey: ['staff', 'me', credential?.token],
    queryFn: () => answer(api.GET('/v1/staff/me')),
    enabled: credential !== undefined && !isExpired,
    placeholderData: (before) => before,
    staleTime: Infinity,
  });

  const signIn = useCallback(
    (next: Credential, as?: Staff) => {
      keepCredential(next);
      current.current = next;
      setCredential(next);
      setExpired(false);
      setLeftOpen(undefined);
      // Nobody sees what another person's page had asked for.
      if (as && seen.current && identityOf(as) !== identityOf(seen.current)) queries.clear();
      if (as) queries.setQueryData(['staff', 'me', next.token], as);
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'staff' });
    },
    [queries],
  );
  const signOut = useCallback(async () => {
    const oidc = current.current?.oidc;
    forgetCredential();
    current.current = undefined;
    setCredential(undefined);
    setExpired(false);
    queries.clear();
    if (oidc) await endSession(oidc.issuer, oidc.idToken).catch(() => setLeftOpen(oidc.issuer));
  }, [queries]);

  const staff = credential && me.data;
  seen.current = staff;
  const session = useMemo<Session>(
    () => ({
      api,
      staff,
      status: !credential ? 'signed-out' : isExpired ? 'expired' : staff ? 'signed-in' : me.error ? 'failed' : 'asking',
      failure: me.error,
      leftOpen,
      signIn,
      signOut,
      askAgain: () => void me.refetch(),
    }),
    [api, staff, credential, isExpired, leftOpen, me, signIn, signOut],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('There is no SessionProvider around this');
  return session;
}

/** The API, as the person who is signed in. */
export const useApi = (): Api => useSession().api;

/** The person who is signed in: of pages, which are there for nobody else. */
export function useStaff(): Staff {
  const { staff } = useSession();
  if (!staff) throw new Error('A page is shown to nobody');
  return staff;
}
