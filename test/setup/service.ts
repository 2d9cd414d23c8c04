import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spawnService, type Service } from '../../src/platform/supervisor';

const BUILT = join(__dirname, '../../dist/src');

export interface RunningService {
  url: string;
  operatorKey: string;
  env: NodeJS.ProcessEnv;
  api: Service;
  /** Undefined until startWorker, where it was not started along. */
  worker: Service | undefined;
  startWorker(): Promise<Service>;
  /** Every line that the processes wrote. */
  lines: string[];
  stop(): Promise<void>;
}

export interface ServiceSettings {
  databaseUrl: string;
  redisUrl?: string | undefined;
  env?: NodeJS.ProcessEnv;
  /** Without: nothing that is owed is done until startWorker. */
  worker?: boolean;
  /** Whether the processes are started again when they are killed. */
  restart?: boolean;
}

/** The built service (npm run build) as processes of its own, as in production. */
export async function startService(settings: ServiceSettings): Promise<RunningService> {
  if (!existsSync(join(BUILT, 'main.js'))) throw new Error('Build first: npm run build');
  const lines: string[] = [];
  const operatorKey = randomBytes(24).toString('base64url');
  const env: NodeJS.ProcessEnv = {
    DATABASE_URL: settings.databaseUrl,
    GEGENWERT_KEK: randomBytes(32).toString('base64'),
    GEGENWERT_OPERATOR_KEY: operatorKey,
    GEGENWERT_WEBHOOK_ALLOW_LOOPBACK: 'true',
    PORT: '0',
    LOG_LEVEL: 'info',
    // Tests guess and call as nobody may: those of the limits set their own.
    GEGENWERT_CUSTOMER_CALLS_PER_MINUTE: '0',
    GEGENWERT_UNKNOWN_CALLS_PER_MINUTE: '0',
    REDIS_URL: settings.redisUrl ?? '',
    ...settings.env,
  };
  const restart = settings.restart ?? false;
  const spawn = (name: string) =>
    spawnService(join(BUILT, `${name}.js`), {
      name,
      // So that the database can be asked whose backends are whose.
      env: { ...env, PGAPPNAME: name },
      restart,
      onLine: (line) => void lines.push(line),
    });
  const api = await spawn('main');
  const running: RunningService = {
    url: `http://127.0.0.1:${String(api.ready['port'])}`,
    operatorKey,
    env,
    api,
    worker: undefined,
    startWorker: async () => (running.worker = await spawn('worker')),
    lines,
    stop: async () => {
      await Promise.all([api.stop(), running.worker?.stop()]);
    },
  };
  if (settings.worker !== false) await running.startWorker();
  return running;
}

export interface Answer<Body = Record<string, any>> {
  status: number;
  body: Body;
  headers: Headers;
}

/** One call over HTTP. A POST gets an Idempotency-Key of its own unless one is given; null sends none. */
export async function call<Body = Record<string, any>>(
  url: string,
  method: string,
  path: string,
  options: { key?: string; body?: unknown; idempotencyKey?: string | null; headers?: Record<string, string> } = {},
): Promise<Answer<Body>> {
  const idempotencyKey = options.idempotencyKey === undefined ? randomUUID() : options.idempotencyKey;
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' && idempotencyKey !== null ? { 'idempotency-key': idempotencyKey } : {}),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: (text === '' ? undefined : JSON.parse(text)) as Body,
    headers: response.headers,
  };
}

/** Asks until the answer is as wanted; throws, with the last one, when it never is. */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`Not as wanted after ${timeoutMs} ms: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
