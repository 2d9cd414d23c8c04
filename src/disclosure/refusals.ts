import { Problem } from '../platform/problem';
import { QUESTIONS_A_DAY } from './questions';
import type { Release } from './release';

/** Why nothing was released. */
export function refusalOf({
  registered,
  suspended,
  askAgainInSeconds,
}: Pick<Release, 'registered' | 'suspended' | 'askAgainInSeconds'>): Problem {
  if (!registered)
    return new Problem(403, 'purpose-not-registered', 'The recipient is not registered for this purpose');
  if (askAgainInSeconds !== undefined)
    return new Problem(
      429,
      'too-many-questions',
      'Too many questions about one value',
      `Of one customer and attribute a recipient asks ${QUESTIONS_A_DAY} questions in 24 hours; an answer can be used until its useUntil.`,
      [],
      askAgainInSeconds,
    );
  return suspended
    ? new Problem(
        403,
        'recipient-suspended',
        'The recipient is suspended',
        'Acknowledge the revocation notices that are overdue. Nothing was released.',
      )
    : new Problem(403, 'no-active-consent', 'No active consent covers this', 'Nothing was released.');
}
