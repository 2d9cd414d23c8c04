import { createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { KeyRing } from '../platform/key-ring';
import { unauthorized } from '../platform/problem';
import { CallerIds } from './caller-id';
import { KeyLookup } from './key-lookup';
import type { PrincipalOf } from './principal';
import { verifyToken } from './tokens';

export const SESSION_TYPE = 'gw-session+jwt';
const ISSUER = 'gegenwert';
const AUDIENCE = 'gegenwert:me';
const SESSION_SECONDS = 15 * 60;

interface SessionClaims {
  programme: string;
  customerRef: string;
  locale: string;
  /** The storefront's key that asked for the session, which lives no longer than that key. */
  key: string;
}

/** Tokens that stand for one customer, for 15 minutes, given out by a storefront. */
@Injectable()
export class CustomerSessions {
  private readonly secret: KeyObject;

  constructor(
    keyRing: KeyRing,
    private readonly keys: KeyLookup,
    private readonly callerIds: CallerIds,
  ) {
    this.secret = createSecretKey(keyRing.serviceKey('customer sessions'));
  }

  async open(storefront: PrincipalOf<'storefront'>, customerRef: string, locale: string) {
    const claims: SessionClaims = {
      programme: storefront.programmeId,
      customerRef,
      locale,
      key: storefront.callerId,
    };
    const expiresAt = Math.floor(Date.now() / 1000) + SESSION_SECONDS;
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: SESSION_TYPE })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(this.secret);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  /** @throws 401 for a token that is not ours, is over, or whose storefront's key is revoked. */
  async verify(token: string): Promise<PrincipalOf<'customer'>> {
    const claims = await verifyToken<SessionClaims>(token, this.secret, {
      algorithms: ['HS256'],
      typ: SESSION_TYPE,
      issuer: ISSUER,
      audience: AUDIENCE,
    });
    const { programme: programmeId, customerRef, key } = claims;
    if (!(await this.keys.isUsable(programmeId, key)))
      throw unauthorized('The key that opened this session is revoked.');
    return { kind: 'customer', programmeId, callerId: this.callerIds.of(programmeId, customerRef), customerRef };
  }
}
