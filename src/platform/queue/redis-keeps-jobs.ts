import { Redis } from 'ioredis';
import type { Logger } from '../logging';

/** What Redis says to whoever it does not know, or who has not said who they are. */
const REFUSED = /^(WRONGPASS|NOAUTH)\b/;

/** The Redis at hand throws away keys when its memory is full, jobs among them. */
export class EvictingRedisError extends Error {
  override readonly name = 'EvictingRedisError';

  constructor(policy: string) {
    super(
      `Redis has maxmemory-policy ${policy} and would drop jobs when its memory is full. ` +
        'Set "maxmemory-policy noeviction" in redis.conf, or run CONFIG SET maxmemory-policy noeviction, ' +
        'or point REDIS_URL to a Redis of its own.',
    );
  }
}

/**
 * Rejects with an EvictingRedisError, so that the process does not start, when Redis says that it evicts. A Redis that cannot be asked
 * (away, or INFO not allowed) is not refused: the service must start without its bell too; the log says that nobody looked.
 */
export async function assertRedisKeepsJobs(redisUrl: string, logger: Logger): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 2000,
    retryStrategy: null,
  });
  redis.on('error', () => undefined); // ioredis prints errors that nobody listens to; the call below rejects with the same one.
  let memory: string;
  try {
    memory = await redis.info('memory');
  } catch (error) {
    if (REFUSED.test((error as Error).message))
      logger.error(
        { error },
        'Redis refuses the user or the password in REDIS_URL. Until they are right, nobody hears the bell.',
      );
    else logger.warn({ error }, 'Redis could not be asked for its maxmemory-policy. It must be noeviction.');
    return;
  } finally {
    redis.disconnect();
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  if (policy !== undefined && policy !== 'noeviction') throw new EvictingRedisError(policy);
}
