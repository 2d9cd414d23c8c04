import type { components } from '../generated/api';

type Schemas = components['schemas'];

/** A JSON Schema (2020-12), as far as inputs are made from it. */
export interface Schema {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  oneOf?: Schema[];
  anyOf?: Schema[];
  title?: string;
  /** How the values of `enum` are called. */
  'x-titles'?: Record<string, Partial<Record<'de' | 'en', string>>>;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
}

export type Balance = Schemas['BalanceView'];
export type Quote = Schemas['QuoteDto'];
export type Ask = Quote['asks'][number];
export type AskedPurpose = Ask['purposes'][number];
export type ShareConsent = Schemas['ShareConsent'];
export type ShareAnswer = Schemas['ShareAnswer'];
export type Card = Schemas['LedgerItem'];
export type CardPurpose = Schemas['LedgerPurpose'];
export type Entry = Schemas['EntryView'];
export type Scope = Schemas['MeRevocationBody'];
export type Consequence = Schemas['RevocationAnswer'];
export type Revocation = Schemas['RevocationView'];
export type RevocationRecipient = Revocation['recipients'][number];
export type Certificate = Schemas['CertificateAnswer'];
export type Reward = Quote['reward'] | NonNullable<Card['reward']>;

export type Use = Schemas['Use'];
export type MyValue = Omit<Schemas['MyValue'], 'schema'> & { schema: Schema };
export type Session = Schemas['MySessionDto'];
export type OpenSession = Schemas['EnteredSessionDto'];

export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}
