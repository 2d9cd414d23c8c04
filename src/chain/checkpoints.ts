import { createPublicKey, verify } from 'node:crypto';
import { parsePublicId } from '../platform/ids';
import { thumbprintOf, type PublicJwk } from '../platform/signing-keys';
import type { Checkpoint } from './block';

/** A checkpoint as somebody kept it. */
export interface KeptCheckpoint {
  /** As it stands in the file. */
  jws: string;
  checkpoint: Checkpoint;
  /** uuid */
  programmeId: string;
}

const JWS = /eyJ[\w-]*\.eyJ[\w-]*\.[\w-]+/g;

/** Every JWS in a text: an answer of `GET /v1/checkpoints`, a line each, or whatever they were pasted into. */
export const findCheckpoints = (text: string): string[] => [...new Set(text.match(JWS) ?? [])];

const readPart = (part: string | undefined): unknown => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

/** What a checkpoint says; undefined when none of the keys has signed it. */
export function readCheckpoint(jws: string, keys: PublicJwk[]): KeptCheckpoint | undefined {
  const [head, payload, signature] = jws.split('.');
  try {
    const { kid, alg } = readPart(head) as { kid?: string; alg?: string };
    const jwk = keys.find((key) => key.kid === kid);
    if (!jwk || alg !== 'EdDSA' || !isItsOwnName(jwk)) return undefined;
    const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
    if (!verify(null, Buffer.from(`${head}.${payload}`), key, Buffer.from(signature ?? '', 'base64url')))
      return undefined;
    const checkpoint = readPart(payload) as Checkpoint;
    const programmeId = parsePublicId('prg', checkpoint.programme);
    return programmeId === undefined ? undefined : { jws, checkpoint, programmeId };
  } catch {
    // Not of our making: no JSON, or no key of this kind.
    return undefined;
  }
}

/** A key is called by its thumbprint (RFC 7638), so another one cannot be put in its place. */
const isItsOwnName = ({ kid, x }: PublicJwk): boolean => thumbprintOf(x).startsWith(kid) && kid.length >= 16;
