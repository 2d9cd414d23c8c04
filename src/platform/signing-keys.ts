import { createHash, createPrivateKey, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { Database, Statement } from './database';
import { KeyRing } from './key-ring';

/** An Ed25519 public key as RFC 8037 JWK. */
export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid: string;
  alg: 'EdDSA';
  use: 'sig';
}

const ALL: Statement = {
  name: 'all_signing_keys',
  text: `SELECT kid, public_jwk, wrapped_private, retired_at IS NULL AS current, created_at AS since FROM signing_keys
          ORDER BY created_at`,
};
const ADD: Statement = {
  name: 'add_signing_key',
  text: 'INSERT INTO signing_keys (kid, public_jwk, wrapped_private) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

interface Row {
  kid: string;
  public_jwk: PublicJwk;
  wrapped_private: Buffer;
  current: boolean;
  since: Date;
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** Of the x of an Ed25519 key (RFC 7638). */
export const thumbprintOf = (x: string): string =>
  createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');

/** Called by its thumbprint, shortened: unique among the few keys of a service. */
function newKey(): { jwk: PublicJwk; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' }) as { x: string };
  return {
    jwk: { kty: 'OKP', crv: 'Ed25519', x, kid: thumbprintOf(x).slice(0, 16), alg: 'EdDSA', use: 'sig' },
    privateKey,
  };
}

/**
 * The service's keys for receipts and certificates: one current, the retired ones still there to be verified by.
 * Private halves are stored wrapped by the KEK.
 */
export class SigningKeys {
  private constructor(
    private readonly keys: Map<string, KeyObject>,
    /** By age. */
    private readonly ages: { kid: string; since: Date }[],
    readonly currentKid: string,
    /** Body of `/.well-known/jwks.json` (RFC 7517). */
    readonly jwks: { keys: PublicJwk[] },
  ) {}

  /** Loads the keys; makes the first one when there is none. */
  static async load(database: Database, keyRing: KeyRing): Promise<SigningKeys> {
    let rows = await database.query<Row>(ALL);
    if (!rows.some((row) => row.current)) {
      const { jwk, privateKey } = newKey();
      const wrapped = await keyRing.wrap(privateKey.export({ format: 'der', type: 'pkcs8' }), `signing key ${jwk.kid}`);
      // Two processes that start together: the database lets one key be current, and both use that one.
      await database.query(ADD, [jwk.kid, jwk, wrapped]);
      rows = await database.query<Row>(ALL);
    }
    const current = rows.find((row) => row.current);
    if (!current) throw new Error('No signing key is current');
    const keys = await Promise.all(
      rows.map(async (row): Promise<[string, KeyObject]> => {
        const der = await keyRing.unwrapFirst(row.wrapped_private, `signing key ${row.kid}`);
        return [row.kid, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })];
      }),
    );
    return new SigningKeys(new Map(keys), rows, current.kid, { keys: rows.map((row) => row.public_jwk) });
  }

  /** The key of that time: what is signed by it anew, of rows of then, is the same as it was. */
  kidAt(at: Date): string {
    return this.ages.findLast(({ since }) => since <= at)?.kid ?? this.ages[0]?.kid ?? this.currentKid;
  }

  /** A compact JWS (RFC 7515, EdDSA of RFC 8037): the same key and payload always give the same one. */
  sign(kid: string, type: string, payload: object): string {
    const key = this.keys.get(kid);
    if (!key) throw new Error('Unknown signing key');
    const head = `${base64url(JSON.stringify({ alg: 'EdDSA', kid, typ: type }))}.${base64url(JSON.stringify(payload))}`;
    return `${head}.${sign(null, Buffer.from(head), key).toString('base64url')}`;
  }
}
