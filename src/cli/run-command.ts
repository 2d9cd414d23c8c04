import { ApiFault } from './api';
import type { Ending } from './follow-job';

const CODES: Readonly<Record<Ending, number>> = { done: 0, 'not done': 1, left: 130 };

/** Runs a command as this process: 0 when its job is done, 1 when not, 2 when it could not be asked for, 130 when it was left. */
export function runCommand(command: () => Promise<Ending>): void {
  command().then(
    (ending) => process.exit(CODES[ending]),
    (error: unknown) => {
      console.error(error instanceof ApiFault ? error.message : error);
      process.exit(2);
    },
  );
}
