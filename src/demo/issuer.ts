import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { escaped, link, page } from './html';

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/** Who works at the programme, and may sign in without a password, as this is a demo. */
export const STAFF = [
  { id: 'mara', name: 'Mara Morgen', role: 'marketing' },
  { id: 'dario', name: 'Dario Danz', role: 'dpo' },
  { id: 'ada', name: 'Ada Adler', role: 'admin' },
] as const;
/** And who is to begin there tomorrow: to see what somebody without a role is told. */
const NEWCOMER = { id: 'nora', name: 'Nora Neu', role: undefined } as const;
const PEOPLE = [...STAFF, NEWCOMER];

const PACKAGE: string = 'oidc-provider';
const HOUR_SECONDS = 3600;

interface Interaction {
  uid: string;
}

interface Provider {
  callback(): Handle;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> };
}

interface GrantContext {
  oidc: { client: { clientId: string }; session: { accountId: string } };
}

/**
 * An OpenID Connect provider for the console, at that URL: real sign-ins, of invented people. Undefined where the package for it,
 * one of development, is not installed.
 */
export async function openIssuer(url: string, clientId: string, consoleUrl: string): Promise<Handle | undefined> {
  const provider: Provider | undefined = await quietly(async () => {
    const found = await findPackage();
    return (
      found &&
      new found.Provider(
        url,
        settings(clientId, consoleUrl, () => provider),
      )
    );
  });
  if (provider === undefined) return undefined;
  const handle = provider.callback();
  return (request, response) => {
    const at = new URL(request.url ?? '/', url);
    if (!at.pathname.startsWith('/login/')) return handle(request, response);
    const accountId = at.searchParams.get('as');
    if (accountId !== null) return provider.interactionFinished(request, response, { login: { accountId } });
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(choice(at.pathname));
    return Promise.resolve();
  };
}

type Module = { Provider: new (url: string, settings: object) => Provider };

async function findPackage(): Promise<Module | undefined> {
  try {
    return (await import(PACKAGE)) as Module;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** It warns of what matters in earnest use: that it forgets everything when it ends. */
async function quietly<T>(act: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await act();
  } finally {
    console.warn = warn;
  }
}

function settings(clientId: string, consoleUrl: string, provider: () => Provider | undefined): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [`${consoleUrl}/callback`],
        post_logout_redirect_uris: [consoleUrl],
        token_endpoint_auth_method: 'none',
      },
    ],
    clientBasedCORS: () => true,
    cookies: { keys: [clientId] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'demo' }] },
    findAccount: (_: unknown, id: string) => {
      const person = PEOPLE.find((one) => one.id === id);
      return person && { accountId: id, claims: () => ({ sub: id, role: person.role, name: person.name }) };
    },
    claims: { openid: ['sub', 'role'], profile: ['name'] },
    // The console has no use for a second request, for what the token may as well say.
    conformIdTokenClaims: false,
    interactions: { url: (_: unknown, { uid }: Interaction) => `/login/${uid}` },
    loadExistingGrant: async ({ oidc }: GrantContext) => {
      const { Grant } = provider()!;
      const grant = new Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true, logoutSource: askToSignOut } },
    renderError: showError,
    ttl: {
      AccessToken: HOUR_SECONDS,
      AuthorizationCode: 60,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      Session: HOUR_SECONDS,
      Grant: HOUR_SECONDS,
    },
  };
}

const choice = (path: string): string =>
  page(
    'en',
    'Who are you?',
    `<ul>${PEOPLE.map(({ id, name, role }) => `<li>${link(`${path}?as=${id}`, `${name} (${role ?? 'no role'})`)}</li>`).join('')}</ul>
     <p>The people of the demo have no passwords.</p>`,
  );

interface PageContext {
  type: string;
  body: string;
}

/** In place of the package's own page, which goes to others for its looks. */
function askToSignOut(context: PageContext, form: string): void {
  context.type = 'html';
  context.body = page(
    'en',
    'Sign out here as well?',
    `${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
     <button type="submit" form="op.logoutForm">Stay signed in</button>`,
  );
}

function showError(context: PageContext, error: Record<string, string>): void {
  context.type = 'html';
  context.body = page('en', 'That did not work', `<p>${escaped(Object.values(error).join(': '))}</p>`);
}
