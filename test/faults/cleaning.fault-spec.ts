import { brokenInvariants } from '../setup/invariants';
import { eventually } from '../setup/service';
import { killWorker, startBench, stopAt, type FaultBench } from './fault-bench';

/** What is kept for a time only goes when it is over: by a worker that runs, and by the next one when it is killed in it. */

jest.setTimeout(120_000);

describe('what is kept for a time', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await startBench({ backend: 'PostgreSQL', worker: true });
  });
  afterAll(() => bench.stop());

  const count = async (of: string): Promise<number> =>
    (await bench.sql<{ count: number }>(`SELECT count(*)::int AS count FROM ${of}`))[0]!.count;
  const OLD_KEYS = `idempotency_keys WHERE created_at < now() - interval '1 month'`;
  const OLD_MARKS = `earned_marks WHERE expires_at < now()`;
  const OLD_NAMES = `revocation_notices WHERE customer_ref IS NOT NULL`;

  // Fails when one of them is forgotten, when a worker waits for the hour first, or takes what is not over along.
  it('is forgotten by the next worker where one was killed in it, and what is not over stays', async () => {
    const { programme, service } = bench;
    await programme.share('old', { idempotencyKey: 'old-key' });
    await programme.disclose('old');
    await programme.share('new', { idempotencyKey: 'new-key' });
    await eventually(
      () => bench.sql('SELECT FROM outbox'),
      ({ length }) => length === 0,
    );
    await programme.revoke('old', { everything: true });
    await eventually(
      () => bench.sql('SELECT FROM outbox'),
      ({ length }) => length === 0,
    );
    await service.worker?.stop();
    const [keys, marks] = [await count('idempotency_keys'), await count('earned_marks')];
    await bench.sql('SET session_replication_role = replica');
    await bench.sql(`UPDATE idempotency_keys SET created_at = now() - interval '2 months'
                      WHERE ctid = (SELECT ctid FROM idempotency_keys ORDER BY created_at LIMIT 1)`);
    await bench.sql(`UPDATE earned_marks SET expires_at = now() - interval '1 day'
                      WHERE ctid = (SELECT ctid FROM earned_marks ORDER BY expires_at LIMIT 1)`);
    await bench.sql(`UPDATE revocation_notices SET customer_ref = 'old', created_at = now() - interval '31 days'`);
    await bench.sql('RESET session_replication_role');
    const barrier = await stopAt(bench.databaseUrl, { on: 'DELETE', table: 'earned_marks' });
    await service.startWorker();
    const standing = await barrier.someone();
    await killWorker(service);
    await bench.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [standing]);
    await barrier.letGo();
    expect(await count(OLD_MARKS)).toBe(1);
    await service.startWorker();
    await eventually(
      async () => [await count(OLD_KEYS), await count(OLD_MARKS), await count(OLD_NAMES)],
      (left) => left.every((one) => one === 0),
      30_000,
    );
    expect([await count('idempotency_keys'), await count('earned_marks')]).toEqual([keys - 1, marks - 1]);
    expect((await programme.share('new', { idempotencyKey: 'new-key' })).headers.get('idempotency-replayed')).toBe(
      'true',
    );
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});
