import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../logging';
import { streamed } from './streamed';

const options = { logger: createLogger('silent', 'test'), what: 'test', type: 'text/plain' };

/** Pieces that count how many were made, and whether whoever makes them was told that nobody reads on. */
function counted(pieces: number): { made: () => number; isOver: () => boolean; of: AsyncGenerator<string> } {
  let [made, isOver] = [0, false];
  async function* make(): AsyncGenerator<string> {
    try {
      for (let n = 0; n < pieces; n++) {
        made += 1;
        yield `${n}`.padEnd(1000);
      }
    } finally {
      isOver = true;
    }
  }
  return { made: () => made, isOver: () => isOver, of: make() };
}

async function closed(stream: Readable): Promise<unknown> {
  const error = once(stream, 'error').catch(() => undefined);
  await once(stream, 'close').catch(() => undefined);
  return Promise.race([error.then((found) => found?.[0] as unknown), sleep(10)]);
}

describe('an answer that is sent as it is made', () => {
  it('is made piece by piece, and no further than it is read', async () => {
    const source = counted(50);
    const stream = streamed(source.of, options).getStream();
    await once(stream, 'readable');
    await sleep(20);
    expect(source.made()).toBeLessThan(3);
    let length = 0;
    for await (const piece of stream) length += (piece as Buffer).length;
    expect([length, source.made(), source.isOver()]).toEqual([50_000, 50, true]);
  });

  it('ends when the reader goes away', async () => {
    const source = counted(50);
    const stream = streamed(source.of, options).getStream();
    await once(stream, 'readable');
    stream.destroy();
    await closed(stream);
    await sleep(10);
    expect([source.made() < 3, source.isOver()]).toEqual([true, true]);
  });

  it('breaks off when the reader stands still', async () => {
    const source = counted(50);
    const stream = streamed(source.of, { ...options, stallSeconds: 0.02 }).getStream();
    await once(stream, 'readable');
    expect(await closed(stream)).toEqual(new Error('The reader stands still'));
    await sleep(10);
    expect([source.made() < 3, source.isOver()]).toEqual([true, true]);
  });

  it('breaks off when a piece fails', async () => {
    async function* failing(): AsyncGenerator<string> {
      yield 'something';
      throw new Error('the store is away');
    }
    const read = async () => {
      for await (const _ of streamed(failing(), options).getStream());
    };
    await expect(read()).rejects.toThrow('the store is away');
  });
});
