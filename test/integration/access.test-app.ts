import { randomBytes } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AccessModule, Allow, Caller, Public, type Principal } from '../../src/access';
import { IdempotencyModule } from '../../src/idempotency';
import { readConfig } from '../../src/platform/config';
import { Database } from '../../src/platform/database';
import { ProblemFilter } from '../../src/platform/http/problem.filter';
import { validationPipe } from '../../src/platform/http/validation';
import { KeyRing } from '../../src/platform/key-ring';
import { createLogger } from '../../src/platform/logging';
import { PlatformModule } from '../../src/platform/platform.module';
import { createTestDatabase } from '../setup/database';

export const OPERATOR_KEY = 'an operator key, of $ome length';

const UNLIMITED = { GEGENWERT_CUSTOMER_CALLS_PER_MINUTE: '0', GEGENWERT_UNKNOWN_CALLS_PER_MINUTE: '0' };

/** What a refusal looks like. */
export const refused = (status: number, type: string) => ({ status, body: { type: `urn:gegenwert:problem:${type}` } });
export const unknownCaller = refused(401, 'unauthorized');

/** A route for each kind of caller that answers who the guard says is calling. */
@Controller('probe')
class ProbeController {
  @Get('public')
  @Public()
  open() {
    return { open: true };
  }

  @Get('unsaid')
  unsaid() {
    return { open: true };
  }

  @Get('any')
  @Allow('operator', 'storefront', 'recipient', 'customer', 'marketing', 'dpo', 'admin')
  any(@Caller() caller: Principal) {
    return caller;
  }

  @Get('storefront')
  @Allow('storefront')
  storefront(@Caller() caller: Principal) {
    return caller;
  }

  @Get('marketing')
  @Allow('marketing')
  marketing(@Caller() caller: Principal) {
    return caller;
  }

  @Get('customer')
  @Allow('customer')
  customer(@Caller() caller: Principal) {
    return caller;
  }
}

@Controller('open')
@Public()
class OpenController {
  @Get('closed')
  @Allow('admin')
  closed() {
    return { open: true };
  }
}

@Module({ controllers: [ProbeController, OpenController] })
class ProbeModule {}

interface Answer {
  status: number;
  // What a test reads of it, it also checks.
  // eslint-disable-next-line typescript/no-explicit-any
  body: any;
  headers: Record<string, unknown>;
}

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;

export async function startTestApp(overrides: { operatorKey?: undefined } = {}) {
  const testDatabase = await createTestDatabase();
  const database = await Database.connect({ url: testDatabase.url, connections: 10, entities: [] });
  const kek = randomBytes(32);
  const config = { ...readConfig({ LOG_LEVEL: 'silent', ...UNLIMITED }), operatorKey: OPERATOR_KEY, ...overrides };
  const keyRing = new KeyRing(kek, database);
  const logger = createLogger('silent', 'test');
  const platform = { config, database, keyRing, logger, bell: { ring: () => undefined } };
  const moduleRef = await Test.createTestingModule({
    imports: [PlatformModule.of(platform as never), IdempotencyModule, AccessModule, ProbeModule],
  }).compile();
  const app = moduleRef.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(logger as never));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();

  const call = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    bearer?: string,
    body?: object,
    headers = {},
  ): Promise<Answer> => {
    const response = await app.inject({
      method,
      url,
      headers: { ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const text = response.body;
    return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
  };

  let programmes = 0;
  return {
    app,
    call,
    database,
    keyRing,
    url: testDatabase.url,
    /** A programme's first admin key. */
    async foundProgramme(): Promise<{ id: string; adminKey: string }> {
      programmes += 1;
      const programme = { slug: `programme-${programmes}`, name: 'Rosenrot Club', locale: 'de' };
      const { status, body } = await call('POST', '/v1/programmes', OPERATOR_KEY, programme);
      expect(status).toBe(201);
      return body;
    },
    async issueKey(adminKey: string, wanted: object): Promise<{ id: string; key: string }> {
      const { status, body } = await call('POST', '/v1/keys', adminKey, { name: 'a key', ...wanted });
      expect({ status, body }).toMatchObject({ status: 201 });
      return body;
    },
    async stop(): Promise<void> {
      await app.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}
