import type { JsonSchema, TextsDto as Texts } from '../catalogue';
import type { Fault } from '../platform/problem';

export type { Texts };
export type Locale = keyof Texts;

export interface DiscountTerms {
  kind: 'percent' | 'amount';
  percent?: number;
  amountMinor?: number;
  currency?: string;
  validDays: number;
  minimumOrderMinor?: number;
}
export type Reward = { type: 'points'; points: number } | { type: 'discount'; discount: DiscountTerms };

export interface AskedPurpose {
  key: string;
  /** False: the customer's own choice, which never changes the reward. */
  required: boolean;
  title: Texts;
  description: Texts;
  /** Advertising by others: refused by whoever sends the Global Privacy Control. */
  thirdPartyAdvertising: boolean;
  /** Those that the notice names, and nobody else, may be given the value. */
  recipients: { id: string; name: string }[];
}

export interface Ask {
  attribute: string;
  title: Texts;
  required: boolean;
  /** Special category (GDPR Art. 9): consent of its own, and "prefer not to say" earns the same. */
  special: boolean;
  retentionDays: number;
  purposes: AskedPurpose[];
  /** The attribute's JSON Schema as it was published: what a page makes its input from. */
  schema: JsonSchema;
  /** Faults of a value against the attribute's JSON Schema; pointers are relative to the value, messages without it. */
  validate(value: unknown): Fault[];
}

/** What is known of the customer for this one call, given by the storefront and never stored. */
export type Context = Record<string, unknown>;

/** A published version: it never changes, so it may be kept in memory for good. */
export interface PublishedOffer {
  offerId: string;
  key: string;
  version: number;
  title: Texts;
  text: Texts;
  asks: Ask[];
  reward: Reward;
  /**
   * The last version whose notice was materially another than the one before: consents under versions before it are asked for
   * again. Undefined: there is none.
   */
  asksAgainSince: number | undefined;
  /** Days that points last, counted from the share; undefined: for good. */
  validDays: number | undefined;
  startsAt: Date | undefined;
  endsAt: Date | undefined;
  /** Whether a budget limits what may be promised, in points or codes. */
  budgeted: boolean;
  perCustomer: { times: number; everyDays: number };
  notices: Record<Locale, { id: string; hash: string; text: string }>;
  /** Why no offer is made to someone with these facts: undefined when one is. */
  refusal(context: Context): 'not-eligible' | 'too-young' | undefined;
}
