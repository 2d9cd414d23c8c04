import { setTimeout as sleep } from 'node:timers/promises';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { call, eventually, startService, type RunningService } from '../setup/service';

let database: TestDatabase;
let service: RunningService;
let programme: TestProgramme;
beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
  programme = await createProgramme(service);
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

const events = { accept: 'text/event-stream' };
const tokenOf = async (customerRef: string): Promise<string> =>
  (
    await call(service.url, 'POST', '/v1/customer-sessions', {
      key: programme.storefrontKey,
      body: { customerRef, locale: 'de' },
    })
  ).body['token'];
const open = (path: string, key: string): Promise<Response> =>
  fetch(service.url + path, { headers: { ...events, authorization: `Bearer ${key}` } });

/** What comes over the stream, and when it is over. */
function listen(response: Response) {
  const seen: Record<string, any>[] = [];
  const over = (async () => {
    let text = '';
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(part).toString();
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      seen.push(...whole.filter((one) => one.startsWith('data: ')).map((one) => JSON.parse(one.slice(6))));
    }
  })();
  return { seen, over };
}

describe('a revocation that is watched', () => {
  it('is seen to be blocked, erased and confirmed by one recipient after the other, and then it is over', async () => {
    await programme.share('anna');
    await programme.disclose('anna');
    await programme.disclose('anna', { purpose: 'advice', recipient: 'recommender' });
    const token = await tokenOf('anna');
    const { body } = await call(service.url, 'POST', '/v1/me/revocations', { key: token, body: { everything: true } });
    const mine = await open(`/v1/me/revocations/${body['id']}`, token);
    expect(mine.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(mine.headers.get('cache-control')).toBe('no-store');
    const [own, storefronts] = [
      listen(mine),
      listen(await open(`/v1/revocations/${body['id']}`, programme.storefrontKey)),
    ];
    await eventually(
      () => Promise.resolve(own.seen.at(-1)),
      (view) => view?.['status'] === 'erased',
    );
    for (const recipient of ['newsletter', 'recommender'] as const) {
      const key = programme.recipients[recipient].apiKey;
      const notices = await call(service.url, 'GET', '/v1/revocation-notices?status=owed', { key });
      const id = notices.body['data'][0].id as string;
      const did = { did: 'erased' };
      await call(service.url, 'POST', `/v1/revocation-notices/${id}/acknowledgement`, { key, body: did });
    }
    await Promise.all([own.over, storefronts.over]);
    const confirmed = (view: Record<string, any>): number =>
      view['recipients'].filter(({ status }: { status: string }) => status === 'acknowledged').length;
    for (const { seen } of [own, storefronts]) {
      const steps = ['blocked', 'erased', 'told', 'complete'];
      const places = seen.map(({ status }) => steps.indexOf(status as string));
      // Forward only, never the same twice, and whole to the end.
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(new Set(seen.map((view) => JSON.stringify(view))).size).toBe(seen.length);
      expect(seen.at(-1)).toMatchObject({ status: 'complete' });
      expect(confirmed(seen.at(-1)!)).toBe(2);
    }
    // What is over is told once.
    const late = await open(`/v1/me/revocations/${body['id']}`, token);
    expect(await late.text()).toMatch(/^data: \{.*"status":"complete".*\}\n\n$/);
  });

  it('is watched by nobody else', async () => {
    await programme.share('bert');
    const { body } = await programme.revoke('bert', { everything: true });
    const other = await createProgramme(service);
    expect((await open(`/v1/me/revocations/${body['id']}`, await tokenOf('anna'))).status).toBe(404);
    expect((await open(`/v1/revocations/${body['id']}`, other.storefrontKey)).status).toBe(404);
    expect((await open(`/v1/me/revocations/${body['id']}`, 'nobodys')).status).toBe(401);
  });

  it('is watched no longer than its watcher is let in: a session that was ended, a key that was revoked', async () => {
    await programme.share('dora');
    await programme.disclose('dora');
    const { body } = await programme.revoke('dora', { everything: true });
    const token = await tokenOf('dora');
    const made = { kind: 'storefront', name: 'till' };
    const till = (await call(service.url, 'POST', '/v1/keys', { key: programme.adminKey, body: made })).body;
    const streams = [
      listen(await open(`/v1/me/revocations/${body['id']}`, token)),
      listen(await open(`/v1/revocations/${body['id']}`, till['key'])),
    ];
    for (const { seen } of streams) {
      await eventually(
        () => Promise.resolve(seen.at(-1)?.['status']),
        (status) => status === 'erased',
      );
    }
    expect((await call(service.url, 'DELETE', '/v1/me/session', { key: token })).status).toBe(204);
    expect((await call(service.url, 'DELETE', `/v1/keys/${till['id']}`, { key: programme.adminKey })).status).toBe(204);
    const isOver = await Promise.all(
      streams.map(({ over }) =>
        Promise.race([
          over.then(
            () => true,
            () => true,
          ),
          sleep(10_000, false),
        ]),
      ),
    );
    expect(isOver).toEqual([true, true]);
  });

  // Fails when streams are not counted, are counted by token, or go on being counted when they are over.
  it('is watched by as many streams of one customer as are open at once, and no more', async () => {
    await programme.share('emil');
    await programme.disclose('emil');
    const { body } = await programme.revoke('emil', { everything: true });
    const path = `/v1/me/revocations/${body['id']}`;
    const tokens = [await tokenOf('emil'), await tokenOf('emil')];
    const streams = [];
    for (let n = 0; n < 10; n++) {
      const answer = await open(path, tokens[n % 2]!);
      expect(answer.status).toBe(200);
      streams.push(listen(answer).over);
    }
    const refused = await open(path, tokens[0]!);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect(await refused.json()).toMatchObject({
      type: 'urn:gegenwert:problem:too-many-requests',
      detail: expect.stringContaining('10 streams'),
    });
    // Nobody else is refused for it, and it is seen without a stream.
    expect((await call(service.url, 'GET', path, { key: tokens[0] })).status).toBe(200);
    streams.push(listen(await open(`/v1/revocations/${body['id']}`, programme.storefrontKey)).over);
    const key = programme.recipients.newsletter.apiKey;
    const { body: owed } = await call(service.url, 'GET', '/v1/revocation-notices?status=owed&limit=100', { key });
    const { id } = owed['data'].find(({ customerRef }: { customerRef: string }) => customerRef === 'emil');
    const did = { did: 'erased' };
    await call(service.url, 'POST', `/v1/revocation-notices/${id}/acknowledgement`, { key, body: did });
    await Promise.all(streams);
    expect((await open(path, tokens[0]!)).status).toBe(200);
  });

  // Fails when closeIdle is taken out: the process then waits for the connection until it is killed.
  it('does not keep the service from ending', async () => {
    await programme.share('carl');
    await programme.disclose('carl');
    const token = await tokenOf('carl');
    const { body } = await programme.revoke('carl', { everything: true });
    const { seen, over } = listen(await open(`/v1/me/revocations/${body['id']}`, token));
    await eventually(
      () => Promise.resolve(seen.length),
      (count) => count > 0,
    );
    const started = Date.now();
    await Promise.all([service.stop(), over]);
    expect(Date.now() - started).toBeLessThan(8_000);
  });
});
