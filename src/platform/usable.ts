import { sqlState } from './database';

export type DatabaseSetting = 'DATABASE_URL' | 'GEGENWERT_KEYS_DATABASE_URL';

/** What an operator can do something about, by system code or SQLSTATE. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ECONNRESET: 'its host ends the connection',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its host',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host cannot be looked up',
  ETIMEDOUT: 'its host does not answer',
  '28P01': 'the password is wrong',
  '28000': 'this login may not connect',
  '3D000': 'there is no such database',
  '42501': 'its login may not do that; it must own the database and be allowed to create roles',
  '53300': 'it has no connection left',
};

/** Why the database that a setting names cannot be used, in words; undefined where the error is of something else. */
export function whyUnusable(error: unknown, setting: DatabaseSetting): string | undefined {
  const cause = CAUSES[sqlState(error) ?? ''];
  return cause === undefined ? undefined : `The database that ${setting} names cannot be used: ${cause}.`;
}

/** Work at a start: what fails of the database that a setting names says so, and which it is. */
export async function onDatabaseOf<T>(setting: DatabaseSetting, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = whyUnusable(error, setting);
    throw why === undefined ? error : new Error(why, { cause: error });
  }
}
