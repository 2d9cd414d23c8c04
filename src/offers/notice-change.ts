import type { Fault } from '../platform/problem';
import type { PublishedAsk } from './offer-version.entity';

/** How a version's notice differs from the one before: in wording, or in what is consented to. */
export const NOTICE_CHANGES = ['compatible', 'material'] as const;
export type NoticeChange = (typeof NOTICE_CHANGES)[number];

/** What staff say of the version that they publish. */
export interface ChangeDecision {
  change?: NoticeChange | undefined;
  /** Days after which consents under the notices before end that were not confirmed; without, they last as they were given. */
  graceDays?: number | undefined;
}

/**
 * What asks go beyond: an attribute, a purpose of it, a recipient or a longer retention that the version before did not name,
 * so that no consent to it covers them. Pointers into asks.
 */
export function beyondConsents(before: PublishedAsk[], asks: PublishedAsk[]): Fault[] {
  return asks.flatMap((ask, n) => {
    const former = before.find(({ attribute }) => attribute === ask.attribute);
    if (!former) return [{ pointer: `/asks/${n}/attribute`, message: 'This attribute was not asked for before' }];
    const longer = ask.retentionDays > former.retentionDays;
    return [
      ...(longer ? [{ pointer: `/asks/${n}/attribute`, message: 'It would be kept for longer than before' }] : []),
      ...ask.purposes.flatMap((purpose, m) => beyondPurpose(former, purpose, `/asks/${n}/purposes/${m}`)),
    ];
  });
}

type AskedPurpose = PublishedAsk['purposes'][number];

function beyondPurpose(former: PublishedAsk, purpose: AskedPurpose, pointer: string): Fault[] {
  const known = former.purposes.find(({ key }) => key === purpose.key);
  if (!known) return [{ pointer, message: 'This purpose was not asked for before' }];
  const told = new Set(known.recipients.map(({ id }) => id));
  const added = purpose.recipients.filter(({ id }) => !told.has(id)).map(({ name }) => name);
  return [
    ...(added.length > 0 ? [{ pointer, message: `It would be given to others than before: ${added.join(', ')}` }] : []),
    ...(purpose.thirdPartyAdvertising && !known.thirdPartyAdvertising
      ? [{ pointer, message: 'It would be for third-party advertising' }]
      : []),
  ];
}

/**
 * What kind of change a version is: material where it goes beyond what was consented to, or where staff say so. Null for the
 * first version. faults: what was said cannot be.
 */
export function judgeChange(
  before: PublishedAsk[] | undefined,
  asks: PublishedAsk[],
  { change, graceDays }: ChangeDecision,
): { change: NoticeChange | null; faults: Fault[] } {
  if (before === undefined) {
    const said = { change, graceDays };
    const faults = Object.entries(said).flatMap(([name, value]) =>
      value === undefined ? [] : [{ pointer: `/${name}`, message: 'The first version changes nothing' }],
    );
    return { change: null, faults };
  }
  const beyond = beyondConsents(before, asks);
  if (change === 'compatible' && beyond.length > 0) {
    const message = 'It goes beyond what was consented to, so it is material: see the other errors';
    return { change, faults: [{ pointer: '/change', message }, ...beyond] };
  }
  const judged = change ?? (beyond.length > 0 ? 'material' : 'compatible');
  const hasGrace = graceDays !== undefined && judged !== 'material';
  const message = 'Only a material version asks again, and so has a grace';
  return { change: judged, faults: hasGrace ? [{ pointer: '/graceDays', message }] : [] };
}
