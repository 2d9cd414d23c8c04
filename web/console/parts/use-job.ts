import { useEffect, useState } from 'react';
import { readEvents } from '../../shared/read-events';
import type { Api, Schemas } from '../api/client';
import { ProblemError } from '../api/problem';
import { useSession } from '../session/session';

export type JobView = Schemas['JobView'];

const AGAIN_AFTER_MS = 2000;

export const isUnderWay = (job: JobView): boolean => job.status === 'queued' || job.status === 'running';

interface Watched {
  job: JobView | undefined;
  /** There is no answer just now; it is asked for again and again. */
  isAway: boolean;
  /** The service does not tell: it is not asked any more. */
  refused: ProblemError | null;
}

/** How a job goes on, as the service tells it, until it is finished. */
export function useJob(id: string): Watched {
  const { api, status } = useSession();
  const isExpired = status === 'expired';
  const [watched, setWatched] = useState<Watched>({ job: undefined, isAway: false, refused: null });
  useEffect(() => {
    // Nobody is told anything until the sign-in is renewed; then it goes on.
    if (isExpired) return undefined;
    const left = new AbortController();
    const onView = (job: JobView) => setWatched({ job, isAway: false, refused: null });
    void watch(api, id, left.signal, onView, () => setWatched((before) => ({ ...before, isAway: true }))).catch(
      (error: unknown) => {
        if (error instanceof ProblemError) setWatched({ job: undefined, isAway: false, refused: error });
        else if (!left.signal.aborted) throw error;
      },
    );
    return () => left.abort();
  }, [api, id, isExpired]);
  return watched;
}

async function watch(api: Api, id: string, signal: AbortSignal, onView: (job: JobView) => void, onAway: () => void) {
  for (let last: JobView | undefined; last === undefined || isUnderWay(last);) {
    try {
      const { response } = await api.GET('/v1/jobs/{id}', {
        params: { path: { id } },
        headers: { accept: 'text/event-stream' },
        parseAs: 'stream',
        signal,
      });
      for await (const view of readEvents<JobView>(response)) onView((last = view));
    } catch (error) {
      if (signal.aborted || isRefusal(error)) throw error;
      if (!isUnauthorized(error)) onAway();
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  }
}

/** Of an expired sign-in, which is asked for over the page. */
const isUnauthorized = (error: unknown): boolean => error instanceof ProblemError && error.status === 401;

/** That it will not be told later either. */
const isRefusal = (error: unknown): boolean =>
  error instanceof ProblemError && error.status < 500 && ![401, 429].includes(error.status);
