import { ConfigError } from './config';
import { describeError } from './logging';
import { Problem } from './problem';
import { exitWithParent, leave } from './supervisor';

export interface RunningService {
  /** Said to the parent process, where there is one. */
  ready: Record<string, unknown>;
  close(): Promise<void>;
}

/** Runs a service as this process: starts it, tells the parent, ends it gracefully when asked to or when the parent is gone. */
export function runService(name: string, start: () => Promise<RunningService>): void {
  const starting = start();
  exitWithParent(async () => {
    const service = await starting.catch(() => undefined);
    await service?.close();
  });
  starting.then(
    ({ ready }) => process.send?.({ ready: true, ...ready }),
    (error: unknown) => {
      tellWhyNot(`The ${name} cannot start.`, error);
      leave(1);
    },
  );
}

/** Settings and advice are ours to show; of any other error only what may be known of it. */
export function tellWhyNot(sentence: string, error: unknown): void {
  const ours =
    error instanceof ConfigError ||
    (error instanceof Error && !('driverError' in error) && (!('code' in error) || isOfArguments(error.code)));
  const detail = error instanceof Problem && error.detail !== undefined ? `: ${error.detail}` : '';
  console.error(sentence, ours ? `${error.message}${detail}` : describeError(error));
}

/** What was typed is no secret, and Node says what is wrong with it. */
const isOfArguments = (code: unknown): boolean => String(code).startsWith('ERR_PARSE_ARGS');
