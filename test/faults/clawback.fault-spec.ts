import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, type Answer } from '../setup/service';
import { trueCertificate } from '../setup/true-certificate';
import { describeOnEachBackend, killWorker, startBench, stopAt, type FaultBench, type Step } from './fault-bench';

/**
 * Taking it back, while everything around it fails: whatever dies, is lost or comes at the same time, each consent ends once,
 * each recipient is told once, and the certificate says what is so, at every moment.
 */

jest.setTimeout(120_000);

const CUSTOMERS = 6;
const WORK_MS = 60_000;

/** What the worker does for one revocation, beyond what a value's own erasure is tried at; and for many at once. */
const OF_ONE: Step[] = [
  { on: 'UPDATE', table: 'key_store.data_keys' },
  { on: 'COMMIT', table: 'erasure_journal' },
];
const OF_MANY: Step[] = [
  { on: 'UPDATE', table: 'consents' },
  { on: 'INSERT', table: 'revocation_notices' },
  { on: 'DELETE', table: 'vault_values' },
  { on: 'COMMIT', table: 'revocations' },
];
const named = (steps: Step[], few: boolean) =>
  (few ? steps.slice(-1) : steps).map((step): [string, Step] => [`${step.on} ${step.table}`, step]);

describeOnEachBackend('what is taken back', (backend) => {
  let bench: FaultBench;
  const onRedis = backend === 'Redis';
  /** What passes no queue is tried on one backend. */
  const onOne = onRedis ? it.skip : it;
  let round = 0;
  let refs: string[];
  let purpose: string;
  let offer: Awaited<ReturnType<FaultBench['programme']['publish']>>;

  beforeAll(async () => {
    bench = await startBench({ backend });
  });
  afterAll(() => bench.stop());

  const succeeded = async (answer: Promise<Answer>): Promise<Record<string, any>> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  };
  const admin = (path: string, body?: object): Promise<Record<string, any>> =>
    succeeded(call(bench.service.url, 'POST', path, { key: bench.programme.adminKey, ...(body && { body }) }));

  /** Customers who shared for a purpose of this round, which its own recipient used. */
  beforeEach(async () => {
    round += 1;
    refs = Array.from({ length: CUSTOMERS }, (_, n) => `round-${round}-${n}`);
    purpose = `purpose-${round}`;
    const texts = { title: { de: purpose, en: purpose }, description: { de: purpose, en: purpose } };
    await admin('/v1/purposes', { key: purpose, ...texts });
    const { apiKey } = await admin('/v1/recipients', { key: `user-${round}`, name: purpose, purposes: [purpose] });
    offer = await bench.programme.publish({ asks: [{ attribute: 'birthday', purposes: [purpose] }] });
    if (bench.service.worker === undefined) await bench.service.startWorker();
    const consents = [{ attribute: 'birthday', purposes: [purpose] }];
    await Promise.all(refs.map((ref) => succeeded(bench.programme.share(ref, { offer, consents }))));
    await nothingOwed();
    for (const customerRef of refs) {
      const body = { customerRef, purpose, attributes: ['birthday'], reason: 'test' };
      await succeeded(call(bench.service.url, 'POST', '/v1/disclosures', { key: apiKey as string, body }));
    }
  });

  const nothingOwed = () =>
    eventually(
      () => bench.sql('SELECT topic FROM outbox'),
      ({ length }) => length === 0,
      WORK_MS,
    );
  const revoke = async (ref: string): Promise<string> => {
    const { status, body } = await bench.programme.revoke(ref, { everything: true });
    expect([status, body['status'], body['keepsPoints']]).toEqual([201, 'blocked', 120]);
    return parsePublicId('rev', body['id'] as string)!;
  };
  const certificate = (id: string) =>
    trueCertificate({ url: bench.service.url, key: bench.programme.storefrontKey, owner: bench.owner }, id);
  const revocationsOf = async (): Promise<string[]> =>
    (
      await bench.sql<{ id: string }>(
        `SELECT r.id FROM revocations r JOIN customers c ON c.id = r.customer_id WHERE c.ref = ANY ($1)`,
        [refs],
      )
    ).map(({ id }) => id);

  async function dieAt(step: Step, act: () => Promise<unknown>): Promise<void> {
    const barrier = await stopAt(bench.databaseUrl, step);
    await act();
    const standing = await barrier.someone();
    await killWorker(bench.service);
    await bench.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [standing]);
    // What it has left undone is certified as such.
    for (const id of await revocationsOf()) await certificate(id);
    await barrier.letGo();
    await bench.service.startWorker();
  }

  /** Each customer's consent ended by one revocation, whose certificate is true; nothing is left, each recipient told once. */
  async function eachEndedOnce(): Promise<void> {
    await nothingOwed();
    const ids = await eventually(revocationsOf, ({ length }) => length >= CUSTOMERS, WORK_MS);
    expect(ids).toHaveLength(CUSTOMERS);
    for (const id of ids) {
      expect(await certificate(id)).toMatchObject({ status: 'erased', confirmed: 0, of: 1, values: { stored: [] } });
    }
    const [left] = await bench.sql(
      `SELECT (SELECT count(*)::int FROM vault_values v WHERE v.customer_id = ANY (c.ids)) AS values,
              (SELECT count(*)::int FROM consents k WHERE k.customer_id = ANY (c.ids) AND k.status = 'active') AS consents,
              (SELECT count(*)::int FROM consent_events e WHERE e.customer_id = ANY (c.ids) AND e.event <> 'given') AS events,
              (SELECT sum(a.balance)::int FROM accounts a WHERE a.customer_id = ANY (c.ids) AND a.kind = 'available') AS points
         FROM (SELECT array_agg(id) AS ids FROM customers WHERE ref = ANY ($1)) c`,
      [refs],
    );
    expect(left).toEqual({ values: 0, consents: 0, events: CUSTOMERS, points: CUSTOMERS * 120 });
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  }

  // Fails when the value goes in another commit than its key, or the journal's entry.
  it.each(named(OF_ONE, onRedis))('survives a worker that is killed at %s', async (_, step) => {
    await dieAt(step, async () => {
      for (const ref of refs) await revoke(ref);
    });
    await eachEndedOnce();
  });

  // Fails when a batch and how far it has come are not one commit: then a customer is passed over, or ended twice.
  it.each(named(OF_MANY, onRedis))('from everyone survives a worker that is killed at %s', async (_, step) => {
    await dieAt(step, () => admin(`/v1/purposes/${purpose}/withdrawal`));
    await eachEndedOnce();
  });

  // Fails without the sweep.
  it('is erased though the queue is wiped', async () => {
    const { pid } = bench.service.worker!;
    process.kill(pid, 'SIGSTOP');
    try {
      await revoke(refs[0]!);
      await admin(`/v1/purposes/${purpose}/withdrawal`);
      await sleep(200); // The bell has rung.
      await wipe(bench);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await eachEndedOnce();
  });

  // Fails without the customer's lock: two find the consent active, and both count it as theirs.
  onOne('is taken back twice at once, and ends once', async () => {
    const scopes = [{ everything: true }, { purpose }, { attribute: 'birthday' }, { everything: true }];
    const answers = await Promise.all(
      refs.map((ref) => Promise.all(scopes.map((scope) => bench.programme.revoke(ref, scope)))),
    );
    for (const ofOne of answers) {
      expect(ofOne.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
      expect(ofOne.map(({ body }) => body['consentsEnded'] as number).sort()).toEqual([0, 0, 0, 1]);
    }
    await eachEndedOnce();
  });

  // Fails when a batch decides about its customers before it holds their locks.
  onOne('is in no line of a batch release that comes after it', async () => {
    const { apiKey: key } = await admin('/v1/recipients', {
      key: `batch-${round}`,
      name: 'Batch',
      purposes: [purpose],
    });
    const again = await bench.programme.publish({ asks: [{ attribute: 'birthday', purposes: [purpose] }] });
    const consents = [{ attribute: 'birthday', purposes: [purpose] }];
    const many = Array.from({ length: 200 }, (_, n) => (n < CUSTOMERS ? refs[n]! : `round-${round}-${n}`));
    await Promise.all(many.map((ref) => bench.programme.share(ref, { offer: again, consents })));
    const body = { customerRefs: many, purpose, attributes: ['birthday'], reason: 'test' };
    const release = async (): Promise<Record<string, any>[]> => {
      const response = await fetch(`${bench.service.url}/v1/disclosures/batch`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key as string}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const lines = (await response.text()).trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Record<string, any>);
    };
    const [during, ...revoked] = await Promise.all([
      release(),
      ...refs.map((ref): Promise<Answer> => bench.programme.revoke(ref, { everything: true })),
    ]);
    expect(during).toHaveLength(200);
    expect(revoked.map(({ status }) => status)).toEqual(refs.map(() => 201));
    const after = await release();
    const released = after.filter((line) => 'values' in line).map(({ customerRef }) => customerRef as string);
    expect(released).toEqual(many.slice(CUSTOMERS));
    await nothingOwed();
    for (const { body: answer } of revoked) await certificate(parsePublicId('rev', answer['id'] as string)!);
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});

async function wipe({ redis, sql }: FaultBench): Promise<void> {
  if (redis === undefined) {
    const tables = await sql<{ name: string }>(
      `SELECT format('queue.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'queue' AND tablename <> 'migration'`,
    );
    await sql(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
    return;
  }
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}
