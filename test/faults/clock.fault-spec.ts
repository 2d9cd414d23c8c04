import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnService, type Service } from '../../src/platform/supervisor';
import { toPublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, type Answer } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { trueCertificate } from '../setup/true-certificate';
import { startBench, type FaultBench } from './fault-bench';

/**
 * The clocks of the processes are off by three days, each in another direction. Time is the database's and order is that of
 * sequences, so nothing of it is seen. Fails when a process says by its own clock when something ends, is due or may be used.
 */

jest.setTimeout(120_000);

const DAYS_MS = 3 * 86_400_000;

/** Loaded into a process before it starts: its clock is off by so much, and goes on from there. */
function clockOff(milliseconds: number): string {
  const hook = join(temporaryFolder(), 'clock-off.js');
  writeFileSync(
    hook,
    `const Real = Date;
     class Skewed extends Real {
       constructor(...given) { if (given.length === 0) super(Real.now() + ${milliseconds}); else super(...given); }
       static now() { return Real.now() + ${milliseconds}; }
     }
     globalThis.Date = Skewed;`,
  );
  return `--require ${hook}`;
}

describe('one API three days behind, the other and the worker three days ahead', () => {
  let bench: FaultBench;
  let other: Service;
  let otherUrl: string;

  beforeAll(async () => {
    bench = await startBench({ backend: 'PostgreSQL', env: { NODE_OPTIONS: clockOff(-DAYS_MS) } });
    const { service } = bench;
    service.env['NODE_OPTIONS'] = clockOff(DAYS_MS);
    await service.startWorker();
    const options = {
      name: 'other',
      env: service.env,
      restart: false,
      onLine: (line: string) => service.lines.push(line),
    };
    other = await spawnService(join(__dirname, '../../dist/src/main.js'), options);
    otherUrl = `http://127.0.0.1:${String(other.ready['port'])}`;
  });
  afterAll(async () => {
    await other.stop();
    await bench.stop();
  });
  afterEach(async () => {
    const broken = await brokenInvariants(bench.databaseUrl);
    if (Object.keys(broken).length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
  });

  const storefront = (url: string, method: string, path: string, body?: object): Promise<Answer> =>
    call(url, method, path, { key: bench.programme.storefrontKey, ...(body && { body }) });
  /** By the database, which has the right time. */
  const hoursFromNow = async (of: string, ref: string): Promise<number[]> =>
    (
      await bench.sql<{ hours: number }>(
        `SELECT round(extract(epoch FROM x.at - now()) / 3600)::int AS hours FROM (${of}) x JOIN customers c ON c.id = x.customer_id WHERE c.ref = $1`,
        [ref],
      )
    ).map(({ hours }) => hours);

  it('a share counts from now, its points are booked, and a lease lasts as long as it should', async () => {
    expect((await bench.programme.share('anna')).status).toBe(201);
    await eventually(
      () => bench.programme.balance('anna'),
      ({ available }) => available === 120,
    );
    expect((await bench.programme.disclose('anna')).status).toBe(200);
    expect(await hoursFromNow('SELECT customer_id, given_at AS at FROM consents', 'anna')).toEqual([0, 0]);
    expect(await hoursFromNow('SELECT customer_id, until AS at FROM consents', 'anna')).toEqual([365 * 24, 365 * 24]);
    expect(await hoursFromNow('SELECT customer_id, use_until AS at FROM disclosures', 'anna')).toEqual([24]);
  });

  it('a pause that is over by neither clock but the database’s is on, and one in its past is refused', async () => {
    await bench.programme.share('paused');
    const [times] = await bench.sql<{ soon: Date; before: Date }>(
      `SELECT now() + interval '1 hour' AS soon, now() - interval '1 hour' AS before`,
    );
    for (const url of [bench.service.url, otherUrl]) {
      const pause = (until: Date) =>
        storefront(url, 'POST', '/v1/pauses', { customerRef: 'paused', everything: true, until });
      const { status, body } = await pause(times!.soon);
      expect(status).toBe(201);
      expect((await bench.programme.disclose('paused')).status).toBe(403);
      expect((await storefront(url, 'DELETE', `/v1/pauses/${body['id']}`)).status).toBe(204);
      expect((await pause(times!.before)).status).toBe(422);
    }
    expect((await bench.programme.disclose('paused')).status).toBe(200);
  });

  it('what is due, or ends, in two days is not for the worker yet', async () => {
    await bench.programme.share('lasting');
    await bench.programme.disclose('lasting');
    await bench.sql('SET session_replication_role = replica');
    const ofCustomer = `customer_id = (SELECT id FROM customers WHERE ref = 'lasting')`;
    await bench.sql(
      `UPDATE consents SET until = now() + interval '2 days' WHERE ${ofCustomer} AND purpose = 'greeting'`,
    );
    await bench.sql('RESET session_replication_role');
    const { body } = await bench.programme.revoke('lasting', { purpose: 'advice' });
    expect(body['consentsEnded']).toBe(1);
    // A new worker looks for what has ended a second after its start.
    await bench.service.worker?.stop();
    await bench.service.startWorker();
    await bench.programme.share('marker');
    await eventually(
      () => bench.programme.balance('marker'),
      ({ available }) => available === 120,
    );
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await bench.programme.disclose('lasting')).status).toBe(200);
    const states = await bench.sql(`SELECT purpose, status FROM consents WHERE ${ofCustomer} ORDER BY purpose`);
    expect(states).toEqual([
      { purpose: 'advice', status: 'withdrawn' },
      { purpose: 'greeting', status: 'active' },
    ]);
  });

  it('who gave, took back and gave again through both is in that order in the history, and told in it', async () => {
    const share = (url: string, ref: string) =>
      storefront(url, 'POST', '/v1/shares', {
        customerRef: ref,
        offerId: bench.programme.offer.id,
        offerVersion: bench.programme.offer.version,
        noticeHash: bench.programme.offer.noticeHash,
        values: { birthday: '1990-04-01' },
        consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
      });
    const revocations: string[] = [];
    for (const [first, second] of [
      [bench.service.url, otherUrl],
      [otherUrl, bench.service.url],
    ] as const) {
      expect((await share(first, 'ordered')).status).toBe(201);
      expect((await bench.programme.disclose('ordered')).status).toBe(200);
      const { status, body } = await storefront(second, 'POST', '/v1/revocations', {
        customerRef: 'ordered',
        everything: true,
      });
      expect([status, body['consentsEnded']]).toEqual([201, 2]);
      revocations.push(body['id'] as string);
      expect((await bench.programme.disclose('ordered')).status).toBe(403);
    }
    const events = await bench.sql<{ event: string }>(
      `SELECT e.event FROM consent_events e JOIN customers c ON c.id = e.customer_id WHERE c.ref = 'ordered' ORDER BY e.sequence`,
    );
    expect(events.map(({ event }) => event)).toEqual(['given', 'withdrawn', 'given', 'withdrawn']);
    const { apiKey: key } = bench.programme.recipients.newsletter;
    const { body } = await call(otherUrl, 'GET', '/v1/revocation-notices?status=owed&limit=100', { key });
    const notices = (body['data'] as { revocationId: string; customerRef: string; dueAt: string }[]).filter(
      ({ customerRef }) => customerRef === 'ordered',
    );
    expect(notices.map(({ revocationId }) => revocationId)).toEqual(revocations);
    const [{ due }] = (await bench.sql<{ due: number }>(
      `SELECT round(extract(epoch FROM $1::timestamptz - now()) / 3600)::int AS due`,
      [notices[0]!.dueAt],
    )) as [{ due: number }];
    expect(due).toBe(72);
  });

  it('points move in their order', async () => {
    await bench.programme.share('spending');
    await eventually(
      () => bench.programme.balance('spending'),
      ({ available }) => available === 120,
    );
    for (const [url, orderRef] of [
      [otherUrl, 'first'],
      [bench.service.url, 'second'],
      [otherUrl, 'third'],
    ] as const) {
      const order = { customerRef: 'spending', points: 10, orderRef, capture: true };
      expect((await storefront(url, 'POST', '/v1/redemptions', order)).status).toBe(201);
    }
    const { body } = await storefront(otherUrl, 'GET', '/v1/customers/spending/entries');
    const balances = (body['data'] as { balanceAfter: number }[]).map(({ balanceAfter }) => balanceAfter);
    expect(balances).toEqual([90, 100, 110, 120]);
  });

  it('an offer that ends tomorrow is published, and one that ended yesterday is not', async () => {
    const [day] = await bench.sql<{ tomorrow: Date; yesterday: Date }>(
      `SELECT now() + interval '1 day' AS tomorrow, now() - interval '1 day' AS yesterday`,
    );
    const texts = { title: 'An offer', text: 'An offer' };
    const asks = [{ attribute: 'birthday', purposes: ['greeting'] }];
    for (const [n, url] of [bench.service.url, otherUrl].entries()) {
      const admin = (path: string, body: object) => call(url, 'POST', path, { key: bench.programme.adminKey, body });
      const publish = async (key: string, endsAt: Date): Promise<number> => {
        const draft = { key, ...texts, asks, reward: { type: 'points', points: 1 }, endsAt: endsAt.toISOString() };
        const { body } = await admin('/v1/offers', draft);
        return (await admin(`/v1/offers/${body['id']}/publish`, {})).status;
      };
      expect(await publish(`tomorrow-${n}`, day!.tomorrow)).toBe(200);
      expect(await publish(`yesterday-${n}`, day!.yesterday)).toBe(422);
    }
  });

  it('certificates say when it was by the database’s clock', async () => {
    const revocations = await bench.sql<{ id: string }>(`SELECT id FROM revocations ORDER BY blocked_at`);
    expect(revocations.length).toBeGreaterThanOrEqual(3);
    await eventually(
      () => bench.sql(`SELECT FROM outbox`),
      ({ length }) => length === 0,
    );
    const owner = bench.owner;
    for (const { id } of revocations) {
      const claims = await trueCertificate({ url: bench.service.url, key: bench.programme.storefrontKey, owner }, id);
      expect(claims['revocation']).toBe(toPublicId('rev', id));
      const [{ minutes }] = (await bench.sql<{ minutes: number }>(
        `SELECT abs(extract(epoch FROM $1::timestamptz - now()))::float8 / 60 AS minutes`,
        [claims['asOf']],
      )) as [{ minutes: number }];
      expect(minutes).toBeLessThan(2);
    }
  });
});
