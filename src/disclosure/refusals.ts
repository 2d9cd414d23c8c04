import { Problem } from '../platform/problem';
import type { Release } from './release';

/** Why nothing was released. */
export function refusalOf({ registered, suspended }: Pick<Release, 'registered' | 'suspended'>): Problem {
  if (!registered)
    return new Problem(403, 'purpose-not-registered', 'The recipient is not registered for this purpose');
  return suspended
    ? new Problem(
        403,
        'recipient-suspended',
        'The recipient is suspended',
        'Acknowledge the revocation notices that are overdue. Nothing was released.',
      )
    : new Problem(403, 'no-active-consent', 'No active consent covers this', 'Nothing was released.');
}
