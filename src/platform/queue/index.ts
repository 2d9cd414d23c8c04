export { createBell, type Bell, type BellOptions } from './bell';
export { listenToBell, type Listener, type ListenerOptions } from './listener';
export { migrateQueue } from './migrate-queue';
export { prepareQueue } from './prepare-queue';
export type { QueueSetting } from './queue-setting';
export { assertRedisKeepsJobs, EvictingRedisError } from './redis-keeps-jobs';
