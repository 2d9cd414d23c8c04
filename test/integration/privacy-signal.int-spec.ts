import { call, type Answer } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

/** As many as the general pool has: see startTestApp. */
const CONNECTIONS = 10;

let app: TestApp;
let shop: TestProgramme;
beforeAll(async () => {
  app = await startTestApp();
  shop = await app.programme();
});
afterAll(() => app.stop());

// Fails when the signal is kept over connections that readers may have emptied.
it('whoever says stop, with Sec-GPC: 1 as well, does not wait for connections that others hold', async () => {
  for (const ref of ['revokes', 'pauses', 'goes-on', 'leaves', 'page-revokes', 'page-pauses', 'page-leaves'])
    await shop.share(ref);
  const tokens = new Map<string, string>();
  for (const ref of ['page-revokes', 'page-pauses', 'page-leaves', 'goes-on'])
    tokens.set(ref, await app.tokenOf(shop.storefrontKey, ref));
  const until = '2099-01-01T00:00:00Z';
  const paused = await app.post('/v1/me/pauses', tokens.get('goes-on')!, { everything: true, until });
  const send = (method: string, path: string, key: string, body?: object) => (): Promise<Answer> =>
    call(app.url, method, `/v1${path}`, { key, headers: { 'sec-gpc': '1' }, ...(body && { body }) });
  const calls = [
    send('POST', '/revocations', shop.storefrontKey, { customerRef: 'revokes', everything: true }),
    send('POST', '/pauses', shop.storefrontKey, { customerRef: 'pauses', everything: true, until }),
    send('DELETE', '/customers/leaves', shop.storefrontKey),
    send('POST', '/me/revocations', tokens.get('page-revokes')!, { everything: true }),
    send('POST', '/me/pauses', tokens.get('page-pauses')!, { everything: true, until }),
    send('DELETE', `/me/pauses/${paused.body['id']}`, tokens.get('goes-on')!),
    send('DELETE', '/me', tokens.get('page-leaves')!),
  ];
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const holding = Array.from({ length: CONNECTIONS }, () => app.database.inProgramme(app.uuidOf(shop.id), () => held));
  try {
    const statuses: number[] = [];
    for (const one of calls) statuses.push((await one()).status);
    expect(statuses).toEqual([201, 201, 202, 201, 201, 204, 202]);
  } finally {
    letGo();
    await Promise.all(holding);
  }
});
