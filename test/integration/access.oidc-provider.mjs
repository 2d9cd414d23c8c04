/**
 * A real OpenID Connect provider as a process of its own, since it is ESM with top-level await and cannot run in Jest.
 * Whoever comes is logged in as login_hint says. By messages it can be made to rotate its key, to be away, to sign
 * anything with its key, and to tell how often it was asked for its keys.
 */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

const asked = { discovery: 0, keys: 0 };
let away = false;
let keys = [];
let handle;

const server = createServer((request, response) => {
  if (request.url.startsWith('/.well-known/')) asked.discovery += 1;
  if (request.url.startsWith('/jwks')) asked.keys += 1;
  if (away) return response.destroy();
  return handle(request, response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const client = (id) => ({
  client_id: id,
  client_secret: 'a secret of the test',
  redirect_uris: ['https://shop.example/back'],
  token_endpoint_auth_method: 'client_secret_post',
});

function provide() {
  const provider = new Provider(issuer, {
    clients: [client('shop'), client('other-shop')],
    cookies: { keys: ['a key of the test'] },
    jwks: { keys },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // An account `marketing@…` has that role.
    extraTokenClaims: (_, token) => ({ role: token.accountId.split('@')[0] }),
    pkce: { required: () => false },
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid');
      for (const resource of [oidc.params.resource].flat()) grant.addResourceScope(resource, 'use');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({ scope: 'use', audience, accessTokenFormat: 'jwt' }),
      },
    },
  });
  const serve = provider.callback();
  handle = async (request, response) => {
    if (!request.url.startsWith('/login/')) return serve(request, response);
    const { params } = await provider.interactionDetails(request, response);
    return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
  };
}

const commands = {
  async rotate() {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    // Without `alg`, so that nothing but our own list of algorithms decides.
    const jwk = { ...(await exportJWK(privateKey)), use: 'sig', kid: `key-${keys.length + 1}` };
    keys = [jwk, ...keys];
    provide();
  },
  beAway(yes) {
    away = yes;
  },
  asked: () => asked,
  async sign({ claims, header }) {
    const [{ kid, ...jwk }] = keys;
    const full = { alg: 'RS256', kid, ...header };
    const token = new SignJWT({ iss: issuer, ...claims }).setProtectedHeader(full);
    return token.sign(await importJWK(jwk, full.alg), { crit: { [header.crit?.[0]]: true } });
  },
};

await commands.rotate();
process.on('message', async ({ id, command, argument }) => {
  process.send({ id, answer: (await commands[command](argument)) ?? null });
});
process.on('disconnect', () => process.exit());
process.send({ issuer });
