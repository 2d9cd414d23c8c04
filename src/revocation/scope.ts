import type { EndingScope } from '../consents/core';
import { toPublicId } from '../platform/ids';
import type { EndingScopeView } from './revocation.dto';

/** What ended consents, as answers and certificates say it. */
export function scopeViewOf(scope: EndingScope): EndingScopeView {
  if ('share' in scope) return { share: toPublicId('shr', scope.share) };
  if ('offer' in scope) return { offer: toPublicId('off', scope.offer), before: scope.before };
  if ('replayed' in scope) return { replayed: true };
  return 'merge' in scope ? { merge: toPublicId('mrg', scope.merge) } : scope;
}
