import './global-setup';
import { removeRunFolder } from './temporary-folder';

export default async function globalTeardown(): Promise<void> {
  await globalThis.gegenwertTestCluster?.stop();
  removeRunFolder();
}
