import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { buildApi } from '../../src/api';
import { entities } from '../../src/app.module';
import { readConfig } from '../../src/platform/config';
import { Database } from '../../src/platform/database';
import { KeyRing } from '../../src/platform/key-ring';
import { createLogger } from '../../src/platform/logging';
import { SigningKeys } from '../../src/platform/signing-keys';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase } from '../setup/database';
import type { RunningService } from '../setup/service';

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

/** The API as it is served, in this process: with all that stands in front of its routes, and pages out of a folder of the test's own. */
export async function startTestApi({ env, pages }: { env?: NodeJS.ProcessEnv; pages?: string } = {}) {
  const testDatabase = await createTestDatabase();
  const database = await Database.connect({ url: testDatabase.url, connections: 10, entities });
  const keyRing = new KeyRing(randomBytes(32), database);
  const operatorKey = randomBytes(24).toString('base64url');
  const unlimited = { GEGENWERT_CUSTOMER_CALLS_PER_MINUTE: '0', GEGENWERT_UNKNOWN_CALLS_PER_MINUTE: '0' };
  const config = { ...readConfig({ LOG_LEVEL: 'silent', ...unlimited, ...env }), operatorKey };
  const logger = createLogger('silent', 'test');
  const bell = { ring: () => undefined, healthy: async () => true, close: async () => undefined };
  const signingKeys = await SigningKeys.load(database, keyRing);
  const app = await buildApi({ config, database, keyRing, signingKeys, logger, bell }, pages);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const owner = new Client({ connectionString: testDatabase.url });
  await owner.connect();
  return {
    app,
    url,
    /** The superuser's connection. */
    owner,
    programme: (): Promise<TestProgramme> => createProgramme({ url, operatorKey } as RunningService),
    async stop(): Promise<void> {
      await owner.end();
      await app.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}
