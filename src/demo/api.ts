import { randomUUID } from 'node:crypto';

/** What came back. Which fields there are is the contract's matter: a body is looked into as the caller knows it. */
export interface Answer<Body> {
  status: number;
  /** Of the problem type, where it is one: "no-active-consent". */
  problem: string | undefined;
  body: Body;
  headers: Headers;
}

interface Call {
  key: string;
  body?: object;
  /** A new one for every POST unless one is given. */
  idempotencyKey?: string;
}

/** The published HTTP API, called as any storefront, recipient or member of staff calls it. */
export class Api {
  constructor(readonly url: string) {}

  get<Body>(path: string, key: string): Promise<Answer<Body>> {
    return this.call('GET', path, { key });
  }

  post<Body>(path: string, key: string, body: object, idempotencyKey = randomUUID()): Promise<Answer<Body>> {
    return this.call('POST', path, { key, body, idempotencyKey });
  }

  patch<Body>(path: string, key: string, body: object): Promise<Answer<Body>> {
    return this.call('PATCH', path, { key, body });
  }

  delete<Body>(path: string, key: string): Promise<Answer<Body>> {
    return this.call('DELETE', path, { key });
  }

  /** @throws when the answer is not one of success: for what has to be there before the story begins. */
  async create<Body>(path: string, key: string, body: object): Promise<Body> {
    const answer = await this.post<Body>(path, key, body);
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  put<Body>(path: string, key: string, body: object): Promise<Answer<Body>> {
    return this.call('PUT', path, { key, body });
  }

  /** Answered line by line (NDJSON). @throws when the answer is not one of success. */
  async lines<Line>(path: string, key: string, body: object): Promise<Line[]> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(this.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
  }

  private async call<Body>(method: string, path: string, { key, body, idempotencyKey }: Call): Promise<Answer<Body>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as Body & { type?: string };
    const problem = response.status >= 400 ? parsed.type?.replace('urn:gegenwert:problem:', '') : undefined;
    return { status: response.status, problem, body: parsed, headers: response.headers };
  }
}

/** An answer in short: its status, and the problem or what matters of the body. */
export function said<Body>(answer: Answer<Body>, inShort: (body: Body) => string[]): string {
  if (answer.problem !== undefined) return `${answer.status} ${answer.problem}`;
  return [String(answer.status), ...inShort(answer.body)].join(', ');
}
