import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { Batcher } from './batcher';
import { Problem } from './problem';

/** What the database throws out. */
class OnesFault extends Error {}
/** What is nobody's fault: the connection is gone. */
class Outage extends Error {}

interface Request {
  n: number;
  keys: string[];
  /** Whether it spoils its batch, is refused by an answer of its own, or is answered. */
  fate: 'poison' | 'refused' | 'answered';
}

interface Batch {
  lane: string;
  requests: Request[];
  failed: boolean;
}

const LIMIT = 5;

/** A batcher over a store that takes a while, and what was run, in order. */
function batcherOn(batches: Batch[], options: { takes?: () => Promise<unknown>; limit?: number } = {}) {
  const running = new Set<string>();
  return new Batcher<Request, string>({
    run: async (lane, requests) => {
      expect(running).not.toContain(lane);
      running.add(lane);
      await (options.takes ?? nextTurn)();
      running.delete(lane);
      const failed = requests.some(({ fate }) => fate === 'poison');
      batches.push({ lane, requests, failed });
      if (failed) throw new OnesFault();
      return requests.map(({ n, fate }) => (fate === 'refused' ? new Problem(409, 'refused', `${n}`) : `answer ${n}`));
    },
    limit: options.limit ?? LIMIT,
    keysOf: ({ keys }) => keys,
    mayBeOnes: (error) => error instanceof OnesFault,
  });
}

const request = (n: number, fate: Request['fate'] = 'answered', keys: string[] = []): Request => ({ n, fate, keys });
const numbers = (batches: Batch[]): number[][] => batches.map(({ requests }) => requests.map(({ n }) => n));

/** How a request ended: its answer, or why not. */
const endOf = (submitted: Promise<string>): Promise<string> =>
  submitted.catch((error: unknown) =>
    error instanceof Problem ? `refused ${error.title}` : (error as Error).constructor.name,
  );
const wantedEnd = ({ n, fate }: Request): string =>
  ({ answered: `answer ${n}`, refused: `refused ${n}`, poison: 'OnesFault' })[fate];

describe('group commit', () => {
  it('takes what comes in while a batch runs as the next one', async () => {
    const batches: Batch[] = [];
    const batcher = batcherOn(batches, { takes: () => sleep(20) });
    const first = [0, 1].map((n) => batcher.submit('a', request(n)));
    await sleep(10);
    const second = [2, 3, 4].map((n) => batcher.submit('a', request(n)));
    await Promise.all([...first, ...second]);
    expect(numbers(batches)).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
  });

  it('takes no more than the limit', async () => {
    const batches: Batch[] = [];
    const batcher = batcherOn(batches);
    await Promise.all(Array.from({ length: 12 }, (_, n) => batcher.submit('a', request(n))));
    expect(batches.map(({ requests }) => requests.length)).toEqual([5, 5, 2]);
  });

  it('runs as many batches of a lane at once as are wanted, and no more', async () => {
    let [running, most] = [0, 0];
    const sizes: number[] = [];
    const batcher = new Batcher<number, string>({
      run: async (_, requests) => {
        most = Math.max(most, (running += 1));
        sizes.push(requests.length);
        await sleep(20);
        running -= 1;
        return requests.map((n) => `answer ${n}`);
      },
      limit: 40,
      inFlight: 2,
      mayBeOnes: () => false,
    });
    const submit = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => batcher.submit('a', from + n));
    const first = submit(0, 3);
    await sleep(5);
    const rest = submit(3, 90);
    expect(await Promise.all([...first, ...rest])).toEqual(Array.from({ length: 93 }, (_, n) => `answer ${n}`));
    expect({ most, sizes }).toEqual({ most: 2, sizes: [3, 40, 40, 10] });
    // It has ended, and begins anew.
    expect(await batcher.submit('a', 7)).toBe('answer 7');
  });

  it('runs lanes beside each other', async () => {
    const batches: Batch[] = [];
    const batcher = batcherOn(batches, { takes: () => sleep(50) });
    const started = Date.now();
    await Promise.all(['a', 'b', 'c', 'd'].map((lane, n) => batcher.submit(lane, request(n))));
    expect(batches).toHaveLength(4);
    expect(Date.now() - started).toBeLessThan(150);
  });

  it('tries each alone when one may have spoiled the batch, and only then', async () => {
    const batches: Batch[] = [];
    const batcher = batcherOn(batches);
    const ends = await Promise.all(
      [0, 1, 2].map((n) => endOf(batcher.submit('a', request(n, n === 1 ? 'poison' : 'answered')))),
    );
    expect(ends).toEqual(['answer 0', 'OnesFault', 'answer 2']);
    expect(numbers(batches)).toEqual([[0, 1, 2], [0], [1], [2]]);
  });

  it('fails all of a batch whose failure is nobody’s, once', async () => {
    let runs = 0;
    const batcher = new Batcher<Request, string>({
      run: () => {
        runs += 1;
        return Promise.reject(new Outage());
      },
      limit: LIMIT,
      mayBeOnes: (error) => error instanceof OnesFault,
    });
    const ends = await Promise.all([0, 1, 2].map((n) => endOf(batcher.submit('a', request(n)))));
    expect(ends).toEqual(['Outage', 'Outage', 'Outage']);
    expect(runs).toBe(1);
  });

  it('goes on after a failure', async () => {
    const batches: Batch[] = [];
    const batcher = batcherOn(batches);
    expect(await endOf(batcher.submit('a', request(0, 'poison')))).toBe('OnesFault');
    expect(await endOf(batcher.submit('a', request(1)))).toBe('answer 1');
  });

  it('rejects a request that the batch has no answer for, and no other', async () => {
    const batcher = new Batcher<Request, string>({
      run: () => Promise.resolve(['only one']),
      limit: LIMIT,
      mayBeOnes: () => false,
    });
    const ends = await Promise.allSettled([0, 1].map((n) => batcher.submit('a', request(n))));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('answers 503 when ten thousand wait in a lane, and serves the others', async () => {
    const batches: Batch[] = [];
    const batcher = batcherOn(batches, { limit: 20_000 });
    const submitted = Array.from({ length: 10_001 }, (_, n) => endOf(batcher.submit('a', request(n))));
    const other = endOf(batcher.submit('b', request(0)));
    const ends = await Promise.all(submitted);
    expect(ends.filter((end) => end === 'refused Too many requests are waiting')).toHaveLength(1);
    expect(ends.at(-1)).toBe('refused Too many requests are waiting');
    expect(await other).toBe('answer 0');
  });

  it('answers everyone exactly once, no key twice in a batch, in order for each key, whatever comes when', async () => {
    const arrivals = fc.array(
      fc.record({
        keys: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 2 }),
        fate: fc.constantFrom<Request['fate']>('answered', 'answered', 'answered', 'refused', 'poison'),
        lane: fc.constantFrom('a', 'b'),
        pause: fc.constantFrom(0, 0, 0, 0, 1, 2),
      }),
      { maxLength: 40, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async (arriving) => {
        const batches: Batch[] = [];
        const batcher = batcherOn(batches);
        const ends: Promise<string>[] = [];
        const requests = arriving.map(({ keys, fate }, n) => request(n, fate, keys));
        for (const [n, { lane, pause }] of arriving.entries()) {
          for (let turn = 0; turn < pause; turn++) await nextTurn();
          ends.push(endOf(batcher.submit(lane, requests[n]!)));
        }
        expect(await Promise.all(ends)).toEqual(requests.map(wantedEnd));
        for (const { requests: batch } of batches) {
          expect(batch.length).toBeLessThanOrEqual(LIMIT);
          const keys = batch.flatMap((one) => one.keys);
          expect(new Set(keys).size).toBe(keys.length);
        }
        // A batch that was spoiled is run once more, one by one: what counts is where each was run to its end.
        const done = batches.filter(({ failed, requests: batch }) => !failed || batch.length === 1);
        expect(done.flatMap(({ requests: batch }) => batch.map(({ n }) => n)).sort((a, b) => a - b)).toEqual(
          requests.map(({ n }) => n),
        );
        for (const lane of ['a', 'b']) {
          for (const key of ['x', 'y', 'z']) {
            const ofKey = done
              .filter((batch) => batch.lane === lane)
              .flatMap((batch) => batch.requests.filter(({ keys }) => keys.includes(key)).map(({ n }) => n));
            expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
