import { ProblemError } from '../shared/problem';
import { readEvents } from '../shared/read-events';

/** The service could not be reached, or broke off: what it did with a change is then not known. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
interface Sent {
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
  /** The same for each retry of one change: it then happens once. */
  idempotencyKey?: string;
}

/** `/v1/me/…` for one customer. */
export class Api {
  constructor(
    /** Origin of the service, or '' for the page's own. */
    private readonly base: string,
    private readonly token: string | undefined,
    private readonly locale: string,
  ) {}

  async get<Answer>(path: string, query: Record<string, string | number | undefined> = {}, signal?: AbortSignal) {
    const answer = await this.send('GET', path + this.queryOf(query), signal ? { signal } : {});
    return (await read(answer.json(), signal)) as Answer;
  }

  async change<Answer>(method: Exclude<Method, 'GET'>, path: string, sent: Sent = {}): Promise<Answer> {
    const answer = await this.send(method, path, sent);
    return (answer.status === 204 ? undefined : await read(answer.json(), sent.signal)) as Answer;
  }

  async download(path: string, query: Record<string, string>): Promise<Blob> {
    const answer = await this.send('GET', path + this.queryOf(query), { accept: '*/*' });
    return read(answer.blob());
  }

  /** What is there now and then each change of it; where the server does not stream, what is there now alone. */
  async *watch<Data>(path: string, signal: AbortSignal): AsyncGenerator<Data> {
    const answer = await this.send('GET', path, { accept: 'text/event-stream, application/json;q=0.5', signal });
    if (answer.headers.get('content-type')?.includes('text/event-stream') === true) yield* readEvents<Data>(answer);
    else yield (await answer.json()) as Data;
  }

  private queryOf(query: Record<string, string | number | undefined>): string {
    const given = Object.entries({ locale: this.locale, ...query }).filter(([, value]) => value !== undefined);
    return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
  }

  /** @throws ProblemError, Unreachable, or what aborted it. */
  private async send(method: Method, path: string, sent: Sent): Promise<Response> {
    const answer = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        accept: sent.accept ?? 'application/json',
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': sent.idempotencyKey ?? newKey() } : {}),
      },
      cache: 'no-store',
      credentials: 'omit',
      ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
      ...(sent.signal ? { signal: sent.signal } : {}),
    }).catch((error: unknown) => {
      throw sent.signal?.aborted === true ? error : new Unreachable();
    });
    if (!answer.ok) throw await ProblemError.of(answer);
    return answer;
  }
}

/** A body that breaks off is a connection that is lost. */
async function read<Body>(body: Promise<Body>, signal?: AbortSignal): Promise<Body> {
  return body.catch((error: unknown) => {
    throw signal?.aborted === true ? error : new Unreachable();
  });
}

/** randomUUID is there in secure contexts alone, and shops are tried out in others. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
