import { createServer } from 'node:net';
import { join } from 'node:path';
import { findStore } from './platform/boot';
import type { Config } from './platform/config';
import { asPortFault } from './platform/port-fault';
import { spawnService, type Service } from './platform/supervisor';

export interface RunningServices {
  /** Of the API. */
  port: number;
  databaseUrl: string;
  /** Ends worker and API, then the database where it is ours. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** Takes each line that the services write, which otherwise go where ours go. */
  onLine?: (line: string) => void;
  /** Told what is being done, for people who wait. */
  onProgress?: (what: string) => void;
}

/**
 * Starts API and worker as processes of ours on the database that the settings name, or on the embedded one.
 * @param env over our own environment; must be the one that config was read from
 * @throws when a port is taken or a service does not come up; nothing is left running then.
 */
export async function startServices(
  config: Config,
  env: NodeJS.ProcessEnv,
  { onLine, onProgress = () => undefined }: StartOptions = {},
): Promise<RunningServices> {
  await requireFree(config.port, 'PORT');
  if (config.metricsPort) {
    await requireFree(config.metricsPort, 'METRICS_PORT');
    await requireFree(config.metricsPort + 1, 'METRICS_PORT');
  }
  onProgress(config.databaseUrl ? 'connecting to PostgreSQL' : `starting the embedded PostgreSQL in ${config.dataDir}`);
  const { url, kek, files, stop } = await findStore(config);
  const all = {
    ...env,
    DATABASE_URL: url,
    ...(kek && { GEGENWERT_KEK: kek.toString('base64') }),
    ...(files && { GEGENWERT_DATABASE_FILES: files }),
    GEGENWERT_WEBHOOK_ALLOW_LOOPBACK: String(config.allowLoopbackWebhooks),
  };
  const spawn = (name: string, script: string): Promise<Service> =>
    spawnService(join(__dirname, script), {
      name,
      env: all,
      restart: true,
      ...(onLine === undefined ? {} : { onLine }),
    });
  onProgress('bringing the schema up to date, and starting API and worker');
  const [api, worker] = await Promise.allSettled([spawn('api', 'main.js'), spawn('worker', 'worker.js')]);
  const close = async (): Promise<void> => {
    await Promise.all([api, worker].flatMap((one) => (one.status === 'fulfilled' ? [one.value.stop()] : [])));
    await stop();
  };
  if (api.status === 'fulfilled' && worker.status === 'fulfilled') {
    return { port: Number(api.value.ready['port']), databaseUrl: url, close };
  }
  await close();
  throw api.status === 'rejected' ? api.reason : (worker as PromiseRejectedResult).reason;
}

/** Asked before anything is started, so that who has to choose another port is told so at once and in words. */
function requireFree(port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(asPortFault(error, port, setting)));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve()));
  });
}
