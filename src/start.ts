import { join } from 'node:path';
import { findStore } from './platform/boot';
import { readConfig } from './platform/config';
import { runService } from './platform/run-service';
import { spawnService, type Service } from './platform/supervisor';

/** API and worker as two processes under one parent, which owns the embedded database where there is one. */
runService('service', async () => {
  const config = readConfig(process.env);
  const { url, kek, stop } = await findStore(config);
  const env = {
    ...process.env,
    DATABASE_URL: url,
    GEGENWERT_KEK: kek.toString('base64'),
    GEGENWERT_WEBHOOK_ALLOW_LOOPBACK: String(config.allowLoopbackWebhooks),
  };
  const services: Service[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop()));
    await stop();
  };
  try {
    services.push(await spawnService(join(__dirname, 'main.js'), { name: 'api', env, restart: true }));
    services.push(await spawnService(join(__dirname, 'worker.js'), { name: 'worker', env, restart: true }));
  } catch (error) {
    await close();
    throw error;
  }
  return { ready: { port: services[0]?.ready['port'] }, close };
});
