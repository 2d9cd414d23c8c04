import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOver, type JobProgress } from './progress-line';

/** The service could not be asked, or refused: its message is for whoever called the command. */
export class ApiFault extends Error {}

const PATIENCE = 20;
const RETRY_MS = 500;

/** The API, as a command of its own calls it: with GEGENWERT_KEY, at GEGENWERT_URL. */
export class Api {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** @throws ApiFault when a setting is missing or wrong */
  static of(env: NodeJS.ProcessEnv): Api {
    const key = env['GEGENWERT_KEY'];
    if (!key) throw new ApiFault('Set GEGENWERT_KEY to a key that may do this (gw_st_…).');
    const url = env['GEGENWERT_URL'] || `http://127.0.0.1:${env['PORT'] || '3000'}`;
    if (!URL.canParse(url) || !/^https?:/.test(url))
      throw new ApiFault('GEGENWERT_URL must be the URL of the service, as http://127.0.0.1:3000.');
    return new Api(url.replace(/\/+$/, ''), key);
  }

  /** @throws ApiFault with the problem's title, or when nobody answers */
  async post<T>(path: string): Promise<T> {
    try {
      const answer = await this.fetch(path, { method: 'POST', headers: { 'idempotency-key': randomUUID() } });
      return (await answer.json()) as T;
    } catch (error) {
      throw error instanceof ApiFault ? error : this.isAway();
    }
  }

  /** A job's changes, to its end: a stream that breaks off, as every stream does after a while, is taken up again. */
  async *watch(jobId: string, signal: AbortSignal): AsyncGenerator<JobProgress> {
    for (let failures = 0; failures < PATIENCE;) {
      try {
        for await (const job of await this.stream(`/v1/jobs/${jobId}`, signal)) {
          failures = 0;
          yield job;
          if (isOver(job)) return;
        }
      } catch (error) {
        if (error instanceof ApiFault || signal.aborted) throw error;
        failures += 1;
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
    throw this.isAway();
  }

  private isAway(): ApiFault {
    return new ApiFault(`The service at ${this.url} does not answer. Where it is, GEGENWERT_URL says.`);
  }

  private async stream(path: string, signal: AbortSignal): Promise<AsyncGenerator<JobProgress>> {
    const { body } = await this.fetch(path, { headers: { accept: 'text/event-stream' }, signal });
    if (!body) throw new Error('An answer without a body');
    return events(body.pipeThrough(new TextDecoderStream()));
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.key}` };
    const answer = await fetch(this.url + path, { ...init, headers });
    // 503: it is there, and cannot just now.
    if (answer.status === 503) throw new Error('The service is away');
    if (!answer.ok) throw new ApiFault(await reasonOf(answer));
    return answer;
  }
}

/** Server-sent events whose data is JSON; comments are left out. */
async function* events(text: AsyncIterable<string>): AsyncGenerator<JobProgress> {
  let received = '';
  for await (const chunk of text) {
    received += chunk;
    const parts = received.split('\n\n');
    received = parts.pop() ?? '';
    for (const part of parts) if (part.startsWith('data: ')) yield JSON.parse(part.slice(6)) as JobProgress;
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const problem = (await answer.json().catch(() => ({}))) as { title?: string; detail?: string };
  return `${answer.status} ${problem.title ?? answer.statusText}${problem.detail ? `: ${problem.detail}` : ''}`;
}
