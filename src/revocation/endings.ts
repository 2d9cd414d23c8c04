import type { JobSteps } from '../jobs/core';
import { graceEnd } from './graces';
import { programmeEnd } from './programme-end';
import { withdrawal } from './withdrawals';

/** How jobs are done that end the consents of many. */
export const endings = {
  'purpose-withdrawal': withdrawal,
  'recipient-withdrawal': withdrawal,
  'notice-grace': graceEnd,
  'programme-end': programmeEnd,
} satisfies Record<string, JobSteps>;
