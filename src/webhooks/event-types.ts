/** What the programme's own endpoints can ask to be told. */
export const PROGRAMME_EVENTS = [
  'share.accepted',
  'award.granted',
  'redemption.held',
  'redemption.captured',
  'redemption.released',
  'redemption.refunded',
  'value.corrected',
  'revocation.overdue',
] as const;

/** What each recipient's endpoint is told of what it got. */
export const RECIPIENT_EVENTS = ['consent.revoked', 'value.corrected'] as const;

/** `ping` is the test event: every endpoint gets it when it is asked for, and only then. */
export type EventType = (typeof PROGRAMME_EVENTS)[number] | (typeof RECIPIENT_EVENTS)[number] | 'ping';
