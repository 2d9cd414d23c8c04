import { tellWhyNot } from './platform/run-service';

/** Runs a task as this process, which ends with 0 when it comes to true, and otherwise with 1. */
export function runTask(name: string, task: () => Promise<boolean>): void {
  task().then(
    (good) => process.exit(good ? 0 : 1),
    (error: unknown) => {
      tellWhyNot(`The ${name} failed.`, error);
      process.exit(1);
    },
  );
}
