import { makeCodes } from '../discounts/core';
import { type Lane, postAward, postAwards } from '../ledger';
import { hold, setAside, settle, take } from '../outbox';
import { byHalves } from '../platform/by-halves';
import type { Database, Tx } from '../platform/database';
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

interface Owed {
  /** Does up to limit of what is owed, in each of its transactions, and answers how many in each; fewer in all, and no more is owed. */
  batch: (database: Database, programmeId: string, limit: number) => Promise<number[]>;
  /** Does this one, which the transaction has locked in the outbox. */
  one: (tx: Tx, id: string) => Promise<void>;
}

/** What is done of awards, by what is owed: batch by batch, until nothing is; each stops between batches when told to. */
export const GRANTS: Record<Topic, Grant> = {
  points: untilNoneOwed('points', { batch: bookOwedPoints, one: bookOne }),
  discount: untilNoneOwed('discount', ofTaken('discount', giveCodes)),
  share: untilNoneOwed('share', ofTaken('share', announceUnrewarded)),
};

/** Books every award that one programme owes. */
export async function grantOwed(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  for (const grant of Object.values(GRANTS)) await grant(database, programmeId, stopping);
}

/**
 * One that the database throws out is looked for by halves and set aside, so that it holds up nobody else's. Everything else is done
 * when it is thrown.
 */
function untilNoneOwed(topic: Topic, { batch, one }: Owed): Grant {
  return (database, programmeId, stopping) => {
    // Known before it fails: another worker, looking for the same, may have let go of the one before it by then.
    let alone = '';
    const first = (): Promise<number> =>
      database.inProgramme(programmeId, async (tx) => {
        const id = await hold(tx, topic);
        if (id !== undefined) await one(tx, (alone = id));
        return id === undefined ? 0 : 1;
      });
    return byHalves({
      limit: BATCH,
      largest: LARGEST,
      stopping,
      batch: async (limit) => {
        const all = limit === 1 ? [await first()] : await batch(database, programmeId, limit);
        const done = all.filter((count) => count > 0);
        for (const count of done) metrics.batchSize.observe({ what: 'posting' }, count);
        return sumOf(done) >= limit;
      },
      leaveOut: async () => {
        await database.inProgramme(programmeId, (tx) => setAside(tx, topic, alone));
        return true;
      },
    });
  };
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

async function bookOne(tx: Tx, id: string): Promise<void> {
  await Promise.all([postAward(tx, id), announceBooked(tx)]);
}

/** What is done with the ids of what was taken from the outbox. */
function ofTaken(topic: Topic, work: (tx: Tx, ids: string[]) => Promise<void>): Owed {
  return {
    batch: async (database, programmeId, limit) => [
      await database.inProgramme(programmeId, async (tx) => {
        const owed = await take(tx, topic, limit);
        if (owed.length > 0) await work(tx, owed);
        return owed.length;
      }),
    ],
    one: async (tx, id) => {
      await settle(tx, topic, id);
      await work(tx, [id]);
    },
  };
}

async function giveCodes(tx: Tx, awardIds: string[]): Promise<void> {
  await makeCodes(tx, awardIds);
  await announceCodes(tx, awardIds);
}
