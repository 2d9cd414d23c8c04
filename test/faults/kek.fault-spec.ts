import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { newId } from '../../src/platform/ids';
import { Keks, LocalKek } from '../../src/platform/kek';
import { createProgramme } from '../builders/programme';
import { brokenInvariants } from '../setup/invariants';
import { startKmsStub, type KmsStub } from '../setup/kms-stub';
import { call, eventually, startService, type Answer, type RunningService } from '../setup/service';
import { startBench, stopAt, type FaultBench } from './fault-bench';

/** The KEK is changed while the service works; the KEK is away. */

jest.setTimeout(300_000);

const BUILT = join(__dirname, '../../dist/src');
const newKek = (): string => randomBytes(32).toString('base64');

function rotating(env: NodeJS.ProcessEnv): {
  child: ChildProcess;
  ended: Promise<{ code: number | null; said: string }>;
} {
  const child = spawn(process.execPath, [join(BUILT, 'rotate-keys.js')], { env: { ...process.env, ...env } });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  return { child, ended: new Promise((resolve) => child.once('exit', (code) => resolve({ code, said }))) };
}

describe('a KEK that is rotated under load', () => {
  const [before, after] = [newKek(), newKek()];
  const PROGRAMMES = 250;
  let bench: FaultBench;

  beforeAll(async () => {
    bench = await startBench({ backend: 'PostgreSQL', worker: true, env: { GEGENWERT_KEK: before } });
    const keks = new Keks(new LocalKek(Buffer.from(before, 'base64')));
    for (let n = 0; n < PROGRAMMES; n++) {
      const id = newId();
      await bench.sql(
        `INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, $2, 'One of many', 'en', $3)`,
        [id, `many-${n}`, await keks.wrap(randomBytes(32), `programme ${id}`)],
      );
    }
  });
  afterAll(() => bench.stop());

  const wrappedBy = async (kek: string): Promise<number> => {
    const { prefix } = new Keks(new LocalKek(Buffer.from(kek, 'base64')));
    const [row] = await bench.sql<{ many: number }>(
      `SELECT (SELECT count(*) FROM programmes WHERE position($1::bytea IN wrapped_key) = 1)::int
            + (SELECT count(*) FROM signing_keys WHERE position($1::bytea IN wrapped_private) = 1)::int
            + (SELECT count(*) FROM service_secret WHERE position($1::bytea IN wrapped) = 1)::int AS many`,
      [prefix],
    );
    return row?.many ?? 0;
  };

  // Fails when one of the two does not open meanwhile, or when a rotation that died has to begin anew or cannot go on.
  it('opens with both, is killed in the middle, goes on, and needs the one of before no more', async () => {
    const { storefrontKey, recipients, offer } = bench.programme;
    await bench.programme.share('before', { values: { birthday: 'before' } });
    await bench.service.stop();
    const both = { ...bench.service.env, GEGENWERT_KEK: after, GEGENWERT_KEK_PREVIOUS: before };
    const service = await startService({ databaseUrl: bench.databaseUrl, env: both });
    const all = await wrappedBy(before);
    expect([all, await wrappedBy(after)]).toEqual([PROGRAMMES + 3, 0]);

    let isOver = false;
    const answers: number[] = [];
    const traffic = async (lane: number): Promise<void> => {
      for (let n = 0; !isOver; n++) answers.push(...(await exchange(service, `lane-${lane}-${n}`)));
    };
    const exchange = async ({ url }: RunningService, customerRef: string): Promise<number[]> => {
      const share = await call(url, 'POST', '/v1/shares', {
        key: storefrontKey,
        body: {
          customerRef,
          offerId: offer.id,
          offerVersion: offer.version,
          noticeHash: offer.noticeHash,
          values: { birthday: customerRef },
          consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
          locale: 'en',
          channel: 'test',
        },
      });
      return [share.status, (await read(url, customerRef)).status];
    };
    const read = (url: string, customerRef: string): Promise<Answer> =>
      call(url, 'POST', '/v1/disclosures', {
        key: recipients.newsletter.apiKey,
        body: { customerRef, purpose: 'greeting', attributes: ['birthday'], reason: 'a test' },
      });
    const lanes = [1, 2].map(traffic);
    try {
      const first = rotating(both);
      // Some are done; then it stands still in the next one's UPDATE, and dies there.
      while ((await wrappedBy(after)) < 20) await new Promise((resolve) => setTimeout(resolve, 5));
      const barrier = await stopAt(bench.databaseUrl, { on: 'UPDATE', table: 'programmes' });
      await barrier.someone();
      first.child.kill('SIGKILL');
      await first.ended;
      await barrier.letGo();
      const left = await wrappedBy(before);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(all);
      // A service that has both opens either, while it is half done; so does one that starts now.
      const another = await startService({ databaseUrl: bench.databaseUrl, env: both, worker: false });
      expect((await read(another.url, 'before')).body['values']).toEqual({ birthday: 'before' });
      await another.stop();
      const second = await rotating(both).ended;
      expect([second.code, second.said]).toEqual([
        0,
        expect.stringMatching(/^(\d+ keys wrapped anew\n)*\d+ keys wrapped anew; all/),
      ]);
      const [, rest] = /(\d+) keys wrapped anew; all/.exec(second.said)!;
      expect(Number(rest)).toBeLessThan(all);
    } finally {
      isOver = true;
      await Promise.all(lanes);
      await service.stop();
    }
    expect([await wrappedBy(before), await wrappedBy(after)]).toEqual([0, all]);
    expect(answers.length).toBeGreaterThan(20);
    expect([...new Set(answers)].sort()).toEqual([200, 201]);

    const alone = { ...both, GEGENWERT_KEK_PREVIOUS: '' };
    const last = await startService({ databaseUrl: bench.databaseUrl, env: alone, worker: false });
    expect((await read(last.url, 'before')).body['values']).toEqual({ birthday: 'before' });
    await last.stop();
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});

describe('a KEK in KMS', () => {
  const KEY = 'alias/gegenwert';
  let kms: KmsStub;
  let bench: FaultBench;

  beforeAll(async () => {
    kms = await startKmsStub(KEY);
    const env = {
      GEGENWERT_KEK: '',
      GEGENWERT_KMS_KEY_ID: KEY,
      GEGENWERT_KMS_REGION: 'eu-central-1',
      GEGENWERT_KMS_ENDPOINT: kms.url,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    bench = await startBench({ backend: 'PostgreSQL', worker: true, env });
  });
  afterAll(async () => {
    await bench.stop();
    await kms.stop();
  });

  // Fails when a revocation, or an erasure, needs the programme's key, or a release is answered without it.
  it('that is away: nothing is shared or released, what is revoked is, and all goes on when it is back', async () => {
    const first = bench.programme;
    await first.share('customer', { values: { birthday: 'of the customer' } });
    await first.share('revoked');
    await first.share('leaves');
    expect((await first.disclose('customer')).body['values']).toEqual({ birthday: 'of the customer' });
    // A process that has not asked for this programme's key yet: in the others it ends after five minutes.
    const fresh = await startService({ databaseUrl: bench.databaseUrl, env: bench.service.env, worker: false });
    const post = (path: string, key: string, body: object) => call(fresh.url, 'POST', path, { key, body });
    const { offer, storefrontKey, recipients } = first;
    const read = () =>
      post('/v1/disclosures', recipients.newsletter.apiKey, {
        customerRef: 'customer',
        purpose: 'greeting',
        attributes: ['birthday'],
        reason: 'a test',
      });
    kms.away(true);
    try {
      const share = await post('/v1/shares', storefrontKey, {
        customerRef: 'another',
        offerId: offer.id,
        offerVersion: offer.version,
        noticeHash: offer.noticeHash,
        values: { birthday: '1990-04-01' },
        consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
        locale: 'en',
        channel: 'test',
      });
      const released = await read();
      expect([share, released].map(({ status, body }) => [status, body['type']])).toEqual(
        [share, released].map(() => [503, 'urn:gegenwert:problem:unavailable']),
      );
      expect(JSON.stringify([share.body, released.body])).not.toContain('of the customer');
      const revoked = await post('/v1/revocations', storefrontKey, { customerRef: 'revoked', everything: true });
      expect([revoked.status, revoked.body['status']]).toEqual([201, 'blocked']);
      const left = await call(fresh.url, 'DELETE', '/v1/customers/leaves?balance=forfeit', { key: storefrontKey });
      expect([left.status, left.body['jobId']]).toEqual([202, expect.stringMatching(/^job_/)]);
      const job = await eventually(
        () => call(fresh.url, 'GET', `/v1/jobs/${left.body['jobId']}`, { key: storefrontKey }),
        ({ body }) => body['status'] === 'done',
        30_000,
      );
      expect(job.body).toMatchObject({ status: 'done', done: 1 });
    } finally {
      kms.away(false);
    }
    expect((await read()).body['values']).toEqual({ birthday: 'of the customer' });
    await fresh.stop();
    const second = await createProgramme(bench.service);
    expect((await second.share('one')).status).toBe(201);
    expect(kms.contexts.some(({ gegenwert }) => gegenwert?.startsWith('programme '))).toBe(true);
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});
