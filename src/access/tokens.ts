import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey, JWTVerifyOptions, ProtectedHeaderParameters } from 'jose';
import type { KeyObject } from 'node:crypto';
import { Problem, unauthorized } from '../platform/problem';

/** Which check a token failed is nobody's business but its issuer's. */
export const invalidToken = (): Problem => unauthorized('The token is not valid, or not any more.');

/** What a token says about itself, before anything of it is verified: only good for finding out how to verify it. */
export function readUnverified(token: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  return orInvalid(() => ({ header: decodeProtectedHeader(token), claims: decodeJwt(token) }));
}

/** The claims of a token that passes every check. @throws 401, or the Problem that getting the key met with. */
export async function verifyToken<Claims>(
  token: string,
  key: KeyObject | JWTVerifyGetKey,
  options: JWTVerifyOptions & { algorithms: string[]; issuer: string; audience: string },
): Promise<Claims & JWTPayload> {
  const checks = { ...options, requiredClaims: ['exp'] };
  const verifying =
    typeof key === 'function' ? jwtVerify<Claims>(token, key, checks) : jwtVerify<Claims>(token, key, checks);
  try {
    return (await verifying).payload;
  } catch (error) {
    throw isOfToken(error) ? invalidToken() : error;
  }
}

/** When a token ends that was verified, and so has an end. */
export const endOf = ({ exp }: JWTPayload): Date => new Date((exp ?? 0) * 1000);

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isOfToken(error) ? invalidToken() : error;
  }
}

// Besides its own errors jose lets through what decoding and WebCrypto say of a malformed token or an unfit key.
const isOfToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException;
