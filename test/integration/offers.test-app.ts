import { randomBytes } from 'node:crypto';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AccessModule } from '../../src/access';
import { catalogueEntities, CatalogueModule } from '../../src/catalogue';
import { IdempotencyModule } from '../../src/idempotency';
import { OfferBook, offerEntities, OffersModule } from '../../src/offers';
import { readConfig } from '../../src/platform/config';
import { Database } from '../../src/platform/database';
import { ProblemFilter } from '../../src/platform/http/problem.filter';
import { validationPipe } from '../../src/platform/http/validation';
import { KeyRing } from '../../src/platform/key-ring';
import { createLogger } from '../../src/platform/logging';
import { parsePublicId } from '../../src/platform/ids';
import { PlatformModule } from '../../src/platform/platform.module';
import { createTestDatabase } from '../setup/database';

const OPERATOR_KEY = 'an operator key, long enough';

interface Answer {
  status: number;
  // What a test reads of it, it also checks.
  // eslint-disable-next-line typescript/no-explicit-any
  body: any;
  headers: Record<string, unknown>;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT';
export type Calls = (method: Method, url: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

/** A programme with a key for each kind of caller. */
export interface TestProgramme {
  id: string;
  admin: Calls;
  marketing: Calls;
  dpo: Calls;
  storefront: Calls;
}

export type OffersTestApp = Awaited<ReturnType<typeof startOffersApp>>;

/** The catalogue and the offers over HTTP, on a database of their own. */
export async function startOffersApp(settings: { allowLoopbackWebhooks?: boolean } = {}) {
  const testDatabase = await createTestDatabase();
  const entities = [...catalogueEntities, ...offerEntities];
  const database = await Database.connect({ url: testDatabase.url, connections: 10, entities });
  const config = { ...readConfig({ LOG_LEVEL: 'silent' }), operatorKey: OPERATOR_KEY, ...settings };
  const keyRing = new KeyRing(randomBytes(32), database);
  const errors: unknown[] = [];
  const logger = createLogger('silent', 'test');
  const platform = { config, database, keyRing, logger, bell: { ring: () => undefined } };
  const imports = [
    PlatformModule.of(platform as never),
    IdempotencyModule,
    AccessModule,
    CatalogueModule,
    OffersModule,
  ];
  const testing = await Test.createTestingModule({ imports }).compile();
  const adapter = new FastifyAdapter({ routerOptions: { maxParamLength: 256 } });
  const app = testing.createNestApplication<NestFastifyApplication>(adapter, { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter({ error: (fields: unknown) => errors.push(fields) } as never));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();

  const callsOf =
    (bearer: string): Calls =>
    async (method, url, body, headers = {}) => {
      const response = await app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${bearer}`, ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const { body: text, statusCode } = response;
      return { status: statusCode, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
    };

  let programmes = 0;
  return {
    database,
    keyRing,
    book: app.get(OfferBook),
    /** What the filter logged: unexpected errors. */
    errors,
    callsOf,
    url: testDatabase.url,
    async foundProgramme(): Promise<TestProgramme> {
      programmes += 1;
      const founding = { slug: `programme-${programmes}`, name: 'Rosenrot Club', locale: 'de' };
      const { body } = await callsOf(OPERATOR_KEY)('POST', '/v1/programmes', founding);
      const admin = callsOf(body.adminKey);
      const withKey = async (wanted: object): Promise<Calls> => {
        const issued = await admin('POST', '/v1/keys', { name: 'a key', ...wanted });
        expect(issued).toMatchObject({ status: 201 });
        return callsOf(issued.body.key);
      };
      return {
        id: parsePublicId('prg', body.id) ?? '',
        admin,
        marketing: await withKey({ kind: 'staff', role: 'marketing' }),
        dpo: await withKey({ kind: 'staff', role: 'dpo' }),
        storefront: await withKey({ kind: 'storefront' }),
      };
    },
    async stop(): Promise<void> {
      await app.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}

export const both = (text: string) => ({ de: `${text} (de)`, en: `${text} (en)` });

export const attribute = (key: string, changes: object = {}) => ({
  key,
  title: both(`title of ${key}`),
  schema: { type: 'string', maxLength: 20 },
  sensitivity: 'ordinary',
  retentionDays: 365,
  ...changes,
});

export const purpose = (key: string, changes: object = {}) => ({
  key,
  title: both(`title of ${key}`),
  description: both(`description of ${key}`),
  ...changes,
});

export const offer = (key: string, changes: object = {}) => ({
  key,
  title: both(`offer ${key}`),
  text: both('Tell us.'),
  asks: [{ attribute: 'birthDate', purposes: ['newsletter'], required: true }],
  reward: { type: 'points', points: 100 },
  ...changes,
});

/** birthDate and diet; newsletter with a recipient, research without one. */
export async function fillCatalogue({ marketing }: TestProgramme): Promise<void> {
  const answers = [
    await marketing('POST', '/v1/attributes', attribute('birthDate', { schema: { type: 'string', format: 'date' } })),
    await marketing('POST', '/v1/attributes', attribute('diet', { sensitivity: 'special', retentionDays: 1 })),
    await marketing('POST', '/v1/purposes', purpose('newsletter')),
    await marketing('POST', '/v1/purposes', purpose('research', { thirdPartyAdvertising: true })),
    await marketing('POST', '/v1/recipients', { key: 'mailer', name: 'Mail & Co', purposes: ['newsletter'] }),
  ];
  expect(answers.map(({ status, body }) => ({ status, errors: body.errors }))).toEqual(
    answers.map(() => ({ status: 201, errors: undefined })),
  );
}

export const created = async (programme: TestProgramme, body: object): Promise<string> => {
  const answer = await programme.marketing('POST', '/v1/offers', body);
  expect(answer).toMatchObject({ status: 201 });
  return answer.body.id;
};

export const published = async (programme: TestProgramme, body: object): Promise<string> => {
  const id = await created(programme, body);
  const answer = await programme.marketing('POST', `/v1/offers/${id}/publish`);
  expect({ status: answer.status, errors: answer.body.errors }).toEqual({ status: 200, errors: undefined });
  return id;
};
