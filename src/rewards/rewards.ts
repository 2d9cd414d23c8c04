import { makeCodes } from '../discounts/core';
import { type Lane, postAwards } from '../ledger';
import { setAside, take } from '../outbox';
import { byHalves } from '../platform/by-halves';
import type { Database } from '../platform/database';
import { metrics } from '../platform/metrics';
import { announceBooked, announceCodes, announceUnrewarded } from './announcements';

/** Awards in one batch: large enough that the commit costs nothing each, small enough to be done in some tens of ms. */
const BATCH = 1000;
/** Where more is owed than that, each is twice the one before: a customer's own call waits for it, a tenth of a second at most. */
const LARGEST = 4 * BATCH;
/** Of a backlog as large as that, two batches at a time, of customers of their own: while one waits for the disk the other goes on. */
const LANES: Lane[] = [
  { lane: 0, lanes: 2 },
  { lane: 1, lanes: 2 },
];

type Topic = 'points' | 'discount' | 'share';
type Grant = (database: Database, programmeId: string, stopping: () => boolean) => Promise<void>;
/** Does up to limit of what is owed, in each of its transactions, and answers how many in each; fewer in all, and no more is owed. */
type Batch = (database: Database, programmeId: string, limit: number) => Promise<number[]>;

/** What is done of awards, by what is owed: batch by batch, until nothing is; each stops between batches when told to. */
export const GRANTS: Record<Topic, Grant> = {
  points: untilNoneOwed('points', bookOwedPoints),
  discount: untilNoneOwed('discount', makeOwedCodes),
  share: untilNoneOwed('share', async (database, programmeId, limit) => [
    await database.inProgramme(programmeId, (tx) => announceUnrewarded(tx, limit)),
  ]),
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
  return (database, programmeId, stopping) =>
    byHalves({
      limit: BATCH,
      largest: LARGEST,
      stopping,
      batch: async (limit) => {
        const done = (await batch(database, programmeId, limit)).filter((one) => one > 0);
        for (const one of done) metrics.batchSize.observe({ what: 'posting' }, one);
        return sumOf(done) >= limit;
      },
      leaveOut: async () => {
        await database.inProgramme(programmeId, (tx) => setAside(tx, topic));
        return true;
      },
    });
}

async function bookOwedPoints(database: Database, programmeId: string, limit: number): Promise<number[]> {
  if (limit < LARGEST) return [await book(database, programmeId, limit)];
  const lanes = await Promise.allSettled(LANES.map((lane) => book(database, programmeId, limit, lane)));
  const done = lanes.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  // What the lanes looked at may be in the hands of another worker, and more be owed after it.
  return sumOf(done) < limit ? [...done, await book(database, programmeId, limit)] : done;
}

const sumOf = (counts: number[]): number => counts.reduce((sum, one) => sum + one, 0);

/** All in one round trip. */
function book(database: Database, programmeId: string, limit: number, lane?: Lane): Promise<number> {
  return database.inProgramme(programmeId, async (tx, commit) => {
    const booked = Promise.all([postAwards(tx, programmeId, limit, lane), announceBooked(tx)]);
    commit();
    return (await booked)[0];
  });
}

async function makeOwedCodes(database: Database, programmeId: string, limit: number): Promise<number[]> {
  const made = await database.inProgramme(programmeId, async (tx) => {
    const owed = await take(tx, 'discount', limit);
    if (owed.length === 0) return 0;
    await makeCodes(tx, owed);
    await announceCodes(tx, owed);
    return owed.length;
  });
  return [made];
}
