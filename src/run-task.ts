import { accessSync, constants } from 'node:fs';
import { tellWhyNot } from './platform/run-service';
import { whyUnusable } from './platform/usable';

/** Runs a task as this process, which ends with 0 when it comes to true, and otherwise with 1. */
export function runTask(name: string, task: () => Promise<boolean>): void {
  task().then(
    (good) => process.exit(good ? 0 : 1),
    (error: unknown) => {
      const why = whyUnusable(error, 'DATABASE_URL');
      if (why === undefined) tellWhyNot(`The ${name} failed.`, error);
      else console.error(`The ${name} failed. ${why}`);
      process.exit(1);
    },
  );
}

/** A file that an option names. @throws Error that says so where it cannot be read. */
export function readableFile(file: string): string {
  try {
    accessSync(file, constants.R_OK);
    return file;
  } catch {
    throw new Error(`The file ${file} is not there, or cannot be read.`);
  }
}
