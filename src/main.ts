import 'reflect-metadata';
import { buildApi } from './api';
import { entities } from './app.module';
import { layFoundation } from './platform/boot';
import { readConfig } from './platform/config';
import { startMetricsServer } from './platform/metrics';
import { asPortFault } from './platform/port-fault';
import { createBell, prepareQueue } from './platform/queue';
import { runService } from './platform/run-service';

/** The API process. */
runService('api', async () => {
  const config = readConfig(process.env);
  const foundation = await layFoundation(config, 'api', entities);
  const { database, databaseUrl, keyRing, signingKeys, fence, logger } = foundation;
  const queue = { redisUrl: config.redisUrl, databaseUrl };
  await prepareQueue(queue, logger);
  const bell = createBell({ ...queue, logger });
  const app = await buildApi({ config, database, keyRing, signingKeys, logger, bell, fence });
  void fence.whenOpen();
  await app.listen(config.port, '0.0.0.0').catch((error: unknown) => {
    throw asPortFault(error, config.port, 'PORT');
  });
  const metricsServer = config.metricsPort === undefined ? undefined : await startMetricsServer(config.metricsPort);
  const { port } = new URL(await app.getUrl());
  logger.info({ port: Number(port) }, 'serving');
  return {
    ready: { port: Number(port), metricsPort: metricsServer?.port },
    close: async () => {
      fence.stop();
      await app.close();
      await bell.close();
      await metricsServer?.close();
      await foundation.close();
    },
  };
});
