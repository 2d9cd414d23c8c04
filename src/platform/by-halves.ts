import { isOnesFault } from './database';

export interface Halving {
  /** Of the first batch. */
  limit: number;
  /** Of the largest; otherwise as the first. */
  largest?: number;
  stopping: () => boolean;
  /** Does up to limit of what there is, in transactions of its own. Answers whether there may be more. */
  batch: (limit: number) => Promise<boolean>;
  /** Sees to it that what `batch` with a limit of 1 has failed by is not taken up again. Answers false where nothing is there any more. */
  leaveOut: () => Promise<boolean> | boolean;
}

/**
 * Batch by batch, until there is no more or it is stopping. One that the database throws out (`isOnesFault`) is looked for by halves
 * and left out, so that it holds up no other; all others are done when it is thrown. Any other error is thrown at once.
 */
export async function byHalves({ limit: first, largest = first, stopping, batch, leaveOut }: Halving): Promise<void> {
  let fault: unknown;
  for (let limit = first; !stopping();) {
    try {
      if (!(await batch(limit))) break;
      limit = Math.min(largest, limit * 2);
    } catch (error) {
      if (!isOnesFault(error)) throw error;
      if (limit === 1) {
        fault = error;
        if (!(await leaveOut())) break;
      }
      limit = Math.ceil(limit / 2);
    }
  }
  if (fault !== undefined) throw fault;
}
