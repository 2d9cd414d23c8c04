import { tabMemory } from '../shared/memory';
import { ProblemError } from '../shared/problem';
import { Api } from './api';
import type { OpenSession, Session } from './types';

export type Entry = OpenSession | 'none' | 'link-used' | 'link-expired' | 'failed';

const KEPT = 'gegenwert-session';

/** The code of the link by which the page was opened; it leaves the address, the history and so the tab's memory of it. */
export function takeLink(): string | undefined {
  const link = new URLSearchParams(location.hash.slice(1)).get('link') ?? undefined;
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  return link;
}

/** A link that could not be tried: it has gone from the address, and is good still. */
let untried: string | undefined;

/** Opens a session by a link, or goes on with the one of this tab. */
export async function enter(link: string | undefined): Promise<Entry> {
  if (link !== undefined) {
    const found = await exchange(link);
    untried = found === 'failed' ? link : undefined;
    return found;
  }
  const session = kept();
  if (!session) return 'none';
  try {
    const found = await apiOf(session.token).get<Session>('/v1/me/session');
    return { ...session, ...found, locale: session.locale };
  } catch (error) {
    // Without a network the page says how it was, and finds out later.
    if (!(error instanceof ProblemError)) return session;
    if (error.status !== 401) return 'failed';
    forget();
    return 'none';
  }
}

/** Once more as it failed before. */
export const enterAgain = (): Promise<Entry> => enter(untried);

async function exchange(link: string): Promise<Entry> {
  try {
    const session = await new Api('', undefined, '').change<OpenSession>('POST', '/v1/me/session', { body: { link } });
    keep(session);
    return session;
  } catch (error) {
    if (!(error instanceof ProblemError)) return 'failed';
    if (error.status === 410) return error.type === 'link-expired' ? 'link-expired' : 'link-used';
    return error.status < 500 && error.status !== 429 ? 'link-expired' : 'failed';
  }
}

/** In this tab, until it is closed; a reload finds it again. */
export function keep(session: OpenSession): void {
  tabMemory.keep(KEPT, JSON.stringify(session));
}

/** Ends the session at the service too: the token opens nothing any more. */
export async function leave(session: OpenSession): Promise<void> {
  forget();
  await apiOf(session.token)
    .change('DELETE', '/v1/me/session')
    .catch((error: unknown) => {
      // Away or over already: either way this tab has forgotten it, and it ends by itself within minutes.
      console.warn('The session could not be ended at the service.', error);
    });
}

export function forget(): void {
  tabMemory.forget(KEPT);
}

function kept(): OpenSession | undefined {
  const text = tabMemory.read(KEPT);
  return text === undefined ? undefined : (JSON.parse(text) as OpenSession);
}

const apiOf = (token: string): Api => new Api('', token, '');
