import { ProblemError } from '../shared/problem';
import { type Api, Unreachable } from './api';
import type { Revocation } from './types';

const PAUSE_MS = 2000;

/**
 * A revocation as it is now and at each change, until it is complete: as the server sends them, or by asking again where
 * it does not or the connection breaks. @throws ProblemError, or what aborted it
 */
export async function* watchRevocation(api: Api, id: string, signal: AbortSignal): AsyncGenerator<Revocation> {
  while (!signal.aborted) {
    try {
      for await (const view of api.watch<Revocation>(`/v1/me/revocations/${id}`, signal)) {
        yield view;
        if (view.status === 'complete') return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ProblemError && error.status < 500 && error.status !== 429) throw error;
      if (!(error instanceof ProblemError || error instanceof Unreachable || error instanceof TypeError)) throw error;
    }
    await pause(PAUSE_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
