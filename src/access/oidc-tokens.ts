import { Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { CallerIds } from './caller-id';
import { CUSTOMER_REF } from './customer-ref';
import { IssuerKeys } from './issuer-keys';
import { IssuerLookup, type TokenIssuer } from './issuer-lookup';
import { ROLES, type PrincipalOf, type Role } from './principal';
import { endOf, invalidToken, readUnverified, verifyToken } from './tokens';

/** Asymmetric only: with a public key as an HMAC's secret anybody could sign. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** RFC 9068 access tokens, and what says no more than JWT; never a logout token or another token of the same issuer. */
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
const CLOCK_TOLERANCE_SECONDS = 5;

/** Tokens of a programme's own OpenID Connect issuers. */
@Injectable()
export class OidcTokens {
  constructor(
    private readonly issuers: IssuerLookup,
    private readonly keys: IssuerKeys,
    private readonly callerIds: CallerIds,
  ) {}

  /** @throws 401; 503 when the issuer must be asked for its keys and is away. */
  async verify(token: string): Promise<PrincipalOf<'customer' | 'staff'>> {
    const { header, claims: unverified } = readUnverified(token);
    if (!isType(header.typ)) throw invalidToken();
    const registered = await this.registrationOf(unverified);
    // The key comes from the registered issuer alone: a `jku`, `x5u` or `jwk` in the header is never looked at.
    const claims = await verifyToken(token, this.keys.of(registered.issuer), {
      algorithms: ALGORITHMS,
      issuer: registered.issuer,
      audience: registered.audience,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    return this.principalOf(registered, claims);
  }

  private async registrationOf(claims: JWTPayload): Promise<TokenIssuer> {
    const { iss, aud } = claims;
    // The database takes no U+0000, and would answer none of those who ask along with it.
    if (typeof iss !== 'string' || iss.includes('\0')) throw invalidToken();
    const audiences = [aud].flat();
    const [found, ...others] = (await this.issuers.byIssuer(iss)).filter(({ audience }) =>
      audiences.includes(audience),
    );
    // For several of ours it would not say for which programme, and as whom.
    if (!found || others.length > 0 || !isForClient(found, claims)) throw invalidToken();
    return found;
  }

  private principalOf(
    { programmeId, issuer, subjects, subjectClaim, roleClaim }: TokenIssuer,
    claims: JWTPayload,
  ): PrincipalOf<'customer' | 'staff'> {
    const subject = claims[subjectClaim];
    if (typeof subject !== 'string' || subject === '') throw invalidToken();
    const callerId = this.callerIds.of(issuer, subject);
    if (subjects === 'staff') {
      const role = roleOf(claims[roleClaim]);
      return {
        kind: 'staff',
        programmeId,
        callerId,
        role,
        ...(typeof claims.name === 'string' && { name: claims.name }),
      };
    }
    if (!CUSTOMER_REF.test(subject)) throw invalidToken();
    return { kind: 'customer', programmeId, callerId, customerRef: subject, endsAt: endOf(claims) };
  }
}

/**
 * Whom a token was given to (OpenID Connect Core 1.0, 3.1.3.7: `azp`; RFC 9068, 2.2: `client_id`) is not whom it is for: it is
 * held against the one client that is registered, and against none where none is.
 */
const isForClient = ({ clientId }: TokenIssuer, { azp, client_id: client }: JWTPayload): boolean =>
  clientId === null || [azp, client].every((one) => one === undefined || one === clientId);

/** Nothing of a header is verified yet: it may be of any type. */
const isType = (typ: unknown): boolean =>
  typ === undefined || (typeof typ === 'string' && TYPES.has(typ.toLowerCase()));

/** A role, alone or as the only one of ours in a list, as many issuers put it. */
function roleOf(claim: unknown): Role {
  const named = Array.isArray(claim) ? (claim as unknown[]) : [claim];
  const [role, ...others] = ROLES.filter((known) => named.includes(known));
  if (!role || others.length > 0) throw invalidToken();
  return role;
}
