import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { open, seal } from '../platform/crypto';
import type { Facts } from '../platform/http/is-context';
import { KeyRing } from '../platform/key-ring';
import { unauthorized } from '../platform/problem';
import { CallerIds } from './caller-id';
import { KeyLookup } from './key-lookup';
import type { PrincipalOf } from './principal';
import { endOf, invalidToken, verifyToken } from './tokens';

export const SESSION_TYPE = 'gw-session+jwt';
const ISSUER = 'gegenwert';
const AUDIENCE = 'gegenwert:me';
export const SESSION_SECONDS = 15 * 60;

/** Whose session it is. */
export interface SessionOf {
  programmeId: string;
  customerRef: string;
  locale: 'de' | 'en';
  /** uuid of the storefront's key that asked for the session, which lives no longer than that key. */
  key: string;
  /** What the storefront knows of the customer, for eligibility and minimum age. */
  facts?: Facts | undefined;
}

interface SessionClaims {
  programme: string;
  customerRef: string;
  locale: 'de' | 'en';
  key: string;
  /** Encrypted: what a shop thinks of its customers is not for every browser, nor for what reads along in it. */
  facts?: string | undefined;
}

/** Tokens that stand for one customer, for 15 minutes. */
@Injectable()
export class CustomerSessions {
  private readonly secret: KeyObject;
  private readonly factsKey: Buffer;

  constructor(
    keyRing: KeyRing,
    private readonly keys: KeyLookup,
    private readonly callerIds: CallerIds,
  ) {
    this.secret = createSecretKey(keyRing.serviceKey('customer sessions'));
    this.factsKey = keyRing.serviceKey('facts of customer sessions');
  }

  /** A new session. */
  async begin(session: SessionOf): Promise<{ token: string; expiresAt: Date }> {
    const { programmeId, customerRef, locale, key, facts } = session;
    const claims: SessionClaims = { programme: programmeId, customerRef, locale, key };
    if (facts)
      claims.facts = seal(this.factsKey, Buffer.from(JSON.stringify(facts)), programmeId).toString('base64url');
    const expiresAt = Math.floor(Date.now() / 1000) + SESSION_SECONDS;
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: SESSION_TYPE })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(this.secret);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  /** @throws 401 for a token that is not ours or over, whose session was ended, or whose storefront's key is revoked. */
  async verify(token: string): Promise<PrincipalOf<'customer'>> {
    const claims = await verifyToken<SessionClaims>(token, this.secret, {
      algorithms: ['HS256'],
      typ: SESSION_TYPE,
      issuer: ISSUER,
      audience: AUDIENCE,
    });
    const { programme: programmeId, customerRef, locale, key, jti: id, facts: sealed } = claims;
    if (id === undefined) throw invalidToken();
    if (!(await this.keys.isSessionUsable(programmeId, key, id)))
      throw unauthorized('The session was ended, or the key that opened it is revoked.');
    const callerId = this.callerIds.of(programmeId, customerRef);
    const facts = sealed === undefined ? {} : this.readFacts(sealed, programmeId);
    const session = { id, locale, facts };
    return { kind: 'customer', programmeId, callerId, customerRef, endsAt: endOf(claims), session };
  }

  private readFacts(sealed: string, programmeId: string): Facts {
    return JSON.parse(open(this.factsKey, Buffer.from(sealed, 'base64url'), programmeId).toString()) as Facts;
  }
}
