export type Role = 'marketing' | 'dpo' | 'admin';

/**
 * Who is calling. programmeId is the tenant of the whole call. callerId names the caller for idempotency and the audit:
 * the key's uuid, or a hash of issuer and subject; never a customer's reference.
 */
export type Principal =
  | { kind: 'operator' }
  | { kind: 'staff'; programmeId: string; callerId: string; role: Role }
  | { kind: 'storefront'; programmeId: string; callerId: string }
  | { kind: 'recipient'; programmeId: string; callerId: string; recipientId: string }
  | { kind: 'customer'; programmeId: string; callerId: string; customerRef: string };

export type PrincipalKind = Principal['kind'];
export type PrincipalOf<Kind extends PrincipalKind> = Extract<Principal, { kind: Kind }>;
