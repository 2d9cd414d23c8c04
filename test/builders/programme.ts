import { randomBytes } from 'node:crypto';
import { call, type Answer, type RunningService } from '../setup/service';

const both = (text: string) => ({ de: text, en: text });

export interface TestProgramme {
  id: string;
  slug: string;
  adminKey: string;
  storefrontKey: string;
  /** Newsletter is registered for greeting, recommender for advice. */
  recipients: Record<'newsletter' | 'recommender', { id: string; apiKey: string }>;
  /** Asks birthday (ordinary) for greeting and advice, both required; 120 points unless said otherwise. */
  offer: { id: string; version: number; noticeHash: string };
  share(customerRef: string, options?: ShareOptions): Promise<Answer>;
  disclose(
    customerRef: string,
    options?: { purpose?: string; recipient?: 'newsletter' | 'recommender'; attributes?: string[] },
  ): Promise<Answer>;
  revoke(customerRef: string, scope: object, options?: { dryRun?: boolean; idempotencyKey?: string }): Promise<Answer>;
  balance(customerRef: string): Promise<{ available: number; pending: number; held: number }>;
  /** Makes and publishes one more offer; answers what a share of it needs. */
  publish(offer: Record<string, unknown>): Promise<{ id: string; version: number; noticeHash: string }>;
}

export interface ShareOptions {
  offer?: { id: string; version: number; noticeHash: string };
  values?: Record<string, unknown>;
  consents?: { attribute: string; purposes: string[] }[];
  idempotencyKey?: string;
  context?: Record<string, unknown>;
}

async function created(answer: Promise<Answer>): Promise<Record<string, any>> {
  const { status, body } = await answer;
  if (status !== 201 && status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}

/** A programme with everything that an exchange needs, made over HTTP. */
export async function createProgramme(
  service: RunningService,
  offer: Record<string, unknown> = {},
): Promise<TestProgramme> {
  const { url } = service;
  const slug = `p${randomBytes(6).toString('hex')}`;
  const { id, adminKey } = await created(
    call(url, 'POST', '/v1/programmes', {
      key: service.operatorKey,
      body: { slug, name: 'Test', locale: 'de' },
      idempotencyKey: null,
    }),
  );
  const admin = (path: string, body: object) => created(call(url, 'POST', path, { key: adminKey, body }));
  await admin('/v1/attributes', {
    key: 'birthday',
    title: both('Birthday'),
    schema: { type: 'string', maxLength: 100 },
    sensitivity: 'ordinary',
    retentionDays: 365,
  });
  await admin('/v1/attributes', {
    key: 'shoeSize',
    title: both('Shoe size'),
    schema: { type: 'integer', minimum: 15, maximum: 60 },
    sensitivity: 'ordinary',
    retentionDays: 365,
  });
  await admin('/v1/attributes', {
    key: 'diet',
    title: both('Diet'),
    schema: { type: 'string', maxLength: 100 },
    sensitivity: 'special',
    retentionDays: 365,
  });
  for (const key of ['greeting', 'advice'])
    await admin('/v1/purposes', { key, title: both(key), description: both(`For ${key}`) });
  const newsletter = await admin('/v1/recipients', { key: 'newsletter', name: 'Newsletter', purposes: ['greeting'] });
  const recommender = await admin('/v1/recipients', { key: 'recommender', name: 'Recommender', purposes: ['advice'] });
  const { key: storefrontKey } = await admin('/v1/keys', { kind: 'storefront', name: 'web' });

  const publish = async (terms: Record<string, unknown>) => {
    const draft = await admin('/v1/offers', {
      key: `o${randomBytes(6).toString('hex')}`,
      title: both('Offer'),
      text: both('Share with us'),
      asks: [{ attribute: 'birthday', purposes: ['greeting', 'advice'], required: true }],
      reward: { type: 'points', points: 120 },
      ...terms,
    });
    await admin(`/v1/offers/${draft['id']}/publish`, {});
    const quotes = await created(call(url, 'GET', '/v1/customers/nobody/offers?locale=en', { key: storefrontKey }));
    const quote = (quotes['data'] as Record<string, any>[]).find((one) => one['offerId'] === draft['id']);
    return {
      id: draft['id'] as string,
      version: quote?.['offerVersion'] as number,
      noticeHash: quote?.['notice'].hash as string,
    };
  };
  const first = await publish(offer);
  const programme: TestProgramme = {
    id: id as string,
    slug,
    adminKey: adminKey as string,
    storefrontKey: storefrontKey as string,
    recipients: {
      newsletter: newsletter as { id: string; apiKey: string },
      recommender: recommender as { id: string; apiKey: string },
    },
    offer: first,
    publish,
    share: (customerRef, options = {}) => {
      const of = options.offer ?? first;
      return call(url, 'POST', '/v1/shares', {
        key: programme.storefrontKey,
        ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
        body: {
          customerRef,
          offerId: of.id,
          offerVersion: of.version,
          noticeHash: of.noticeHash,
          values: options.values ?? { birthday: '1990-04-01' },
          consents: options.consents ?? [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
          locale: 'en',
          channel: 'test',
          ...(options.context === undefined ? {} : { context: options.context }),
        },
      });
    },
    disclose: (customerRef, { purpose = 'greeting', recipient = 'newsletter', attributes = ['birthday'] } = {}) =>
      call(url, 'POST', '/v1/disclosures', {
        key: programme.recipients[recipient].apiKey,
        body: { customerRef, purpose, attributes, reason: 'test' },
      }),
    revoke: (customerRef, scope, { dryRun = false, idempotencyKey } = {}) =>
      call(url, 'POST', `/v1/revocations${dryRun ? '?dryRun=true' : ''}`, {
        key: programme.storefrontKey,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        body: { customerRef, ...scope },
      }),
    balance: async (customerRef) => {
      const { body } = await call(url, 'GET', `/v1/customers/${customerRef}/balance`, { key: programme.storefrontKey });
      return body as { available: number; pending: number; held: number };
    },
  };
  return programme;
}
