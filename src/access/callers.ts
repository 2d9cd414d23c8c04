import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../platform/config';
import { CONFIG } from '../platform/platform.module';
import { unauthorized } from '../platform/problem';
import { CustomerSessions, SESSION_TYPE } from './customer-sessions';
import { hashOfSecret, looksLikeKey } from './key-format';
import { KeyLookup, type UsableKey } from './key-lookup';
import { OidcTokens } from './oidc-tokens';
import type { Principal } from './principal';
import { readUnverified } from './tokens';

const BEARER = /^Bearer +(.+)$/i;
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** From a header Authorization to who is calling. */
@Injectable()
export class Callers {
  private readonly operator: Buffer | undefined;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly keys: KeyLookup,
    private readonly sessions: CustomerSessions,
    private readonly tokens: OidcTokens,
  ) {
    this.operator = config.operatorKey === undefined ? undefined : Buffer.from(hashOfSecret(config.operatorKey), 'hex');
  }

  /** @throws 401 `unauthorized`; 503 when whoever must be asked is away. */
  async identify(authorization: string | undefined): Promise<Principal> {
    const secret = BEARER.exec(authorization ?? '')?.[1];
    if (secret === undefined) throw unauthorized('Send a header Authorization: Bearer <key or token>.');
    const hash = hashOfSecret(secret);
    // Of equally long hashes, so that neither a length nor a first difference can be timed.
    if (this.operator && timingSafeEqual(this.operator, Buffer.from(hash, 'hex'))) return { kind: 'operator' };
    if (looksLikeKey(secret)) {
      const key = await this.keys.byHash(hash);
      if (key) return principalOf(key);
    } else if (JWT.test(secret)) {
      return this.ofToken(secret);
    }
    throw unauthorized('The key is unknown, expired or revoked.');
  }

  private ofToken(token: string): Promise<Principal> {
    const isSession = readUnverified(token).header.typ === SESSION_TYPE;
    return isSession ? this.sessions.verify(token) : this.tokens.verify(token);
  }
}

function principalOf(key: UsableKey): Principal {
  const { id: callerId, programmeId } = key;
  const first = key.firstId === null ? {} : { firstKeyId: key.firstId };
  switch (key.kind) {
    case 'storefront':
      return { kind: 'storefront', programmeId, callerId, ...first };
    case 'staff':
      return { kind: 'staff', programmeId, callerId, ...first, role: key.role };
    case 'recipient':
      return { kind: 'recipient', programmeId, callerId, ...first, recipientId: key.recipientId };
  }
}
