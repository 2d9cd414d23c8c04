import type { Logger } from './logging';

export interface Loop {
  /** The first run; it never rejects. */
  begun: Promise<void>;
  stop(): Promise<void>;
}

/** Runs task, waits, runs it again; a failure is logged once until it works again. */
export function repeat(task: () => Promise<void>, everyMs: number, logger: Logger, firstAfterMs = 0): Loop {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failing = false;
  let current = Promise.resolve();
  const turn = async (): Promise<void> => {
    try {
      await task();
      failing = false;
    } catch (error) {
      if (!failing) logger.error({ error }, 'work cannot be looked for; trying on');
      failing = true;
    }
    if (!stopped) timer = setTimeout(next, everyMs);
  };
  const next = (): void => {
    current = turn();
  };
  if (firstAfterMs === 0) next();
  else timer = setTimeout(next, firstAfterMs);
  return {
    begun: current,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
