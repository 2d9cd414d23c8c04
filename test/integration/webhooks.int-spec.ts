import { setTimeout as sleep } from 'node:timers/promises';
import { parsePublicId } from '../../src/platform/ids';
import { createLogger } from '../../src/platform/logging';
import { Outbound } from '../../src/platform/outbound';
import { noteTold } from '../../src/revocation/core';
import { announce, Deliverer } from '../../src/webhooks/core';
import { brokenInvariants } from '../setup/invariants';
import { answers, startReceiver, verified, type Receiver } from '../setup/receiver';
import { call, eventually } from '../setup/service';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

let app: TestApp;
let shop: TestProgramme;
let receiver: Receiver;
let deliverer: Deliverer;
beforeAll(async () => {
  [app, receiver] = [await startTestApp(), await startReceiver()];
  shop = await app.programme({ perCustomer: { times: 2, everyDays: 1 } });
  deliverer = new Deliverer({
    database: app.database,
    keyRing: app.keyRing,
    outbound: new Outbound({ allowLoopback: true, keepAlive: true }),
    onDelivered: {
      'consent.revoked': (tx, ids) =>
        noteTold(
          tx,
          ids.map(({ noticeId }) => noticeId![1]),
        ),
    },
    logger: createLogger('warn', 'test'),
  });
});
afterAll(async () => {
  await deliverer.close();
  await receiver.stop();
  await app.stop();
});

const newDeliverer = (): Deliverer =>
  new Deliverer({
    database: app.database,
    keyRing: app.keyRing,
    outbound: new Outbound({ allowLoopback: true, keepAlive: true }),
    onDelivered: {
      'consent.revoked': (tx, ids) =>
        noteTold(
          tx,
          ids.map(({ noticeId }) => noticeId![1]),
        ),
    },
    logger: createLogger('warn', 'test'),
  });
const admin = (method: string, path: string, body?: unknown) =>
  call(app.url, method, `/v1${path}`, { key: shop.adminKey, body });
const storefront = (method: string, path: string, body?: unknown) =>
  call(app.url, method, `/v1${path}`, { key: shop.storefrontKey, body });
const problem = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}` } });

let paths = 0;
/** An endpoint of the programme's own on a path of its own. */
async function endpoint(events: string[]): Promise<{ id: string; secret: string; path: string }> {
  const path = `/hook-${(paths += 1)}`;
  const { status, body } = await storefront('POST', '/webhooks', { url: receiver.url(path), events });
  expect(status).toBe(201);
  return { id: body['id'], secret: body['secret'], path };
}
/** So many messages for the endpoint on a path, all at once. */
const announceMany = (path: string, many: number) =>
  app.owner.query(
    `INSERT INTO webhook_deliveries (programme_id, id, endpoint_id, event_id, type, ids, data, give_up_at, next_attempt_at)
       SELECT w.programme_id, new_id(), w.id, new_id(), 'share.accepted', '{}', jsonb_build_object('n', n), 'infinity', now()
         FROM webhook_endpoints w, generate_series(1, $1) n WHERE w.url = $2`,
    [many, receiver.url(path)],
  );
const settled = (id: string) =>
  eventually(
    async () => {
      await deliverer.sweep();
      return (await admin('GET', `/webhooks/${id}/deliveries`)).body['data'] as Record<string, any>[];
    },
    (all) => all.length > 0 && all.every(({ status }) => status !== 'pending'),
  );

describe('webhooks', () => {
  it('tell of shares, awards and redemptions, signed, in order, with ids and no value', async () => {
    const { id, secret, path } = await endpoint(['share.accepted', 'award.granted', 'redemption.captured']);
    const { body: share } = await shop.share('anna', { values: { birthday: 'geheim' } });
    await shop.share('anna');
    await app.grant(shop.id);
    const { body: redemption } = await storefront('POST', '/redemptions', {
      customerRef: 'anna',
      points: 50,
      orderRef: 'order-1',
      capture: true,
    });
    const log = await settled(id);
    expect(log.map(({ type, sequence, status }) => [sequence, type, status]).sort()).toEqual([
      [1, 'share.accepted', 'delivered'],
      [2, 'share.accepted', 'delivered'],
      [3, 'award.granted', 'delivered'],
      [4, 'award.granted', 'delivered'],
      [5, 'redemption.captured', 'delivered'],
    ]);
    const messages = receiver.at(path).map((one) => verified(one, secret));
    expect(messages.map(({ sequence }) => sequence).sort()).toEqual([1, 2, 3, 4, 5]);
    const of = (type: string, shareId: string) =>
      messages.find((one) => one.type === type && one.data['shareId'] === shareId);
    expect(of('share.accepted', share['id'])).toEqual({
      type: 'share.accepted',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      sequence: expect.any(Number),
      data: { shareId: share['id'], offerId: shop.offer.id, customerRef: 'anna' },
    });
    const ids = { awardId: share['award'].id, shareId: share['id'] };
    expect(of('award.granted', share['id'])?.data).toEqual({ ...ids, customerRef: 'anna', reward: 'points' });
    expect(messages.find(({ sequence }) => sequence === 5)?.data).toEqual({
      redemptionId: redemption['id'],
      customerRef: 'anna',
      orderRef: 'order-1',
    });
    const sent = receiver.at(path).map(({ headers }) => headers['webhook-id']);
    expect(sent.sort()).toEqual(log.map(({ eventId }) => eventId as string).sort());
    expect(JSON.stringify(receiver.received)).not.toContain('geheim');
  });

  // Fails when sending goes on whatever is written down: beyond what can wait, outcomes are lost, and all of it is sent again.
  it('are not sent further ahead of their being written down than can wait for it', async () => {
    const many = 1_500;
    const { path } = await endpoint(['share.accepted']);
    await announceMany(path, many);
    const came = () => Promise.resolve(receiver.at(path).length);
    await app.owner.query('BEGIN; LOCK TABLE webhook_attempts IN EXCLUSIVE MODE');
    await deliverer.sweep();
    await eventually(came, (count) => count >= 1_000);
    await sleep(1_000);
    const ahead = await came();
    await app.owner.query('COMMIT');
    expect(ahead).toBeLessThan(1_100);
    const pending = async () =>
      (await app.owner.query(`SELECT FROM webhook_deliveries WHERE status = 'pending'`)).rows.length;
    await eventually(pending, (count) => count === 0);
    expect(await came()).toBe(many);
  });

  it('tell of a share that earned nothing, and of a code', async () => {
    const { id, secret, path } = await endpoint(['share.accepted', 'award.granted']);
    const discount = { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } };
    const offer = await shop.publish({ reward: discount });
    const { body: first } = await shop.share('carl', { offer });
    const { body: again } = await shop.share('carl', { offer });
    expect(again['award']).toMatchObject({ status: 'none', why: 'cool-off' });
    await app.grant(shop.id);
    await settled(id);
    const messages = receiver.at(path).map((one) => verified(one, secret));
    expect(messages.map(({ type, data }) => [type, data['shareId'], data['reward']]).sort()).toEqual(
      [
        ['award.granted', first['id'], 'discount'],
        ['share.accepted', first['id'], undefined],
        ['share.accepted', again['id'], undefined],
      ].sort(),
    );
    expect(await app.owner.query('SELECT FROM outbox')).toMatchObject({ rowCount: 0 });
  });

  describe('of recipients', () => {
    let mailer: { id: string; apiKey: string; webhookSecret: string };
    let offer: TestProgramme['offer'];
    beforeAll(async () => {
      const wanted = { key: 'mailer', name: 'Mailer', purposes: ['greeting'], webhookUrl: receiver.url('/mailer') };
      mailer = (await admin('POST', '/recipients', wanted)).body as typeof mailer;
      offer = await shop.publish({ perCustomer: { times: 10, everyDays: 1 } });
    });
    const recipient = (method: string, path: string, body?: unknown) =>
      call(app.url, method, `/v1${path}`, { key: mailer.apiKey, body });
    const disclose = (customerRef: string) =>
      recipient('POST', '/disclosures', { customerRef, purpose: 'greeting', attributes: ['birthday'], reason: 'test' });
    const told = (type: string) =>
      receiver.at('/mailer').flatMap((one) => {
        const message = verified(one, mailer.webhookSecret);
        return message.type === type ? message : [];
      });
    const own = async () => (await recipient('GET', '/webhooks')).body['data'][0] as Record<string, any>;

    it('say who has to stop with what, and count as told, not as confirmed', async () => {
      const share = await shop.share('dora', { offer });
      expect((await disclose('dora')).status).toBe(200);
      const revoked = await shop.revoke('dora', { share: share.body['id'] });
      const { id } = await own();
      await settled(id);
      const { body: notices } = await recipient('GET', '/revocation-notices?status=owed&limit=100');
      const notice = notices['data'].find((one: { customerRef: string }) => one.customerRef === 'dora');
      expect(told('consent.revoked').filter(({ data }) => data['customerRef'] === 'dora')).toEqual([
        {
          type: 'consent.revoked',
          timestamp: expect.any(String),
          sequence: expect.any(Number),
          data: {
            noticeId: notice.id,
            revocationId: revoked.body['id'],
            sequence: notice.sequence,
            customerRef: 'dora',
            purposes: ['greeting'],
            attributes: ['birthday'],
            dueAt: notice.dueAt,
          },
        },
      ]);
      await app.erase(shop.id);
      const { body } = await storefront('GET', `/revocations/${revoked.body['id']}`);
      expect(body).toMatchObject({ status: 'told', recipients: [{ recipient: 'mailer', status: 'owed' }] });
      expect(body).not.toHaveProperty('completedAt');
      const did = await recipient('POST', `/revocation-notices/${notice.id}/acknowledgement`, { did: 'erased' });
      expect(did.status).toBe(200);
      expect((await storefront('GET', `/revocations/${revoked.body['id']}`)).body['status']).toBe('complete');
    });

    it('say that a value was corrected to who got it and may use it, and to the programme', async () => {
      const { id: ours, path, secret } = await endpoint(['value.corrected']);
      for (const ref of ['emil', 'fritz', 'gerd']) await shop.share(ref, { offer });
      for (const ref of ['emil', 'gerd']) expect((await disclose(ref)).status).toBe(200);
      await shop.revoke('gerd', { purpose: 'greeting' });
      for (const ref of ['emil', 'fritz', 'gerd'])
        expect((await storefront('PUT', `/customers/${ref}/values/birthday`, { value: 'other' })).status).toBe(200);
      await settled(ours);
      const { id } = await own();
      await settled(id);
      expect(told('value.corrected').map(({ data }) => data)).toEqual([
        { customerRef: 'emil', attribute: 'birthday', correctedAt: expect.stringMatching(/Z$/) },
      ]);
      const refs = receiver.at(path).map((one) => verified(one, secret).data['customerRef'] as string);
      expect(refs.sort()).toEqual(['emil', 'fritz', 'gerd']);
    });

    it('are theirs, seen by staff and not by the storefront, and there as long as they are', async () => {
      const { id } = await own();
      expect(await own()).toMatchObject({ recipientId: mailer.id, events: ['consent.revoked', 'value.corrected'] });
      expect((await recipient('GET', '/webhooks')).body['data']).toHaveLength(1);
      expect(await storefront('GET', `/webhooks/${id}`)).toMatchObject(problem(404, 'not-found'));
      const { body: storefronts } = await storefront('GET', '/webhooks?limit=100');
      expect(storefronts['data'].map((one: { id: string }) => one.id)).not.toContain(id);
      expect((await admin('GET', `/webhooks/${id}`)).body['id']).toBe(id);
      expect(await admin('DELETE', `/webhooks/${id}`)).toMatchObject(problem(409, 'webhook-of-recipient'));
      expect(await admin('PATCH', `/webhooks/${id}`, { events: ['share.accepted'] })).toMatchObject(
        problem(422, 'invalid-request'),
      );
      const url = receiver.url('/mailer-moved');
      expect((await admin('PATCH', `/webhooks/${id}`, { url })).body['url']).toBe(url);
      expect((await admin('GET', '/recipients/mailer')).body['webhookUrl']).toBe(url);
      expect(await recipient('PATCH', `/webhooks/${id}`, { url })).toMatchObject(problem(403, 'forbidden'));
      await admin('PATCH', `/webhooks/${id}`, { url: receiver.url('/mailer') });
    });

    it('are signed by both secrets while one is replaced, also what is tried again', async () => {
      const { id } = await own();
      let fails = true;
      receiver.behave('/mailer', (response) => void response.writeHead(fails ? 503 : 204).end());
      const { body: ping } = await recipient('POST', `/webhooks/${id}/test`);
      await attempted(ping['id']);
      const rotated = await recipient('POST', `/webhooks/${id}/rotate`, { overlapSeconds: 3600 });
      expect(rotated).toMatchObject({ status: 201, body: { id, secret: expect.stringMatching(/^whsec_/) } });
      fails = false;
      await dueNow();
      await settled(id);
      const [before, after] = receiver
        .at('/mailer')
        .filter(({ headers }) => headers['webhook-id'] === ping['eventId'])
        .map((one) => ({ ...one, signatures: String(one.headers['webhook-signature']).split(' ').length }));
      expect([before!.signatures, after!.signatures]).toEqual([1, 2]);
      expect(after!.body).toBe(before!.body);
      for (const secret of [mailer.webhookSecret, rotated.body['secret'] as string])
        expect(verified(after!, secret)).toMatchObject({ type: 'ping', data: { webhookId: id } });
      expect((await own())['formerSecretUntil']).toEqual(expect.any(String));
      await app.owner.query(`UPDATE webhook_endpoints SET former_untils = '{now}' WHERE former_untils IS NOT NULL`);
      await recipient('POST', `/webhooks/${id}/test`);
      await settled(id);
      const last = receiver.at('/mailer').at(-1)!;
      expect(verified(last, rotated.body['secret'] as string)).toMatchObject({ type: 'ping' });
      expect(() => verified(last, mailer.webhookSecret)).toThrow('No matching signature');
      expect(await own()).not.toHaveProperty('formerSecretUntil');
      mailer.webhookSecret = rotated.body['secret'] as string;
    });

    // Fails when only the secret before the last rotation is kept.
    it('are signed by each former secret until its own time, however often it is rotated meanwhile', async () => {
      const { id } = await own();
      receiver.behave('/mailer', (response) => void response.writeHead(204).end());
      const secrets = [mailer.webhookSecret];
      const rotate = async (overlapSeconds: number) => {
        const answer = await recipient('POST', `/webhooks/${id}/rotate`, { overlapSeconds });
        if (answer.status === 201) secrets.push(answer.body['secret'] as string);
        return answer;
      };
      const isSigning = async (): Promise<boolean[]> => {
        await recipient('POST', `/webhooks/${id}/test`);
        await settled(id);
        const last = receiver.at('/mailer').at(-1)!;
        const signatures = String(last.headers['webhook-signature']).split(' ').length;
        const good = secrets.map((secret) => {
          try {
            return Boolean(verified(last, secret));
          } catch {
            return false;
          }
        });
        expect(signatures).toBe(good.filter(Boolean).length);
        return good;
      };
      await rotate(7200);
      const { formerSecretUntil } = await own();
      await rotate(60);
      expect(await isSigning()).toEqual([true, true, true]);
      expect((await own())['formerSecretUntil']).toBe(formerSecretUntil);
      await app.owner.query(
        `UPDATE webhook_endpoints SET former_untils = ARRAY(SELECT CASE WHEN u < now() + interval '1 hour' THEN now() ELSE u END
            FROM unnest(former_untils) WITH ORDINALITY AS f(u, n) ORDER BY n) WHERE former_untils IS NOT NULL`,
      );
      expect(await isSigning()).toEqual([true, false, true]);
      for (let n = 0; n < 9; n++) expect((await rotate(60)).status).toBe(201);
      expect(await rotate(60)).toMatchObject(problem(422, 'invalid-request'));
      await rotate(0);
      expect((await isSigning()).filter(Boolean)).toEqual([true]);
      expect(await own()).not.toHaveProperty('formerSecretUntil');
      mailer.webhookSecret = secrets.at(-1)!;
    });
  });

  /** Moves every delivery that waits back in time, so that it is due. */
  const dueNow = () =>
    app.owner.query(
      `UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending' AND next_attempt_at < 'infinity'`,
    );
  const delivery = async (id: string) => (await admin('GET', `/webhook-deliveries/${id}`)).body;
  /** Has it tried until it was tried that often. */
  const attempted = (id: string, times = 1) =>
    eventually(
      async () => {
        await deliverer.sweep();
        return delivery(id);
      },
      ({ attempts }) => attempts.length === times,
    );

  // Fails when numbers go on from where a backup was: a receiver that has seen higher ones takes these for old.
  it('are numbered above all that was sent before, once the database has been restored', async () => {
    const { id, path } = await endpoint(['share.accepted']);
    receiver.behave(path, answers(204));
    const next = async (): Promise<number> => {
      const { body } = await storefront('POST', `/webhooks/${id}/test`);
      return Number((await attempted(body['id'])).sequence);
    };
    expect([await next(), await next()]).toEqual([1, 2]);
    await app.owner.query(`INSERT INTO home (place, opened_at) VALUES ('elsewhere', now())`);
    const first = await next();
    expect(first).toBeGreaterThan(1_000_000_000);
    expect(await next()).toBe(first + 1);
    await app.owner.query('DELETE FROM home');
    expect(await next()).toBe(first + 2);
  });

  it('are tried again after 5 seconds, 5 minutes and so on, ten times in a little more than three days, and then given up', async () => {
    const { id, path, secret } = await endpoint(['share.accepted']);
    receiver.behave(path, answers(503));
    const { body: ping } = await storefront('POST', `/webhooks/${id}/test`);
    const waits: number[] = [];
    for (let tries = 1; tries < 10; tries++) {
      const { status, nextAttemptAt } = await attempted(ping['id'], tries);
      expect(status).toBe('pending');
      waits.push((Date.parse(nextAttemptAt) - Date.now()) / 1000);
      await dueNow();
    }
    const minutes = [1 / 12, 5, 30, 120, 300, 600, 840, 1200, 1440];
    expect(waits.map((wait, n) => Math.abs(wait / 60 / minutes[n]! - 1) < 0.13)).toEqual(minutes.map(() => true));
    const given = await attempted(ping['id'], 10);
    expect(given).toMatchObject({ status: 'failed', sequence: 1 });
    expect(given).not.toHaveProperty('nextAttemptAt');
    expect(given['attempts'][0]).toEqual({ at: expect.any(String), tookMs: expect.any(Number), status: 503 });
    await deliverer.sweep();
    expect((await admin('GET', `/webhooks/${id}/deliveries?status=failed`)).body['data']).toHaveLength(1);
    receiver.behave(path, answers(204));
    expect(await storefront('POST', `/webhook-deliveries/${ping['id']}/redelivery`)).toMatchObject({
      status: 201,
      body: { status: 'pending', eventId: ping['eventId'] },
    });
    await settled(id);
    expect(await delivery(ping['id'])).toMatchObject({ status: 'delivered', sequence: 1 });
    const all = receiver.at(path);
    expect(new Set(all.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
    expect(all.map((one) => verified(one, secret).type)).toEqual(all.map(() => 'ping'));
    expect(all).toHaveLength(11);
  });

  // Fails when what was given up, or has waited for its endpoint, is given up again at the next failure.
  it('are given up after some days, and begin anew for whoever asks for them or enables their endpoint', async () => {
    const { id, path } = await endpoint(['share.accepted']);
    receiver.behave(path, answers(503));
    const { body: ping } = await storefront('POST', `/webhooks/${id}/test`);
    const failsAnew = async (times: number): Promise<void> => {
      const { status, nextAttemptAt } = await attempted(ping['id'], times);
      expect([status, Date.parse(nextAttemptAt) - Date.now() < 6_000]).toEqual(['pending', true]);
    };
    await failsAnew(1);
    const aged = `UPDATE webhook_deliveries SET give_up_at = now() - interval '1 day', next_attempt_at = least(next_attempt_at, now())`;
    await app.owner.query(`${aged}, tries = 2 WHERE endpoint_id = $1`, [parsePublicId('whe', id)]);
    expect(await attempted(ping['id'], 2)).toMatchObject({ status: 'failed' });
    await storefront('POST', `/webhook-deliveries/${ping['id']}/redelivery`);
    await failsAnew(3);
    await storefront('PATCH', `/webhooks/${id}`, { enabled: false });
    await app.owner.query(`${aged}, tries = 9 WHERE endpoint_id = $1`, [parsePublicId('whe', id)]);
    await storefront('PATCH', `/webhooks/${id}`, { enabled: true });
    await failsAnew(4);
    await storefront('DELETE', `/webhooks/${id}`);
  });

  it('wait as long as they are asked to', async () => {
    const { id, path } = await endpoint(['share.accepted']);
    receiver.behave(path, answers(429, { 'retry-after': '3600' }));
    const { body: ping } = await storefront('POST', `/webhooks/${id}/test`);
    const { nextAttemptAt } = await attempted(ping['id']);
    expect((Date.parse(nextAttemptAt) - Date.now()) / 1000).toBeGreaterThan(3500);
    await storefront('DELETE', `/webhooks/${id}`);
  });

  it('follow nobody elsewhere', async () => {
    const { id, path } = await endpoint(['share.accepted']);
    const elsewhere = receiver.url('/elsewhere');
    receiver.behave(path, answers(302, { location: elsewhere }));
    const { body: ping } = await storefront('POST', `/webhooks/${id}/test`);
    expect((await attempted(ping['id']))['attempts']).toMatchObject([{ status: 302 }]);
    expect(receiver.at('/elsewhere')).toEqual([]);
    await storefront('DELETE', `/webhooks/${id}`);
  });

  it('end with 410, wait, and go on when they are wanted again', async () => {
    await app.grant(shop.id);
    const { id, path, secret } = await endpoint(['share.accepted']);
    receiver.behave(path, answers(410));
    const { body: ping } = await storefront('POST', `/webhooks/${id}/test`);
    await attempted(ping['id']);
    expect((await storefront('GET', `/webhooks/${id}`)).body).toMatchObject({
      enabled: false,
      disabledBecause: 'gone',
    });
    expect(await storefront('POST', `/webhooks/${id}/test`)).toMatchObject(problem(409, 'webhook-disabled'));
    const again = `/webhook-deliveries/${ping['id']}/redelivery`;
    expect(await storefront('POST', again)).toMatchObject(problem(409, 'webhook-disabled'));
    await shop.share('hans');
    await app.grant(shop.id);
    await dueNow();
    await deliverer.sweep();
    const { body: waiting } = await storefront('GET', `/webhooks/${id}/deliveries?status=pending`);
    expect(waiting['data'].map(({ type }: { type: string }) => type).sort()).toEqual(['ping', 'share.accepted']);
    expect(waiting['data'][0]).not.toHaveProperty('nextAttemptAt');
    expect(receiver.at(path)).toHaveLength(1);
    receiver.behave(path, answers(204));
    expect((await storefront('PATCH', `/webhooks/${id}`, { enabled: true })).body).toMatchObject({ enabled: true });
    await settled(id);
    expect(
      receiver
        .at(path)
        .slice(1)
        .map((one) => verified(one, secret).type)
        .sort(),
    ).toEqual(['ping', 'share.accepted']);
    await storefront('PATCH', `/webhooks/${id}`, { enabled: false });
    expect((await storefront('GET', `/webhooks/${id}`)).body).toMatchObject({ disabledBecause: 'staff' });
  });

  it('go on as they were where a change says null', async () => {
    const { id } = await endpoint(['share.accepted']);
    const { body: before } = await storefront('GET', `/webhooks/${id}`);
    const after = await storefront('PATCH', `/webhooks/${id}`, { url: null, events: null, enabled: null });
    expect([after.status, after.body]).toEqual([200, before]);
  });

  // Fails when what was taken up is sent however long it has waited.
  it('are not sent any more soon after their endpoint was disabled, although they had been taken up', async () => {
    const { id, path } = await endpoint(['share.accepted']);
    const held: (() => void)[] = [];
    receiver.behave(path, (response) => void held.push(() => response.writeHead(204).end()));
    await announceMany(path, 60);
    const underway = await eventually(
      async () => {
        await deliverer.sweep();
        return receiver.at(path).length;
      },
      (count) => count === 16,
    );
    await storefront('PATCH', `/webhooks/${id}`, { enabled: false });
    await sleep(5_100);
    for (const answer of held) answer();
    const { body: delivered } = await eventually(
      () => storefront('GET', `/webhooks/${id}/deliveries?status=delivered&limit=100`),
      ({ body }) => body['data'].length === underway,
    );
    expect(delivered['data']).toHaveLength(16);
    await sleep(300);
    expect(receiver.at(path)).toHaveLength(16);
    receiver.behave(path, answers(204));
    await storefront('PATCH', `/webhooks/${id}`, { enabled: true });
    expect((await settled(id)).every(({ status }) => status === 'delivered')).toBe(true);
    expect(new Set(receiver.at(path).map(({ headers }) => headers['webhook-id'])).size).toBe(60);
  });

  it('go on at the URL that is there now, where the one before is gone', async () => {
    const { id, path } = await endpoint(['share.accepted']);
    let answer = (): void => undefined;
    receiver.behave(path, (response) => (answer = () => void response.writeHead(410).end()));
    const { body: ping } = await storefront('POST', `/webhooks/${id}/test`);
    await eventually(
      async () => {
        await deliverer.sweep();
        return receiver.at(path);
      },
      ({ length }) => length === 1,
    );
    expect((await storefront('PATCH', `/webhooks/${id}`, { url: receiver.url('/moved') })).status).toBe(200);
    answer();
    await attempted(ping['id'], 2);
    expect((await storefront('GET', `/webhooks/${id}`)).body).toMatchObject({ enabled: true });
    expect(await delivery(ping['id'])).toMatchObject({
      status: 'delivered',
      attempts: [{ status: 204 }, { status: 410 }],
    });
    expect(receiver.at('/moved')).toHaveLength(1);
  });

  it('are not left waiting where the endpoint was enabled before they were committed', async () => {
    const programmeId = parsePublicId('prg', shop.id)!;
    const { id, path } = await endpoint(['redemption.held']);
    await storefront('PATCH', `/webhooks/${id}`, { enabled: false });
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let announcing = Promise.resolve();
    await new Promise<void>((announced) => {
      announcing = app.database.inProgramme(programmeId, async (tx) => {
        await announce(tx, [{ type: 'redemption.held', ids: {}, data: {} }]);
        announced();
        await mayCommit;
      });
    });
    expect((await storefront('PATCH', `/webhooks/${id}`, { enabled: true })).status).toBe(200);
    commit();
    await announcing;
    deliverer.ring(programmeId);
    await eventually(
      async () => receiver.at(path),
      ({ length }) => length === 1,
    );
    await settled(id);
  });

  it('are taken as delivered by their status, however long the rest of the answer is', async () => {
    const { id, path } = await endpoint(['share.accepted']);
    let cut = false;
    receiver.behave(path, (response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write('x'.repeat(64 * 1024)), 1);
      response.on('close', () => {
        cut = true;
        clearInterval(more);
      });
    });
    await storefront('POST', `/webhooks/${id}/test`);
    const [log] = await settled(id);
    expect(log).toMatchObject({ status: 'delivered', attempts: [{ status: 200 }] });
    await eventually(
      async () => cut,
      (isCut) => isCut,
    );
  });

  it('are not made for addresses or events that there are none of', async () => {
    const add = (body: object) => storefront('POST', '/webhooks', body);
    const events = ['share.accepted'];
    for (const url of ['https://10.0.0.1/', 'https://2852039166/', 'http://example.com/', 'nonsense'])
      expect(await add({ url, events })).toMatchObject(problem(422, 'invalid-request'));
    const url = receiver.url();
    for (const wrong of [[], ['nothing'], ['consent.revoked'], ['ping'], ['share.accepted', 'share.accepted']])
      expect(await add({ url, events: wrong })).toMatchObject(problem(422, 'invalid-request'));
    const { id } = await endpoint(events);
    expect(await storefront('PATCH', `/webhooks/${id}`, { url: 'https://127.0.0.1.nip.io.local/' })).toMatchObject(
      problem(422, 'invalid-request'),
    );
    expect((await storefront('DELETE', `/webhooks/${id}`)).status).toBe(204);
    expect(await storefront('GET', `/webhooks/${id}`)).toMatchObject(problem(404, 'not-found'));
  });

  it('are not another programme’s to see', async () => {
    const other = await app.programme();
    const { id } = await endpoint(['share.accepted']);
    const { body: ping } = await storefront('POST', `/webhooks/${id}/test`);
    for (const path of [`/webhooks/${id}`, `/webhooks/${id}/deliveries`, `/webhook-deliveries/${ping['id']}`])
      expect((await call(app.url, 'GET', `/v1${path}`, { key: other.adminKey })).status).toBe(404);
    await settled(id);
  });

  // Fails when whoever takes up deliveries does not hold the endpoint's row (numbers twice), or not theirs (sent twice).
  it('are sent once and numbered without a gap by several workers at once', async () => {
    const { id, path, secret } = await endpoint(['share.accepted']);
    const many = 400;
    await announceMany(path, many);
    const others = [1, 2, 3].map(() => newDeliverer());
    await eventually(
      async () => {
        await Promise.all([deliverer, ...others].map((one) => one.sweep()));
        return (await storefront('GET', `/webhooks/${id}/deliveries?status=pending`)).body['data'] as object[];
      },
      ({ length }) => length === 0,
    );
    await Promise.all(others.map((one) => one.close()));
    const messages = receiver.at(path).map((one) => verified(one, secret));
    expect(messages.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: many }, (_, n) => n + 1),
    );
    expect(new Set(messages.map(({ data }) => data['n'] as number)).size).toBe(many);
    expect((await storefront('GET', `/webhooks/${id}/deliveries?limit=100`)).body['nextCursor']).toMatch(/^evt_/);
  });

  it('leave the invariants whole', async () => {
    expect(await brokenInvariants(app.databaseUrl)).toEqual({});
  });
});
