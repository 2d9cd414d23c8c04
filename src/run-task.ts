import { sqlState } from './platform/database';
import { tellWhyNot } from './platform/run-service';

/** What an operator can do something about, by system code or SQLSTATE. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'there is no such host',
  ETIMEDOUT: 'its host does not answer',
  '28P01': 'the password is wrong',
  '28000': 'this login may not connect',
  '3D000': 'there is no such database',
  '42501': 'its login may not do that; it must own the database and be allowed to create roles',
};

/** Runs a task as this process, which ends with 0 when it comes to true, and otherwise with 1. */
export function runTask(name: string, task: () => Promise<boolean>): void {
  task().then(
    (good) => process.exit(good ? 0 : 1),
    (error: unknown) => {
      const cause = CAUSES[sqlState(error) ?? ''];
      if (cause === undefined) tellWhyNot(`The ${name} failed.`, error);
      else console.error(`The ${name} failed. The database that DATABASE_URL names cannot be used: ${cause}.`);
      process.exit(1);
    },
  );
}
