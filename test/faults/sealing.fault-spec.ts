import { openHistory, type History } from '../builders/history';
import { eventually } from '../setup/service';
import { killWorker, startBench, stopAt, type FaultBench, type Step } from './fault-bench';

/** The worker is killed at each step of sealing, and another one takes over: the chain is whole, and has each row once. */

jest.setTimeout(120_000);

const STEPS: Step[] = [
  { on: 'INSERT', table: 'chain_leaves' },
  { on: 'UPDATE', table: 'chain_heads' },
  { on: 'INSERT', table: 'chain_blocks' },
  { on: 'COMMIT', table: 'chain_blocks' },
];

describe('a worker that is killed as it seals', () => {
  let bench: FaultBench;
  let history: History;
  let round = 0;

  beforeAll(async () => {
    bench = await startBench({ backend: 'PostgreSQL' });
    history = await openHistory(bench.databaseUrl, Buffer.from(bench.service.env['GEGENWERT_KEK'] ?? '', 'base64'));
    await bench.service.startWorker();
  });
  afterAll(async () => {
    await history.close();
    await bench.stop();
  });

  const unsealed = () => bench.sql('SELECT FROM unsealed_programmes()');

  // Fails when block, leaves and head are not one transaction.
  it.each([
    ...STEPS.map((step) => [`${step.on} ${step.table}`, 'dies', step] as const),
    // A statement that goes on comes to the same wherever it stood.
    ...STEPS.slice(-1).map((step) => [`${step.on} ${step.table}`, 'outlives it', step] as const),
  ])('at %s, its statement %s', async (_, statement, step) => {
    round += 1;
    await eventually(unsealed, (rows) => rows.length === 0);
    const barrier = await stopAt(bench.databaseUrl, step);
    for (let n = 0; n < 3; n++) {
      const ref = `customer-${round}-${n}`;
      expect((await bench.programme.share(ref)).status).toBe(201);
      expect((await bench.programme.disclose(ref)).status).toBe(200);
    }
    const standing = await barrier.someone();
    await killWorker(bench.service);
    if (statement === 'dies')
      await bench.sql('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [standing]);
    await barrier.letGo();
    await bench.service.startWorker();
    await eventually(unsealed, (rows) => rows.length === 0, 30_000);
    const { findings, programmes } = await history.verify();
    expect(findings).toEqual([]);
    const [sealed] = await bench.sql<{ rows: number; leaves: number }>(
      `SELECT ((SELECT count(*) FROM transfers) + (SELECT count(*) FROM shares) + (SELECT count(*) FROM consents)
             + (SELECT count(*) FROM consent_events) + (SELECT count(*) FROM disclosures))::int AS rows,
              (SELECT sum(cardinality(keys))::int FROM chain_leaves) AS leaves`,
    );
    expect(sealed?.rows).toBeGreaterThan(3 * 5 * round);
    expect({ rows: programmes[0]?.rows, leaves: sealed?.leaves }).toEqual({ rows: sealed?.rows, leaves: sealed?.rows });
  });
});
