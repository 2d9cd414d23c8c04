import type { Facts } from '../platform/http/is-context';

/** Roles of staff; admin may do what the other two may. */
export const ROLES = ['marketing', 'dpo', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** A customer's session that a storefront opened. */
export interface OpenSession {
  /** uuid */
  id: string;
  locale: 'de' | 'en';
  /** What the storefront that opened it knows of the customer. */
  facts: Facts;
}

/**
 * Who is calling. programmeId is the tenant of the whole call. callerId names the caller for idempotency and the audit:
 * the key's uuid, or a hash of issuer and subject; never a customer's reference. Of a customer also when the token ends, and
 * their session, where it is not a token of the programme's own issuer; of staff with a token, the name that it has.
 * firstKeyId: of a key that another was rotated into, the uuid of the first of them; to idempotency, and as authors, they are one.
 */
export type Principal =
  | { kind: 'operator' }
  | { kind: 'staff'; programmeId: string; callerId: string; firstKeyId?: string; role: Role; name?: string }
  | { kind: 'storefront'; programmeId: string; callerId: string; firstKeyId?: string }
  | { kind: 'recipient'; programmeId: string; callerId: string; firstKeyId?: string; recipientId: string }
  | {
      kind: 'customer';
      programmeId: string;
      callerId: string;
      customerRef: string;
      endsAt: Date;
      session?: OpenSession;
    };

export type PrincipalKind = Principal['kind'];
export type PrincipalOf<Kind extends PrincipalKind> = Extract<Principal, { kind: Kind }>;

/** Who it is, whichever of the keys they call with that were rotated one into the next. */
export const personOf = (principal: Exclude<Principal, { kind: 'operator' }>): string =>
  (principal.kind === 'customer' ? undefined : principal.firstKeyId) ?? principal.callerId;
