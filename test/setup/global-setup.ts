import type { EmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { makeRunFolder } from './temporary-folder';
import { startTestCluster } from './test-cluster';

declare global {
  var gegenwertTestCluster: EmbeddedPostgres | undefined;
}

export default async function globalSetup(): Promise<void> {
  makeRunFolder();
  globalThis.gegenwertTestCluster = await startTestCluster();
}
