import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from '../../generated/api';
import { problemOf, UnreachableError } from './problem';

export type Api = Client<paths>;
export type Schemas = components['schemas'];

interface Caller {
  /** What is sent as `Authorization: Bearer`; undefined: without. */
  token: () => string | undefined;
  /** The token that was sent is no longer good. */
  onUnauthorized: (token: string) => void;
}

/**
 * The published API, typed by openapi.json.
 *
 * @throws ProblemError whatever the service refuses; UnreachableError when there is no answer. So what a call returns is its success:
 *   see `answer`.
 */
export function createApi(caller: Caller): Api {
  const api: Api = createClient<paths>({ baseUrl: location.origin });
  api.use({
    onRequest({ request }) {
      const token = caller.token();
      if (token) request.headers.set('authorization', `Bearer ${token}`);
      return request;
    },
    async onResponse({ request, response }) {
      if (response.ok) return;
      const sent = request.headers.get('authorization')?.replace('Bearer ', '');
      if (response.status === 401 && sent) caller.onUnauthorized(sent);
      throw await problemOf(response);
    },
    onError({ error }) {
      return isAborted(error) ? undefined : new UnreachableError(error);
    },
  });
  return api;
}

const isAborted = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** The body of a call that `createApi` lets through only when it has succeeded: `await answer(api.GET('/v1/offers'))`. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}
