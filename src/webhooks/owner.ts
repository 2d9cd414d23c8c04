import type { PrincipalOf } from '../access';

export type WebhookCaller = PrincipalOf<'storefront' | 'staff' | 'recipient'>;

/**
 * Whose endpoints a caller may see, as a condition on `w` and its two parameters: staff all of the programme's, a storefront
 * those that are no recipient's, a recipient its own.
 */
export const SEEN = (kind: string, recipient: string): string =>
  `CASE ${kind} WHEN 'staff' THEN true WHEN 'storefront' THEN w.recipient_id IS NULL ELSE w.recipient_id = ${recipient}::uuid END`;

export const seenBy = (caller: WebhookCaller): [kind: string, recipientId: string | null] => [
  caller.kind,
  caller.kind === 'recipient' ? caller.recipientId : null,
];
