import { readConfig } from './platform/config';
import { runService } from './platform/run-service';
import { startServices } from './start-services';

/** API and worker as two processes under one parent, which owns the embedded database where there is one. */
runService('service', async () => {
  const { port, close } = await startServices(readConfig(process.env), process.env);
  return { ready: { port }, close };
});
