import './platform/threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Foundation, layFoundation } from './platform/boot';
import { readConfig } from './platform/config';
import { startMetricsServer } from './platform/metrics';
import { Outbound } from './platform/outbound';
import { runService } from './platform/run-service';
import { startWork } from './work';

/** Long enough for a sweep; who is owed more does not keep the others from being heard. */
const FIRST_SWEEP_MS = 250;

/**
 * The worker process: does what is owed, whenever the bell rings, and finds it when the bell does not. What is owed from
 * before does not wait for the bell, whose library takes longer to load than all else together. On a database that was
 * restored it waits until what was erased is erased again.
 */
runService('worker', async () => {
  const foundation = await layFoundation(readConfig(process.env), 'worker', []);
  const { config, fence } = foundation;
  // What is at hand is given up; whoever keeps this process running starts another one, which waits.
  fence.onClosed = () => process.kill(process.pid, 'SIGTERM');
  let close: (() => Promise<void>) | undefined;
  const begun = fence.whenOpen().then(async () => {
    if (fence.closed === undefined) close = await begin(foundation);
  });
  if (fence.closed === undefined) await begun;
  // Ready, and with nothing that it could do yet: whoever started it must not take that for a failure.
  else begun.catch((error: unknown) => setImmediate(() => Promise.reject(error as Error)));
  const metricsServer =
    config.metricsPort === undefined
      ? undefined
      : await startMetricsServer(config.metricsPort === 0 ? 0 : config.metricsPort + 1);
  return {
    ready: { metricsPort: metricsServer?.port },
    close: async () => {
      fence.stop();
      await close?.();
      await metricsServer?.close();
      await foundation.close();
    },
  };
});

async function begin(foundation: Foundation): Promise<() => Promise<void>> {
  const { config, database, databaseUrl, keyRing, logger, signingKeys } = foundation;
  const outbound = new Outbound({ allowLoopback: config.allowLoopbackWebhooks, keepAlive: true });
  const work = startWork(database, keyRing, signingKeys, outbound, logger);
  await Promise.race([work.begun, sleep(FIRST_SWEEP_MS, undefined, { ref: false })]);
  const { listenToBell, prepareQueue } = await import('./platform/queue/index.js');
  const queue = { redisUrl: config.redisUrl, databaseUrl };
  await prepareQueue(queue, logger);
  const listener = listenToBell({ ...queue, logger, concurrency: 4, onRing: (id) => work.attend(id) });
  logger.info('working');
  return async () => {
    await Promise.all([listener.close(), work.close()]);
  };
}
