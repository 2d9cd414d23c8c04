import 'reflect-metadata';
import { layFoundation } from './platform/boot';
import { readConfig } from './platform/config';
import { startMetricsServer } from './platform/metrics';
import { listenToBell } from './platform/queue';
import { runService } from './platform/run-service';
import { startWork } from './work';

/** The worker process: does what is owed, whenever the bell rings, and finds it when the bell does not. */
runService('worker', async () => {
  const config = readConfig(process.env);
  const foundation = await layFoundation(config, 'worker', []);
  const { database, databaseUrl, logger } = foundation;
  const work = startWork(database, logger);
  const listener = listenToBell({
    redisUrl: config.redisUrl,
    databaseUrl,
    logger,
    concurrency: 4,
    onRing: (id) => work.attend(id),
  });
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
