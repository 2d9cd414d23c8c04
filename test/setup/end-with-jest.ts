import { isAlive } from '../../src/platform/process-info';
import { JEST_PID_VARIABLE } from './test-cluster';

// Jest's own test processes go on with their test when Jest is killed, and what a test has started with them.
const watch = setInterval(() => {
  const jestPid = process.env[JEST_PID_VARIABLE];
  if (jestPid !== undefined && !isAlive(Number(jestPid))) process.kill(process.pid, 'SIGKILL');
}, 500);
watch.unref();

afterAll(() => clearInterval(watch));
