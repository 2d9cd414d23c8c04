import type { Logger } from '../logging';
import { migrateQueue } from './migrate-queue';
import type { QueueSetting } from './queue-setting';
import { assertRedisKeepsJobs } from './redis-keeps-jobs';

/** To be called before a bell or a listener is made. @throws when the Redis named evicts jobs: the error says what to do. */
export function prepareQueue({ redisUrl, databaseUrl }: QueueSetting, logger: Logger): Promise<void> {
  return redisUrl === undefined ? migrateQueue(databaseUrl) : assertRedisKeepsJobs(redisUrl, logger);
}
