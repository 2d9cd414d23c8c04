import { makeCodes } from '../discounts/core';
import { postAwards } from '../ledger';
import { take } from '../outbox';
import type { Database } from '../platform/database';
import { metrics } from '../platform/metrics';
import { announceBooked, announceCodes, announceUnrewarded } from './announcements';

/** Awards in one batch: large enough that the commit costs nothing each, small enough to be done in some tens of ms. */
const BATCH = 1000;

type Grant = (database: Database, programmeId: string, stopping: () => boolean) => Promise<void>;

/** What is done of awards, by what is owed: batch by batch, until nothing is; each stops between batches when told to. */
export const GRANTS: Record<'points' | 'discount' | 'share', Grant> = {
  points: (database, programmeId, stopping) => untilNoneOwed(() => bookOwedPoints(database, programmeId), stopping),
  discount: (database, programmeId, stopping) => untilNoneOwed(() => makeOwedCodes(database, programmeId), stopping),
  share: (database, programmeId, stopping) =>
    untilNoneOwed(() => database.inProgramme(programmeId, (tx) => announceUnrewarded(tx, BATCH)), stopping),
};

/** Books every award that one programme owes. */
export async function grantOwed(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  for (const grant of Object.values(GRANTS)) await grant(database, programmeId, stopping);
}

async function untilNoneOwed(batch: () => Promise<number>, stopping: () => boolean): Promise<void> {
  for (let done = BATCH; done === BATCH && !stopping();) {
    done = await batch();
    if (done > 0) metrics.batchSize.observe({ what: 'posting' }, done);
  }
}

/** All in one round trip. */
function bookOwedPoints(database: Database, programmeId: string): Promise<number> {
  return database.inProgramme(programmeId, async (tx, commit) => {
    const booked = Promise.all([postAwards(tx, programmeId, BATCH), announceBooked(tx)]);
    commit();
    return (await booked)[0];
  });
}

function makeOwedCodes(database: Database, programmeId: string): Promise<number> {
  return database.inProgramme(programmeId, async (tx) => {
    const owed = await take(tx, 'discount', BATCH);
    if (owed.length === 0) return 0;
    await makeCodes(tx, owed);
    await announceCodes(tx, owed);
    return owed.length;
  });
}
