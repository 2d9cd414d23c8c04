import type { User, UserManager } from 'oidc-client-ts';
import { tabMemory } from '../../shared/memory';

/** An OpenID Connect issuer of the programme's staff, and the console's public client there. */
export interface Issuer {
  issuer: string;
  clientId: string;
  /** Of the tokens that the service takes from it. */
  audience: string;
}

export interface OidcSignIn {
  /** What the service is called with. */
  token: string;
  issuer: Issuer;
  /** For the issuer, to end its own session at sign-out. */
  idToken: string | undefined;
  /** Where in the console it began. */
  returnTo: string;
}

const PENDING = 'gegenwert.console.issuer';
const CONSOLE = `${location.origin}/console`;

/** Authorization code with PKCE; nothing of it outlasts the tab. Fetched for who goes to an issuer: a page does not wait for it. */
async function managerOf({ issuer, clientId, audience }: Issuer): Promise<UserManager> {
  const { InMemoryWebStorage, UserManager: Manager, WebStorageStateStore } = await import('oidc-client-ts');
  // RFC 8707 wants it in both requests: of the code, and of the token.
  const forService = audience !== clientId && { resource: audience, extraTokenParams: { resource: audience } };
  return new Manager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: `${CONSOLE}/callback`,
    post_logout_redirect_uri: CONSOLE,
    response_type: 'code',
    scope: 'openid profile',
    ...forService,
    automaticSilentRenew: false,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
  });
}

/** The browser lets the page store nothing: whoever comes back from an issuer would not be known to have left. */
export class NothingKept extends Error {
  override readonly name = 'NothingKept';
}

/** Leaves for the issuer, which comes back to `/console/callback`. @throws NothingKept */
export async function beginSignIn(issuer: Issuer, returnTo: string): Promise<void> {
  if (!tabMemory.keep(PENDING, JSON.stringify(issuer))) throw new NothingKept();
  const manager = await managerOf(issuer);
  await manager.signinRedirect({ state: { returnTo } });
}

let finishing: Promise<OidcSignIn> | undefined;

/** Once for each time that the issuer came back: its code is good for one use, and React may ask twice. */
export const finishSignIn = (): Promise<OidcSignIn> => (finishing ??= finish());

async function finish(): Promise<OidcSignIn> {
  const pending = tabMemory.read(PENDING);
  if (!pending) throw new Error('No sign-in was begun in this tab');
  const issuer = JSON.parse(pending) as Issuer;
  const manager = await managerOf(issuer);
  const user = await manager.signinRedirectCallback();
  tabMemory.forget(PENDING);
  const { returnTo } = user.state as { returnTo: string };
  return { token: tokenOf(user, issuer.audience), issuer, idToken: user.id_token, returnTo };
}

/** The access token where it is meant for the service, else the ID token, which is meant for this client. */
const tokenOf = ({ access_token, id_token }: User, audience: string): string =>
  id_token === undefined || audienceOf(access_token) === audience ? access_token : id_token;

/** Of a JWT that has one; of an opaque token, none. */
function audienceOf(token: string): unknown {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const { aud } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { aud?: unknown };
    return Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  } catch {
    return undefined; // Opaque after all, with a point in it.
  }
}

/**
 * Leaves for the issuer, whose own session would else let the next person at this computer in.
 *
 * @throws when the issuer cannot be reached, or ends no session at the request of others.
 */
export async function endSession(issuer: Issuer, idToken: string | undefined): Promise<void> {
  const manager = await managerOf(issuer);
  await manager.signoutRedirect({ id_token_hint: idToken });
}

/** As people call it. */
export const hostOf = ({ issuer }: Issuer): string => new URL(issuer).host;
