import { makeCodes } from '../discounts/core';
import { postAwards } from '../ledger';
import { setAside, take } from '../outbox';
import { type Database, isOnesFault } from '../platform/database';
import { metrics } from '../platform/metrics';
import { announceBooked, announceCodes, announceUnrewarded } from './announcements';

/** Awards in one batch: large enough that the commit costs nothing each, small enough to be done in some tens of ms. */
const BATCH = 1000;
/** Where more is owed than that, each is twice the one before: a customer's own call waits for it, a tenth of a second at most. */
const LARGEST = 4 * BATCH;

type Topic = 'points' | 'discount' | 'share';
type Grant = (database: Database, programmeId: string, stopping: () => boolean) => Promise<void>;
/** Does up to limit of what is owed, and answers how many. */
type Batch = (database: Database, programmeId: string, limit: number) => Promise<number>;

/** What is done of awards, by what is owed: batch by batch, until nothing is; each stops between batches when told to. */
export const GRANTS: Record<Topic, Grant> = {
  points: untilNoneOwed('points', bookOwedPoints),
  discount: untilNoneOwed('discount', makeOwedCodes),
  share: untilNoneOwed('share', (database, programmeId, limit) =>
    database.inProgramme(programmeId, (tx) => announceUnrewarded(tx, limit)),
  ),
};

/** Books every award that one programme owes. */
export async function grantOwed(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  for (const grant of Object.values(GRANTS)) await grant(database, programmeId, stopping);
}

/**
 * One that the database throws out is looked for by halves and set aside, so that it holds up nobody else's. Everything else is done
 * when it is thrown.
 */
function untilNoneOwed(topic: Topic, batch: Batch): Grant {
  return async (database, programmeId, stopping) => {
    let fault: unknown;
    for (let limit = BATCH; !stopping();) {
      try {
        const done = await batch(database, programmeId, limit);
        if (done > 0) metrics.batchSize.observe({ what: 'posting' }, done);
        if (done < limit) break;
        limit = Math.min(LARGEST, limit * 2);
      } catch (error) {
        if (!isOnesFault(error)) throw error;
        if (limit === 1) {
          fault = error;
          await database.inProgramme(programmeId, (tx) => setAside(tx, topic));
        }
        limit = Math.ceil(limit / 2);
      }
    }
    if (fault !== undefined) throw fault;
  };
}

/** All in one round trip. */
function bookOwedPoints(database: Database, programmeId: string, limit: number): Promise<number> {
  return database.inProgramme(programmeId, async (tx, commit) => {
    const booked = Promise.all([postAwards(tx, programmeId, limit), announceBooked(tx)]);
    commit();
    return (await booked)[0];
  });
}

function makeOwedCodes(database: Database, programmeId: string, limit: number): Promise<number> {
  return database.inProgramme(programmeId, async (tx) => {
    const owed = await take(tx, 'discount', limit);
    if (owed.length === 0) return 0;
    await makeCodes(tx, owed);
    await announceCodes(tx, owed);
    return owed.length;
  });
}
