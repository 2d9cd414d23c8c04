import { type EndedAs, type EndingScope, extentOf, lockCustomersById, nextWithin } from '../consents/core';
import type { Job, JobSteps } from '../jobs/core';
import type { Tx } from '../platform/database';
import { endForMany } from './end-for-many';
import { unconfirmed } from './graces';
import { withdrawn } from './withdrawals';

/** How jobs are done that end the consents of many, as each customer's own revocation would. */
export const endings = {
  'purpose-withdrawal': ending('withdrawn', (_, job) => withdrawn(job)),
  'recipient-withdrawal': ending('withdrawn', (_, job) => withdrawn(job)),
  'notice-grace': ending('superseded', unconfirmed),
  'programme-end': ending('withdrawn', () => ({ programme: true })),
} satisfies Record<string, JobSteps>;

function ending(status: EndedAs, scopeOf: (tx: Tx, job: Job) => EndingScope | Promise<EndingScope>): JobSteps {
  return {
    count: async (tx, job) => extentOf(tx, await scopeOf(tx, job)),
    next: async (tx, job, { reached, last }, limit) =>
      nextWithin(tx, await scopeOf(tx, job), { after: reached, last, limit }),
    see: async (tx, job, customerIds) => {
      const scope = await scopeOf(tx, job);
      // In one round trip, and in this order: what is ended is read after the locks.
      await Promise.all([lockCustomersById(tx, customerIds), endForMany(tx, customerIds, scope, status)]);
      return 'seen';
    },
  };
}
