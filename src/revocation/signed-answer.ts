import { compactVerify, importJWK } from 'jose';
import type { PublicKeyDto } from '../catalogue';
import { invalidField } from '../platform/problem';

/** RFC 8037, and the name that RFC 9864 gives the same. */
const ALGORITHMS = ['EdDSA', 'Ed25519'];

/** What a recipient confirms. */
export interface Said {
  /** Public id of the notice. */
  notice: string;
  did: 'stopped' | 'erased';
}

/**
 * Sees to it that what a recipient says is signed where it has a key: a compact JWS (RFC 7515) whose payload is a JSON object
 * with `notice` and `did`. Whatever else the payload holds is the recipient's own.
 * @throws 422 with pointer /signature when it is missing, wrong, or over something else.
 */
export async function requireSignature(
  said: Said,
  signature: string | undefined,
  publicJwk: PublicKeyDto | null,
): Promise<void> {
  if (publicJwk === null) {
    if (signature === undefined) return;
    throw refused('There is no key to verify it with: register one first');
  }
  if (signature === undefined) throw refused('Must be given: this recipient has a key, and signs what it confirms');
  const payload = await verified(signature, publicJwk);
  if (payload === undefined) throw refused('Must be a compact JWS (EdDSA) by the key that this recipient registered');
  if (payload['notice'] !== said.notice) throw refused('Must be over this notice: its payload says so in notice');
  if (payload['did'] !== said.did) throw refused('Must be over the same did: its payload says so in did');
}

const refused = (message: string): Error => invalidField('/signature', message);

/** Undefined for whatever is not a JSON object that this key has signed. */
async function verified(signature: string, publicJwk: PublicKeyDto): Promise<Record<string, unknown> | undefined> {
  const { kty, crv, x } = publicJwk;
  const key = await importJWK({ kty, crv, x }, 'EdDSA');
  try {
    const { payload } = await compactVerify(signature, key, { algorithms: ALGORITHMS });
    const said: unknown = JSON.parse(Buffer.from(payload).toString());
    return typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
