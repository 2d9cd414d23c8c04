import { setTimeout as sleep } from 'node:timers/promises';
import { layFoundation } from './platform/boot';
import { readConfig } from './platform/config';
import { startMetricsServer } from './platform/metrics';
import { Outbound } from './platform/outbound';
import { runService } from './platform/run-service';
import { startWork } from './work';

/** Long enough for a sweep; who is owed more does not keep the others from being heard. */
const FIRST_SWEEP_MS = 250;

/**
 * The worker process: does what is owed, whenever the bell rings, and finds it when the bell does not. What is owed from
 * before does not wait for the bell, whose library takes longer to load than all else together.
 */
runService('worker', async () => {
  const config = readConfig(process.env);
  const foundation = await layFoundation(config, 'worker', []);
  const { database, databaseUrl, keyRing, logger, signingKeys } = foundation;
  const outbound = new Outbound({ allowLoopback: config.allowLoopbackWebhooks, keepAlive: true });
  const work = startWork(database, keyRing, signingKeys, outbound, logger);
  await Promise.race([work.begun, sleep(FIRST_SWEEP_MS, undefined, { ref: false })]);
  const { listenToBell, prepareQueue } = await import('./platform/queue/index.js');
  const queue = { redisUrl: config.redisUrl, databaseUrl };
  await prepareQueue(queue, logger);
  const listener = listenToBell({ ...queue, logger, concurrency: 4, onRing: (id) => work.attend(id) });
  const metricsServer =
    config.metricsPort === undefined
      ? undefined
      : await startMetricsServer(config.metricsPort === 0 ? 0 : config.metricsPort + 1);
  logger.info('working');
  return {
    ready: { metricsPort: metricsServer?.port },
    close: async () => {
      await Promise.all([listener.close(), work.close()]);
      await metricsServer?.close();
      await foundation.close();
    },
  };
});
