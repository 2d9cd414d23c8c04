import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that, unlike `mkdtemp`'s, another account can pass through: PostgreSQL's, when the tests run as root. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gegenwert-'));
  chmodSync(folder, 0o711);
  return folder;
}
