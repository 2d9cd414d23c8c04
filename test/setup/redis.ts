import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/platform/free-port';
import { keepProcess } from '../../src/platform/kept-process';
import { temporaryFolder } from './temporary-folder';

export interface TestRedis {
  url: string;
  /** Undefined when the server is not ours. */
  pid: number | undefined;
  stop(): Promise<void>;
}

/**
 * A Redis of one's own, empty and without persistence; where there is no `redis-server`, a database of the one at
 * REDIS_URL; undefined when there is neither, or when that one would not have the arguments asked for.
 *
 * @param args settings: `['--maxmemory-policy', 'allkeys-lru']`
 */
export async function startRedis(args: string[] = []): Promise<TestRedis | undefined> {
  const program = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'redis-server'));
  const found = program.find(isExecutable);
  if (found !== undefined) return startServer(found, args);
  if (process.env.REDIS_URL === undefined || args.length > 0) return undefined;
  const url = new URL(process.env.REDIS_URL);
  url.pathname = `/${process.env.JEST_WORKER_ID ?? 0}`;
  return { url: url.href, pid: undefined, stop: () => Promise.resolve() };
}

async function startServer(program: string, args: string[]): Promise<TestRedis> {
  const port = await freePort();
  const folder = temporaryFolder();
  const fixed = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no'];
  const kept = keepProcess(program, [...fixed, ...args], {
    signal: 'TERM',
    removeFolder: folder,
    output: 'ignore',
    env: process.env,
  });
  const url = `redis://127.0.0.1:${port}`;
  const ended = kept.exited.then((code) => {
    throw new Error(`redis-server ended with code ${code}: does it know ${args.join(' ')}?`);
  });
  const pid = await Promise.race([pidOf(url), ended]);
  return { url, pid, stop: () => kept.stop() };
}

async function pidOf(url: string): Promise<number> {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 500 });
  redis.on('error', () => undefined); // Not listening yet.
  try {
    return Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
  } finally {
    redis.disconnect();
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
