import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres';
import { spawnService, type Service } from '../src/platform/supervisor';

/** Everything that the figures are taken on: one PostgreSQL with full durability, the built service, the rival. */
export interface Stage {
  databaseUrl: string;
  /** As the owner. */
  client: Client;
  api: { port: number; service: Service };
  worker: Service;
  ins: { port: number };
  env: NodeJS.ProcessEnv;
  programme: BenchProgramme;
  close(): Promise<void>;
}

export interface BenchProgramme {
  /** uuid */
  id: string;
  adminKey: string;
  storefrontKey: string;
  recipientKey: string;
  share: (customerRef: string) => { method: string; path: string; headers: Record<string, string>; body: string };
  disclose: (customerRef: string) => { method: string; path: string; headers: Record<string, string>; body: string };
}

const INS_CONNECTIONS = 10;

export async function setTheStage(): Promise<Stage> {
  const postgres = await startEmbeddedPostgres({
    dataDir: mkdtempSync(join(tmpdir(), 'gegenwert-bench-')),
    throwAway: true,
  });
  const operatorKey = randomBytes(24).toString('base64url');
  const env: NodeJS.ProcessEnv = {
    DATABASE_URL: postgres.url,
    GEGENWERT_KEK: randomBytes(32).toString('base64'),
    GEGENWERT_OPERATOR_KEY: operatorKey,
    GEGENWERT_WEBHOOK_ALLOW_LOOPBACK: 'true',
    PORT: '0',
    LOG_LEVEL: 'warn',
  };
  const spawn = (script: string, more: NodeJS.ProcessEnv = {}, restart = false) =>
    spawnService(join(__dirname, script), { name: script, env: { ...env, ...more }, restart });
  const api = await spawn('../src/main.js');
  const worker = await spawn('../src/worker.js', {}, true);
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('CREATE TABLE bench_ins (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)');
  const ins = await spawn('ins-server.js', { INS_CONNECTIONS: String(INS_CONNECTIONS) });
  const port = Number(api.ready['port']);
  const programme = await makeProgramme({ port, operatorKey, client }, 'bench');
  return {
    databaseUrl: postgres.url,
    client,
    api: { port, service: api },
    worker,
    ins: { port: Number(ins.ready['port']) },
    env,
    programme,
    close: async () => {
      await client.end();
      await Promise.all([api.stop(), worker.stop(), ins.stop()]);
      await postgres.stop();
    },
  };
}

/** A POST that must succeed. */
export async function post(port: number, path: string, key: string, body: object): Promise<Record<string, any>> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, any>;
}

export const both = (text: string): object => ({ de: text, en: text });

/** A programme in which birthdays are asked for. */
export async function makeProgramme(
  service: { port: number; operatorKey: string; client: Client },
  slug: string,
): Promise<BenchProgramme> {
  const { port, operatorKey, client } = service;
  const { adminKey } = await post(port, '/v1/programmes', operatorKey, { slug, name: 'Bench', locale: 'en' });
  await post(port, '/v1/attributes', adminKey, {
    key: 'birthday',
    title: both('Birthday'),
    schema: { type: 'string', format: 'date' },
    sensitivity: 'ordinary',
    retentionDays: 365,
  });
  await post(port, '/v1/purposes', adminKey, {
    key: 'greeting',
    title: both('Greeting'),
    description: both('We greet you'),
  });
  const { apiKey } = await post(port, '/v1/recipients', adminKey, {
    key: 'newsletter',
    name: 'Newsletter',
    purposes: ['greeting'],
  });
  const { id: offerId } = await post(port, '/v1/offers', adminKey, {
    key: 'birthday',
    title: both('Your day'),
    text: both('Tell us'),
    asks: [{ attribute: 'birthday', purposes: ['greeting'], required: true }],
    reward: { type: 'points', points: 10 },
    budget: { points: 1_000_000_000 },
  });
  await post(port, `/v1/offers/${offerId}/publish`, adminKey, {});
  const { key } = await post(port, '/v1/keys', adminKey, { kind: 'storefront', name: 'bench' });
  const { data } = await post(port, '/v1/quotes', key, { customerRef: 'nobody', locale: 'en', context: {} });
  const { rows } = await client.query<{ id: string }>('SELECT id FROM programmes WHERE slug = $1', [slug]);
  const headers = (authorization: string) => ({ authorization: `Bearer ${authorization}` });
  return {
    id: rows[0]?.id ?? '',
    adminKey,
    storefrontKey: key,
    recipientKey: apiKey,
    share: (customerRef) => ({
      method: 'POST',
      path: '/v1/shares',
      headers: { ...headers(key), 'idempotency-key': `share ${customerRef}` },
      body: JSON.stringify({
        customerRef,
        offerId,
        offerVersion: 1,
        noticeHash: data[0].notice.hash,
        values: { birthday: '1990-04-01' },
        consents: [{ attribute: 'birthday', purposes: ['greeting'] }],
        locale: 'en',
        channel: 'bench',
      }),
    }),
    disclose: (customerRef) => ({
      method: 'POST',
      path: '/v1/disclosures',
      headers: headers(apiKey),
      body: JSON.stringify({ customerRef, purpose: 'greeting', attributes: ['birthday'], reason: 'bench' }),
    }),
  };
}
