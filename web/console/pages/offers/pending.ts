import type { PendingCall, PendingPost } from '../../../shared/pending';
import type { Schemas } from '../../api/client';

/** Who did something: `name` is null of an issuer's subject. */
export interface Person {
  caller: string;
  name: string | null;
}

export interface Approval {
  state: 'none' | 'awaiting' | 'approved';
  submittedBy?: Person;
  submittedAt?: string;
  approvedBy?: Person;
  approvedAt?: string;
}

/** An offer with what openapi.json does not say of it yet. */
export type Offer = Omit<Schemas['OfferDto'], 'draft'> & {
  approval: Approval;
  budgetLeft?: number;
  draft: (Schemas['OfferDraftDto'] & { revision: number }) | null;
};

export interface OfferVersion {
  version: number;
  status: 'draft' | 'in-force' | 'replaced';
  publishedAt: string | null;
  publishedBy?: Person | null;
  change: 'compatible' | 'material' | null;
  changes: { path: string; before: unknown; after: unknown }[];
}

export interface OfferCheck {
  code: string;
  level: 'ok' | 'warning' | 'error';
  message: string;
  pointer?: string;
}

export interface DryRunResult {
  name: string;
  earnsNow: boolean;
  whyNot?: string;
}

type Facts = Record<string, string | number | boolean>;
type ById = { path: { id: string } };

export interface PendingOfferPaths {
  '/v1/offers/{id}/versions': {
    get: PendingCall<{ data: OfferVersion[]; nextCursor: string | null }, ById & { query?: { limit?: number } }>;
  };
  '/v1/offers/{id}/duplicate': { post: PendingPost<{ key: string }, Offer, ById> };
  '/v1/offers/{id}/checks': {
    get: PendingCall<{ ready: boolean; checks: OfferCheck[] }, ById & { query: { locale: string } }>;
  };
  '/v1/offers/{id}/dry-run': {
    post: PendingPost<{ examples: { name?: string; context: Facts }[] }, { results: DryRunResult[] }, ById>;
  };
  '/v1/offers/{id}/submission': { post: PendingCall<Offer, ById> };
  '/v1/offers/{id}/approval': { post: PendingPost<{ revision?: number }, Offer, ById> };
  '/v1/eligibility-checks': {
    post: PendingPost<
      { eligibility: string },
      { valid: boolean; errors: { message: string; position?: { line: number; column: number } }[]; facts: string[] }
    >;
  };
  '/v1/offer-previews': {
    post: PendingPost<Partial<Schemas['CreateOfferDto']>, Record<'de' | 'en', Schemas['QuoteDto']>>;
  };
}
