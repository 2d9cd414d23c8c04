import type { EmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { startTestCluster } from './test-cluster';

declare global {
  var gegenwertTestCluster: EmbeddedPostgres | undefined;
}

export default async function globalSetup(): Promise<void> {
  globalThis.gegenwertTestCluster = await startTestCluster();
}
