import type { Database, Statement } from '../platform/database';

/** A programme whose history is not sealed to its end. */
export interface Unsealed {
  /** uuid */
  programmeId: string;
  /** Of the oldest row. */
  seconds: number;
  /** Whether it can be sealed at once; else an open transaction, of whomever, is in the way. */
  ready: boolean;
}

const UNSEALED: Statement = {
  name: 'unsealed_programmes',
  text: `SELECT programme_id AS "programmeId", extract(epoch FROM clock_timestamp() - since)::float8 AS seconds, ready FROM unsealed_programmes()`,
};

export const unsealed = (database: Database): Promise<Unsealed[]> => database.query<Unsealed>(UNSEALED);
