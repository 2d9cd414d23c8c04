import { hash, randomBytes } from 'node:crypto';

export type KeyKind = 'storefront' | 'staff' | 'recipient';
export type KeyMode = 'live' | 'test';

const KEY = /^gw_(?:sk_live|sk_test|rk|st)_[A-Za-z0-9_-]{43}$/;

export const looksLikeKey = (text: string): boolean => KEY.test(text);

/** A new key: what it is can be read off it (secret scanners need that), who it belongs to cannot. */
export function newKey(kind: KeyKind, mode: KeyMode | undefined): string {
  const prefix = { storefront: `sk_${mode ?? 'live'}`, staff: 'st', recipient: 'rk' }[kind];
  return `gw_${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 without salt or stretching: 256 random bits cannot be tried out, and every call has to pay for it. */
export const hashOfSecret = (secret: string): string => hash('sha256', secret, 'hex');
