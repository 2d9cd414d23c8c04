import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import type { JWTPayload } from 'jose';

export interface TokenSet {
  access_token: string;
  id_token: string;
}

export type OidcProvider = Awaited<ReturnType<typeof startOidcProvider>>;

/** A running provider, see access.oidc-provider.mjs. */
export async function startOidcProvider() {
  const child = fork(join(__dirname, 'access.oidc-provider.mjs'), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  // It warns of much that does not matter here: only to be read when it ends.
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [{ issuer }] = (await once(child, 'message')) as [{ issuer: string }];
  child.on('exit', (code) => {
    if (code !== 0) throw new Error(`The provider ended with ${code}: ${said}`);
  });
  let last = 0;
  const send = async <T>(command: string, argument?: unknown): Promise<T> => {
    last += 1;
    const id = last;
    child.send({ id, command, argument });
    for await (const [message] of on(child, 'message', { close: ['exit'] })) {
      const { id: of, answer } = message as { id: number; answer: T };
      if (of === id) return answer;
    }
    throw new Error('The provider ended before it answered');
  };
  return {
    issuer,
    rotate: () => send<null>('rotate'),
    beAway: (yes: boolean) => send<null>('beAway', yes),
    asked: () => send<{ discovery: number; keys: number }>('asked'),
    /** Whatever one likes, signed with the provider's key. */
    sign: (claims: JWTPayload, header: object = {}) => send<string>('sign', { claims, header }),
    /** Logs an account in at a client and gets its tokens, as a browser and a shop would (authorization code). */
    logIn: (account: string, resource: string, client = 'shop') => logIn(issuer, account, resource, client),
    async stop(): Promise<void> {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

async function logIn(issuer: string, account: string, resource: string, client: string): Promise<TokenSet> {
  const redirectUri = 'https://shop.example/back';
  const cookies = new Map<string, string>();
  let at = new URL(`${issuer}/auth`);
  at.search = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    scope: 'openid use',
    redirect_uri: redirectUri,
    login_hint: account,
    resource,
  }).toString();
  while (!at.href.startsWith(redirectUri)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`The provider answered ${response.status}: ${await response.text()}`);
    at = new URL(location, at);
  }
  const code = at.searchParams.get('code');
  if (code === null) throw new Error(`The provider refused: ${at.search}`);
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: client,
      client_secret: 'a secret of the test',
      resource,
    }),
  });
  if (!response.ok) throw new Error(`The provider gave no token: ${await response.text()}`);
  return (await response.json()) as TokenSet;
}
