import type { PendingCall } from '../../../shared/pending';

/** How many persons; fewer than ten are not counted out. */
export interface Persons {
  value: number | null;
  fewerThan?: number;
}

export interface PurposeConsents {
  purpose: string;
  title: { de: string; en: string };
  active: Persons;
  paused: Persons;
  withdrawn: Persons;
  expired: Persons;
  recipients: string[];
  withdrawnAt?: string;
}

export interface DisclosureOfCustomer {
  id: string;
  at: string;
  recipient: string;
  name: string;
  purpose: string;
  attributes: string[];
  reason: string;
  useUntil: string;
  kind: 'disclosure' | 'predicate';
}

export type Cause = 'share' | 'purpose' | 'attribute' | 'everything' | 'recipient' | 'expired' | 'merge' | 'offer' | 'programme' | 'replayed';

export interface ConsentOfCustomer {
  id: string;
  attribute: string;
  purpose: string;
  status: 'active' | 'paused' | 'withdrawn' | 'expired' | 'superseded';
  since: string;
  until: string;
  history: { event: 'given' | 'withdrawn' | 'expired' | 'superseded'; at: string; cause: Cause }[];
}

export interface ToldRecipient {
  recipient: string;
  name: string;
  status: 'owed' | 'acknowledged';
  dueAt: string;
  overdue: boolean;
  acknowledgedAt?: string;
}

export interface RevocationInList {
  id: string;
  customerRef: string | null;
  status: 'blocked' | 'erased' | 'told' | 'complete';
  cause: Cause;
  at: string;
  consentsEnded: number;
  recipients: ToldRecipient[];
}

export interface Change {
  id: string;
  at: string;
  by: { kind: string; caller: string | null; name: string | null; role: string | null };
  action: 'created' | 'changed' | 'removed';
  object: { type: string; id?: string; key?: string };
  changes: { field: string; before: unknown; after: unknown }[];
}

export interface ChainState {
  sealedUpTo: { block: number; at: string; hash: string } | null;
  behindSeconds: number;
  checkpoints: { count: number; latest: string | null };
}

interface PageOf<Row> {
  data: Row[];
  nextCursor: string | null;
}
interface PageQuery {
  limit?: number;
  after?: string;
}
type OfCustomer = { path: { customerRef: string }; query?: PageQuery };

/** Leaves when openapi.json has them. */
declare module '../../../shared/pending' {
  interface PendingPaths {
    '/v1/consents/by-purpose': { get: PendingCall<{ data: PurposeConsents[] }> };
    '/v1/customers/{customerRef}/disclosures': { get: PendingCall<PageOf<DisclosureOfCustomer>, OfCustomer> };
    '/v1/customers/{customerRef}/consents': { get: PendingCall<PageOf<ConsentOfCustomer>, OfCustomer> };
    '/v1/revocations': {
      get: PendingCall<PageOf<RevocationInList>, { query?: PageQuery & { status?: string; overdue?: boolean } }>;
    };
    '/v1/changes': { get: PendingCall<PageOf<Change>, { query?: PageQuery & { by?: string; object?: string } }> };
    '/v1/chain': { get: PendingCall<ChainState> };
  }
}
