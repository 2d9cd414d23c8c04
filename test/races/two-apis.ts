import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createProgramme, type ShareOptions, type TestProgramme } from '../builders/programme';
import { createTestDatabase } from '../setup/database';
import { call, startService, type Answer } from '../setup/service';

/** Calls go to one of the two API processes: to which, says the parity of `api`. */
export interface TwoApis {
  databaseUrl: string;
  urlOf(api: number): string;
  programme: TestProgramme;
  post(api: number, path: string, body: object, as?: { key?: string; idempotencyKey?: string }): Promise<Answer>;
  share(api: number, customerRef: string, options?: ShareOptions): Promise<Answer>;
  revoke(api: number, customerRef: string, scope: object, idempotencyKey?: string): Promise<Answer>;
  disclose(api: number, customerRef: string, purpose?: 'greeting' | 'advice'): Promise<Answer>;
  /** As the superuser, who sees every programme. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  pauseWorker(): void;
  resumeWorker(): void;
  stop(): Promise<void>;
}

/**
 * Two API processes of the built service on one database. The batches of one process put in order by themselves what the
 * database is to put in order: with one process, a lock that is missing would not show.
 */
export async function startTwoApis(
  options: { offer?: Record<string, unknown>; worker?: boolean } = {},
): Promise<TwoApis> {
  const database = await createTestDatabase();
  const first = await startService({ databaseUrl: database.url, worker: options.worker ?? false });
  const second = await startService({ databaseUrl: database.url, worker: false, env: first.env });
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const programme = await createProgramme(first, options.offer);
  const urlOf = (api: number): string => (api % 2 === 0 ? first.url : second.url);
  const post: TwoApis['post'] = async (api, path, body, as = {}) => {
    const { key = programme.storefrontKey, idempotencyKey = randomUUID() } = as;
    // As a caller is told to: where the machine cannot keep up, it asks again with the same key.
    for (;;) {
      const answer = await call(urlOf(api), 'POST', path, { key, body, idempotencyKey });
      if (answer.status !== 503) return answer;
      await sleep(1000);
    }
  };
  return {
    databaseUrl: database.url,
    urlOf,
    programme,
    post,
    share: (api, customerRef, { offer = programme.offer, idempotencyKey, ...said } = {}) =>
      post(
        api,
        '/v1/shares',
        {
          customerRef,
          offerId: offer.id,
          offerVersion: offer.version,
          noticeHash: offer.noticeHash,
          values: { birthday: '1990-04-01' },
          consents: [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }],
          locale: 'en',
          channel: 'test',
          ...said,
        },
        idempotencyKey === undefined ? {} : { idempotencyKey },
      ),
    revoke: (api, customerRef, scope, idempotencyKey) =>
      post(api, '/v1/revocations', { customerRef, ...scope }, idempotencyKey === undefined ? {} : { idempotencyKey }),
    disclose: (api, customerRef, purpose = 'greeting') =>
      post(
        api,
        '/v1/disclosures',
        { customerRef, purpose, attributes: ['birthday'], reason: 'test' },
        { key: programme.recipients[purpose === 'greeting' ? 'newsletter' : 'recommender'].apiKey },
      ),
    sql: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    pauseWorker: () => void process.kill(first.worker!.pid, 'SIGSTOP'),
    resumeWorker: () => void process.kill(first.worker!.pid, 'SIGCONT'),
    stop: async () => {
      await client.end();
      await Promise.all([first.stop(), second.stop()]);
      await database.drop();
    },
  };
}

/** How often each status, and each problem, was answered: { '201': 3, '409 offer-exhausted': 2 }. */
export function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const problem = typeof body?.['type'] === 'string' ? body['type'].replace('urn:gegenwert:problem:', ' ') : '';
    const name = `${status}${problem}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Takes the customer's lock out: whoever asks for it gets one that nobody else asks for. */
export const WITHOUT_CUSTOMER_LOCK = `
  CREATE OR REPLACE FUNCTION customer_lock(programme uuid, ref text) RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$ SELECT hashtextextended(random()::text, 0) $$`;
