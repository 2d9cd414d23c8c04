import { randomBytes } from 'node:crypto';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Client } from 'pg';
import type { PrincipalOf } from '../../src/access';
import { AppModule, entities } from '../../src/app.module';
import { Disclosure } from '../../src/disclosure';
import { Exchange } from '../../src/exchange';
import type { Call } from '../../src/idempotency';
import { postAwards } from '../../src/ledger';
import { readConfig } from '../../src/platform/config';
import { Database } from '../../src/platform/database';
import { ProblemFilter } from '../../src/platform/http/problem.filter';
import { validationPipe } from '../../src/platform/http/validation';
import { newId, parsePublicId } from '../../src/platform/ids';
import { KeyRing } from '../../src/platform/key-ring';
import { createLogger } from '../../src/platform/logging';
import { SigningKeys } from '../../src/platform/signing-keys';
import { peek } from '../../src/outbox';
import { erase, Revocations } from '../../src/revocation';
import { grantOwed } from '../../src/rewards';
import { createTestDatabase } from '../setup/database';
import { offerOf, OFFERS, RECIPIENTS, SPECIAL, type OfferKey, type RecipientKey } from './catalogue';

const OPERATOR_KEY = 'an operator key, long enough';
const both = (text: string) => ({ de: text, en: text });

interface Published {
  offerId: string;
  offerVersion: number;
  noticeHash: string;
}

/** One programme in the service's own process, without HTTP: what the model's commands act on. */
export interface Programme {
  id: string;
  offers: Record<OfferKey, Published>;
  recipients: Record<RecipientKey, PrincipalOf<'recipient'>>;
  exchange: Exchange;
  disclosure: Disclosure;
  revocations: Revocations;
  /** A call of the storefront with a key of its own. */
  call(body: unknown): Call;
  /** Books up to limit owed awards of points; answers how many. */
  post(limit: number): Promise<number>;
  /** Does what is left of what is owed for awards. */
  grantAll(): Promise<void>;
  /** Erases for up to limit revocations, those of the lowest ids. */
  erase(limit: number): Promise<void>;
}

export interface World {
  databaseUrl: string;
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A programme with its catalogue and offers, in which nothing has happened. */
  foundProgramme(): Promise<Programme>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const testDatabase = await createTestDatabase();
  const database = await Database.connect({ url: testDatabase.url, connections: 4, entities });
  const keyRing = new KeyRing(randomBytes(32), database);
  const signingKeys = await SigningKeys.load(database, keyRing);
  const config = { ...readConfig({ LOG_LEVEL: 'silent' }), operatorKey: OPERATOR_KEY };
  const logger = createLogger('silent', 'test');
  const bell = { ring: () => undefined, healthy: () => Promise.resolve(true), close: () => Promise.resolve() };
  const platform = { config, database, keyRing, signingKeys, logger, bell };
  const testing = await Test.createTestingModule({ imports: [AppModule.of(platform)] }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const client = new Client({ connectionString: testDatabase.url });
  await client.connect();
  const sql = async <Row extends object>(text: string, values: unknown[] = []) =>
    (await client.query<Row>(text, values)).rows;
  const pattern = await foundOverHttp(app);
  return {
    databaseUrl: testDatabase.url,
    sql,
    foundProgramme: async () => {
      const id = newId();
      await copyProgramme(sql, pattern.id, { id, wrappedKey: await keyRing.newProgrammeKey(id) });
      return programmeOf(app, database, id, pattern);
    },
    stop: async () => {
      await client.end();
      await app.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}

/** Ids within a programme: a copy has the same. */
interface Ids {
  id: string;
  offers: Programme['offers'];
  recipients: Record<RecipientKey, string>;
}

const COPIED = [
  'attributes',
  'purposes',
  'recipients',
  'recipient_purposes',
  'offers',
  'offer_versions',
  'notices',
  'offer_budgets',
];

/** In one transaction and a few milliseconds, where making it over the API takes a second for every run. */
async function copyProgramme(sql: World['sql'], from: string, to: { id: string; wrappedKey: Buffer }): Promise<void> {
  await sql(`INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, $2, 'Model', 'en', $3)`, [
    to.id,
    `p${to.id}`,
    to.wrappedKey,
  ]);
  const copies = COPIED.map(
    (table) => `INSERT INTO ${table} SELECT (jsonb_populate_record(t, '{"programme_id": "${to.id}"}')).*
                  FROM ${table} t WHERE programme_id = '${from}'`,
  );
  // Offers and their versions refer to each other: the constraints are told to look away.
  await sql(`BEGIN; SET LOCAL session_replication_role = replica; ${copies.join(';')}; COMMIT`);
}

function programmeOf(app: NestFastifyApplication, database: Database, id: string, pattern: Ids): Programme {
  const recipient = (key: RecipientKey) =>
    ({ kind: 'recipient', programmeId: id, callerId: newId(), recipientId: pattern.recipients[key] }) as const;
  const reply = { status: () => reply, header: () => reply };
  return {
    id,
    offers: pattern.offers,
    recipients: { newsletter: recipient('newsletter'), recommender: recipient('recommender'), hub: recipient('hub') },
    exchange: app.get(Exchange, { strict: false }),
    disclosure: app.get(Disclosure, { strict: false }),
    revocations: app.get(Revocations, { strict: false }),
    call: (body) => ({
      principal: { kind: 'storefront', programmeId: id, callerId: 'model' },
      key: newId(),
      route: 'model',
      body,
      reply: reply as never,
    }),
    post: (limit) => postAwards(database, id, limit),
    grantAll: () => grantOwed(database, id, () => false),
    erase: async (limit) => {
      await database.inProgramme(id, async (tx) => erase(tx, await peek(tx, 'erasure', undefined, limit)));
    },
  };
}

async function foundOverHttp(app: NestFastifyApplication): Promise<Ids> {
  const post = async (key: string, url: string, payload: object): Promise<Record<string, any>> => {
    const response = await app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${key}` }, payload });
    if (response.statusCode >= 300) throw new Error(`${url}: ${response.statusCode} ${response.body}`);
    return response.json();
  };
  const slug = `p${randomBytes(6).toString('hex')}`;
  const founded = await post(OPERATOR_KEY, '/v1/programmes', { slug, name: 'Model', locale: 'en' });
  const admin = (url: string, payload: object) => post(founded['adminKey'] as string, url, payload);
  const id = parsePublicId('prg', founded['id'] as string)!;
  for (const key of ['birthday', 'shoeSize', 'diet']) {
    const sensitivity = key === SPECIAL ? 'special' : 'ordinary';
    await admin('/v1/attributes', {
      key,
      title: both(key),
      schema: { type: 'string' },
      sensitivity,
      retentionDays: 365,
    });
  }
  for (const key of ['greeting', 'advice', 'research']) {
    await admin('/v1/purposes', { key, title: both(key), description: both(key) });
  }
  const recipients: Partial<Ids['recipients']> = {};
  for (const [key, purposes] of Object.entries(RECIPIENTS)) {
    const made = await admin('/v1/recipients', { key, name: key, purposes });
    recipients[key as RecipientKey] = parsePublicId('rcp', made['id'] as string)!;
  }
  const offers: Partial<Ids['offers']> = {};
  for (const key of Object.keys(OFFERS) as OfferKey[]) {
    const { asks, reward, budget, times } = offerOf(key);
    const perCustomer = { times, everyDays: 365 };
    const terms = { key, title: both(key), text: both(key), asks, reward, perCustomer, ...(budget && { budget }) };
    const { id: offerId } = await admin('/v1/offers', terms);
    const offer = await admin(`/v1/offers/${offerId}/publish`, {});
    const notices = offer['notices'] as { locale: string; hash: string }[];
    const noticeHash = notices.find(({ locale }) => locale === 'en')!.hash;
    offers[key] = { offerId: offerId as string, offerVersion: offer['version'] as number, noticeHash };
  }
  return { id, offers: offers as Ids['offers'], recipients: recipients as Ids['recipients'] };
}
