import { createPostgresBackend, Queue, Worker, type IQueueBackend, type Job, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { queueConnection, queueName, type QueueSetting, type Ring } from './queue-setting';

/** What we use of BullMQ's Queue, the same on both backends. */
export interface OpenQueue {
  add(name: string, data: Ring, options: JobsOptions): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  getBackend(): IQueueBackend;
  close(): Promise<void>;
}

/** What we use of BullMQ's Worker. */
export interface OpenWorker {
  waitUntilReady(): Promise<unknown>;
  run(): Promise<void>;
  getBackend(): IQueueBackend;
  close(): Promise<void>;
  disconnect(): Promise<void>;
}

/** Nobody waits for these calls. Much shorter, and a busy machine looks like a queue that hangs. */
const callTimeoutMs = 3000;
const retryAfterMs = 300;

/** A queue to put rings into. Every call to it settles within a few seconds, whether the queue is away or hangs. */
export function openQueue(setting: QueueSetting, onError: (error: Error) => void): OpenQueue {
  return setting.redisUrl ? queueOnRedis(setting.redisUrl, onError) : queueOnPostgres(setting.databaseUrl, onError);
}

const queueOptions = { streams: { events: { maxLen: 100 } } };

function queueOnRedis(redisUrl: string, onError: (error: Error) => void): OpenQueue {
  // Commands fail at once when Redis is away and after a while when it hangs; none is kept to be sent later.
  const redis = new Redis(redisUrl, {
    connectTimeout: callTimeoutMs,
    commandTimeout: callTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => retryAfterMs,
  });
  const queue = new Queue<Ring>(queueName, { ...queueOptions, connection: redis, skipVersionCheck: true });
  queue.on('error', onError);
  return Object.assign(queue, {
    close: async () => {
      redis.disconnect();
      await Queue.prototype.close.call(queue);
    },
  });
}

function queueOnPostgres(databaseUrl: string, onError: (error: Error) => void): OpenQueue {
  const connection = {
    ...queueConnection(databaseUrl),
    max: 2,
    connectionTimeoutMillis: callTimeoutMs,
    query_timeout: callTimeoutMs,
  };
  const queue = new Queue(queueName, { ...queueOptions, connection }, createPostgresBackend);
  queue.on('error', onError);
  return queue;
}

export interface WorkerSetting extends QueueSetting {
  concurrency: number;
}

/**
 * A worker that has not begun to run. With BullMQ's own lock of 30 s a worker killed in the middle would leave its programme waiting
 * for a minute.
 */
export function openWorker(
  setting: WorkerSetting,
  process: (job: Job<Ring>) => Promise<void>,
  onError: (error: Error) => void,
): OpenWorker {
  const options = {
    concurrency: setting.concurrency,
    autorun: false,
    lockDuration: 5000,
    stalledInterval: 1000,
    runRetryDelay: 500,
  };
  if (setting.redisUrl) {
    const connection = { url: setting.redisUrl, maxRetriesPerRequest: null, retryStrategy: () => retryAfterMs };
    return new Worker<Ring, void>(queueName, process, { ...options, connection }).on('error', onError);
  }
  const connection = {
    ...queueConnection(setting.databaseUrl),
    max: setting.concurrency + 2,
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
  };
  return new Worker(queueName, process, { ...options, connection }, createPostgresBackend).on('error', onError);
}
