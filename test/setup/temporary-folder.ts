import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the test processes find the folder that all others of the run are made in. */
const RUN_FOLDER_VARIABLE = 'GEGENWERT_TEST_FOLDER';

/** A new folder that, unlike `mkdtemp`'s, another account can pass through: PostgreSQL's, when the tests run as root. It goes with the run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(process.env[RUN_FOLDER_VARIABLE] ?? tmpdir(), 'gegenwert-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** Before anything else of a run. As open as /tmp: another account also removes there what is its own. */
export function makeRunFolder(): void {
  const folder = temporaryFolder();
  chmodSync(folder, 0o1777);
  process.env[RUN_FOLDER_VARIABLE] = folder;
}

/** When all that wrote there has ended. */
export function removeRunFolder(): void {
  const folder = process.env[RUN_FOLDER_VARIABLE];
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
