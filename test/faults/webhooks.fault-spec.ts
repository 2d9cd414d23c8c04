import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brokenInvariants } from '../setup/invariants';
import { answers, startReceiver, verified, type Receiver } from '../setup/receiver';
import { call, eventually } from '../setup/service';
import { describeOnEachBackend, killWorker, startBench, type FaultBench } from './fault-bench';

/**
 * Whoever is told may be down, slow, rude or forgetful, and so may the worker and the queue: every message arrives at least
 * once, as the same message, and nobody waits for anybody else.
 */

jest.setTimeout(120_000);

describeOnEachBackend('webhooks', (backend) => {
  /** What passes no queue is tried on one backend. */
  const onOne = backend === 'PostgreSQL' ? it : it.skip;
  let bench: FaultBench;
  let receiver: Receiver;
  let paths = 0;

  beforeAll(async () => {
    [bench, receiver] = [await startBench({ backend, env: { METRICS_PORT: '0' } }), await startReceiver()];
  });
  afterAll(async () => {
    await bench.stop();
    await receiver.stop();
  });
  beforeEach(async () => {
    if (bench.service.worker === undefined) await bench.service.startWorker();
  });
  afterEach(invariantsHold);

  async function invariantsHold(): Promise<void> {
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  }

  const storefront = (method: string, path: string, body?: unknown) =>
    call(bench.service.url, method, `/v1${path}`, { key: bench.programme.storefrontKey, body });
  const admin = (method: string, path: string, body?: unknown) =>
    call(bench.service.url, method, `/v1${path}`, { key: bench.programme.adminKey, body });
  const ping = async (id: string) => (await storefront('POST', `/webhooks/${id}/test`)).body as Record<string, any>;
  const delivery = async (id: string) => (await admin('GET', `/webhook-deliveries/${id}`)).body;
  const until = (id: string, wanted: (one: Record<string, any>) => boolean, timeoutMs = 20_000) =>
    eventually(() => delivery(id), wanted, timeoutMs);
  const delivered = (id: string) => until(id, ({ status }) => status === 'delivered');
  const attempted = (id: string, times: number) => until(id, ({ attempts }) => attempts.length === times);

  async function endpoint(path = `/hook-${(paths += 1)}`): Promise<{ id: string; secret: string; path: string }> {
    const wanted = { url: receiver.url(path), events: ['share.accepted'] };
    const { body } = await storefront('POST', '/webhooks', wanted);
    return { id: body['id'], secret: body['secret'], path };
  }
  /** So many more messages for an endpoint, all due. */
  const owe = (path: string, count: number) =>
    bench.sql(
      `INSERT INTO webhook_deliveries (programme_id, id, endpoint_id, event_id, type, ids, data, give_up_at, next_attempt_at)
         SELECT w.programme_id, new_id(), w.id, new_id(), 'share.accepted', '{}', '{}', now() + interval '84 hours', now()
           FROM webhook_endpoints w, generate_series(1, $2) WHERE w.url = $1`,
      [receiver.url(path), count],
    );
  /** As if so much time had gone by that what waits is due. */
  const letTimePass = () =>
    bench.sql(
      `UPDATE webhook_deliveries SET created_at = created_at - (next_attempt_at - now()), give_up_at = give_up_at - (next_attempt_at - now()),
              next_attempt_at = now() WHERE status = 'pending' AND next_attempt_at BETWEEN now() AND now() + interval '10 days'`,
    );
  const metric = async (name: string): Promise<number> => {
    const page = await fetch(`http://127.0.0.1:${String(bench.service.worker!.ready['metricsPort'])}/metrics`);
    return Number(new RegExp(`^${name} (.+)$`, 'm').exec(await page.text())?.[1]);
  };

  it('go out some tens of milliseconds after the event', async () => {
    const { id, path, secret } = await endpoint();
    await delivered((await ping(id))['id']);
    const took: number[] = [];
    for (let n = 0; n < 20; n++) {
      const before = receiver.at(path).length;
      const started = performance.now();
      await ping(id);
      while (receiver.at(path).length === before) await sleep(1);
      took.push(performance.now() - started);
    }
    took.sort((a, b) => a - b);
    // Without the bell it is the second that the sweep takes.
    expect(took[10]).toBeLessThan(200);
    expect(receiver.at(path).map((one) => verified(one, secret).type)).toEqual(Array(21).fill('ping'));
  });

  describe('for a recipient that is down', () => {
    let recipient: { apiKey: string; webhookSecret: string };
    let offer: { id: string; version: number; noticeHash: string };
    beforeAll(async () => {
      const wanted = { key: 'mailer', name: 'Mailer', purposes: ['greeting'], webhookUrl: receiver.url('/mailer') };
      recipient = (await admin('POST', '/recipients', wanted)).body as typeof recipient;
      offer = await bench.programme.publish({});
    });

    async function revokedWhileDown(customerRef: string): Promise<{ revocation: string; delivery: string }> {
      receiver.behave('/mailer', answers(503));
      await bench.programme.share(customerRef, { offer });
      const read = { customerRef, purpose: 'greeting', attributes: ['birthday'], reason: 'test' };
      const key = recipient.apiKey;
      expect((await call(bench.service.url, 'POST', '/v1/disclosures', { key, body: read })).status).toBe(200);
      const { body } = await bench.programme.revoke(customerRef, { everything: true });
      const [own] = (await call(bench.service.url, 'GET', '/v1/webhooks', { key })).body['data'];
      const list = () => call(bench.service.url, 'GET', `/v1/webhooks/${own.id}/deliveries?limit=1`, { key });
      const [first] = (await eventually(list, (answer) => answer.body['data'].length > 0)).body['data'];
      return { revocation: body['id'], delivery: first.id };
    }
    const status = async (id: string) => (await storefront('GET', `/revocations/${id}`)).body['status'] as string;

    onOne('for two days, go on being tried, and then tell it', async () => {
      const { revocation, delivery: id } = await revokedWhileDown('anna');
      for (let tries = 1; tries <= 8; tries++) {
        await attempted(id, tries);
        expect(await status(revocation)).not.toBe('told');
        if (tries === 8) receiver.behave('/mailer', answers(200));
        await letTimePass();
      }
      expect(await delivered(id)).toMatchObject({ attempts: { length: 9 } });
      await eventually(
        () => status(revocation),
        (now) => now === 'told',
      );
      const sent = receiver.at('/mailer');
      expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      for (const one of sent)
        expect(verified(one, recipient.webhookSecret)).toMatchObject({
          type: 'consent.revoked',
          sequence: 1,
          data: { customerRef: 'anna' },
        });
    });

    onOne('for more than three days, are given up for all to see, and told when somebody asks for it', async () => {
      const { revocation, delivery: id } = await revokedWhileDown('bert');
      for (let tries = 1; tries <= 10; tries++) {
        await attempted(id, tries);
        await letTimePass();
      }
      const [age] = await bench.sql<{ hours: number }>(
        `SELECT extract(epoch FROM ended_at - created_at) / 3600 AS hours FROM webhook_deliveries WHERE status = 'failed'`,
      );
      expect(Number(age?.hours)).toBeGreaterThan(72);
      expect(Number(age?.hours)).toBeLessThan(84);
      expect(await delivery(id)).toMatchObject({ status: 'failed' });
      expect(await metric('gegenwert_webhooks_failed_total')).toBe(1);
      expect(await status(revocation)).toBe('erased');
      receiver.behave('/mailer', answers(200));
      expect((await admin('POST', `/webhook-deliveries/${id}/redelivery`)).status).toBe(201);
      await delivered(id);
      await eventually(
        () => status(revocation),
        (now) => now === 'told',
      );
    });
  });

  // Fails when attempts that take long keep their place among the quick ones, or when an endpoint may have as many as it likes.
  onOne('of one endpoint wait for no other, however many others hang, drip or refuse', async () => {
    const hanging = await Promise.all(Array.from({ length: 12 }, () => endpoint()));
    const open: (() => void)[] = [];
    for (const { path } of hanging) {
      receiver.behave(path, (response, _, socket) => {
        // Neither an answer nor silence: a byte of a head that never ends.
        socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
        const drip = setInterval(() => socket.write('a'), 200);
        socket.on('close', () => clearInterval(drip));
        open.push(() => response.destroy());
      });
      await owe(path, 40);
    }
    await eventually(
      async () => receiver.received.filter(({ path }) => hanging.some((one) => one.path === path)).length,
      (count) => count >= 128,
    );
    for (const { path } of hanging) expect(receiver.at(path).length).toBeLessThanOrEqual(20);
    const good = await endpoint();
    const started = performance.now();
    for (let n = 0; n < 5; n++) await delivered((await ping(good.id))['id']);
    expect(performance.now() - started).toBeLessThan(5_000);
    await Promise.all(hanging.map(({ id }) => storefront('DELETE', `/webhooks/${id}`)));
    for (const close of open) close();
  });

  onOne('reach one that works now and then', async () => {
    const { id, path, secret } = await endpoint();
    let turn = 0;
    receiver.behave(path, (response) => void response.writeHead((turn += 1) % 2 === 0 ? 204 : 500).end());
    const pings = [];
    for (let n = 0; n < 6; n++) pings.push((await ping(id))['id'] as string);
    for (const one of pings) {
      await eventually(
        async () => {
          await letTimePass();
          return delivery(one);
        },
        ({ status }) => status === 'delivered',
        30_000,
      );
    }
    const messages = receiver.at(path).map((one) => verified(one, secret));
    expect(new Set(messages.map(({ sequence }) => sequence))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  });

  onOne('are sent again when the connection was cut before the answer', async () => {
    const { id, path } = await endpoint();
    receiver.behave(path, (_, __, socket) => void socket.destroy());
    const { id: one } = await ping(id);
    expect((await attempted(one, 1))['attempts']).toMatchObject([{ fault: 'no-answer' }]);
    receiver.behave(path, answers(204));
    await letTimePass();
    await delivered(one);
    const [first, second] = receiver.at(path);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });

  // A server that counts no requests: it says what it is told to whenever something comes in.
  onOne.each([0, 20])(
    'take no answer to one for the answer to another, where the next comes unasked after %d ms',
    async (late) => {
      const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
      let answersTwice = true;
      const rude = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', () => {
          socket.write(answersTwice ? OK : OK.replace('200 OK', '500 No'));
          if (answersTwice && late > 0) setTimeout(() => socket.write(OK), late);
          else if (answersTwice) socket.write(OK);
        });
      });
      await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}/`;
      const { body } = await storefront('POST', '/webhooks', { url, events: ['share.accepted'] });
      for (let round = 0; round < 3; round++) {
        answersTwice = true;
        expect(await delivered((await ping(body['id']))['id'])).toMatchObject({ attempts: [{ status: 200 }] });
        await sleep(50);
        answersTwice = false;
        const { id: next } = await ping(body['id']);
        expect(await attempted(next, 1)).toMatchObject({ status: 'pending', attempts: [{ status: 500 }] });
      }
      await storefront('DELETE', `/webhooks/${body['id']}`);
      rude.close();
    },
  );

  it('are sent by another worker when theirs was killed before the answer', async () => {
    const { id, path } = await endpoint();
    receiver.behave(path, () => undefined);
    const { id: one } = await ping(id);
    await eventually(
      async () => receiver.at(path).length,
      (count) => count === 1,
    );
    await killWorker(bench.service);
    receiver.behave(path, answers(204));
    await bench.service.startWorker();
    await sleep(1_500);
    // It is on lease to the dead one, who might still be heard from.
    expect(await delivery(one)).toMatchObject({ status: 'pending', attempts: [] });
    await letTimePass();
    await delivered(one);
    expect(new Set(receiver.at(path).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(receiver.at(path)).toHaveLength(2);
  });

  onOne('are given back by a worker that ends, and sent at once by the next', async () => {
    const { id, path } = await endpoint();
    receiver.behave(path, () => undefined);
    await owe(path, 30);
    await eventually(
      async () => receiver.at(path).length,
      (count) => count >= 1,
    );
    await bench.service.worker!.stop();
    receiver.behave(path, answers(204));
    const started = performance.now();
    await bench.service.startWorker();
    await eventually(
      async () => (await admin('GET', `/webhooks/${id}/deliveries?status=delivered`)).body['data'] as object[],
      ({ length }) => length === 30,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
    const { body } = await admin('GET', `/webhooks/${id}/deliveries`);
    expect(body['data'].every(({ attempts }: { attempts: object[] }) => attempts.length === 1)).toBe(true);
  });

  it('do not need the queue', async () => {
    const { id } = await endpoint();
    await bench.service.worker!.stop();
    const { id: one } = await ping(id);
    if (bench.redis === undefined) {
      const tables = await bench.sql<{ name: string }>(
        `SELECT format('queue.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'queue' AND tablename <> 'migration'`,
      );
      await bench.sql(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
    } else {
      await bench.redis.stop();
    }
    await bench.service.startWorker();
    await delivered(one);
  });
});
