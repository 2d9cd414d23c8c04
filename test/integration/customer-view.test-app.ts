import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AppModule, entities } from '../../src/app.module';
import { readConfig } from '../../src/platform/config';
import { Database } from '../../src/platform/database';
import { parsePublicId } from '../../src/platform/ids';
import { ProblemFilter } from '../../src/platform/http/problem.filter';
import { validationPipe } from '../../src/platform/http/validation';
import { KeyRing } from '../../src/platform/key-ring';
import { createLogger } from '../../src/platform/logging';
import { SigningKeys } from '../../src/platform/signing-keys';
import { runJobs } from '../../src/jobs/core';
import { forfeit } from '../../src/ledger';
import { finishMerges, moveOwedPoints } from '../../src/merging/core';
import { countOverdue, customerErasure, endings, eraseOwed, expireConsents, markOverdue } from '../../src/revocation';
import { grantOwed } from '../../src/rewards';
import { createProgramme } from '../builders/programme';
import { createTestDatabase } from '../setup/database';
import { call, type Answer, type RunningService } from '../setup/service';

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;
export { createProgramme, type TestProgramme } from '../builders/programme';

const JOBS = {
  'customer-erasure': customerErasure(forfeit),
  ...endings,
};

/** The whole API in this process; what a worker would do is done when a test says so. */
export async function startTestApp() {
  const testDatabase = await createTestDatabase();
  const database = await Database.connect({ url: testDatabase.url, connections: 10, entities });
  const keyRing = new KeyRing(randomBytes(32), database);
  const operatorKey = randomBytes(24).toString('base64url');
  const logger = createLogger('silent', 'test');
  const platform = {
    config: { ...readConfig({ LOG_LEVEL: 'silent' }), operatorKey },
    database,
    keyRing,
    signingKeys: await SigningKeys.load(database, keyRing),
    logger,
    bell: { ring: () => undefined, healthy: async () => true, close: async () => undefined },
  };
  const moduleRef = await Test.createTestingModule({ imports: [AppModule.of(platform)] }).compile();
  const adapter = new FastifyAdapter({ routerOptions: { maxParamLength: 256 } });
  const app = moduleRef.createNestApplication<NestFastifyApplication>(adapter, { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const owner = new Client({ connectionString: testDatabase.url });
  await owner.connect();
  const uuidOf = (programme: string) => parsePublicId('prg', programme)!;

  return {
    url,
    databaseUrl: testDatabase.url,
    database,
    keyRing,
    /** The superuser's connection. */
    owner,
    uuidOf,
    programme: (offer?: Record<string, unknown>) => createProgramme({ url, operatorKey } as RunningService, offer),
    get: (path: string, key: string): Promise<Answer> => call(url, 'GET', path, { key }),
    post: (path: string, key: string, body: object): Promise<Answer> => call(url, 'POST', path, { key, body }),
    /** A session token of a customer. */
    async tokenOf(storefrontKey: string, customerRef: string): Promise<string> {
      const body = { customerRef, locale: 'de' };
      const answer = await call(url, 'POST', '/v1/customer-sessions', { key: storefrontKey, body });
      return answer.body['token'] as string;
    },
    /** Books the awards that are owed. */
    grant: (programme: string): Promise<void> => grantOwed(database, uuidOf(programme), () => false),
    /** Moves on what came to customers who are merged away. */
    moveOn: (programme: string): Promise<void> => moveOwedPoints(database, uuidOf(programme), () => false),
    /** Makes final the merges whose time is over. */
    finish: (programme: string): Promise<void> => finishMerges(database, uuidOf(programme), () => false),
    /** Does the jobs of customers who leave. */
    leave: (programme: string): Promise<void> => runJobs(database, uuidOf(programme), JOBS, () => false),
    /** Marks what is overdue, at a time or now; answers how much. */
    markOverdue: (programme: string, at?: Date): Promise<number> =>
      markOverdue(database, uuidOf(programme), () => false, at),
    /** In all programmes. */
    countOverdue: (): Promise<number> => countOverdue(database),
    /** Ends consents whose time is over. */
    expire: (programme: string): Promise<void> => expireConsents(database, uuidOf(programme), () => false),
    /** Erases what is owed. */
    erase: (programme: string): Promise<void> => eraseOwed(database, uuidOf(programme), () => false),
    async stop(): Promise<void> {
      await owner.end();
      await app.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}
