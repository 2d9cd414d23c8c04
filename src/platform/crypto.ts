import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

/** Random bytes from one pool: a call of the system's generator for each value would cost more than its encryption. */
const pool = { bytes: Buffer.alloc(0), used: 0 };
export function randomFromPool(size: number): Buffer {
  if (pool.used + size > pool.bytes.length) {
    pool.bytes = randomBytes(8192);
    pool.used = 0;
  }
  // A copy, and the pool forgets it: a data key must not outlive the value's row in memory that others share.
  const taken = Buffer.from(pool.bytes.subarray(pool.used, pool.used + size));
  pool.bytes.fill(0, pool.used, pool.used + size);
  pool.used += size;
  return taken;
}

/** AES-256-GCM (NIST SP 800-38D): IV, tag and ciphertext as one buffer; about is authenticated and not stored. */
export function seal(key: Buffer, plain: Buffer, about: string): Buffer {
  const iv = randomFromPool(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(about));
  const body = cipher.update(plain);
  const rest = cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), body, rest]);
}

/** @throws when the key, about or a single bit is not what it was sealed with. */
export function open(key: Buffer, sealed: Buffer, about: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(about));
  decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}

/** A key of its own for each use of a key (HKDF, RFC 5869). */
export function deriveKey(key: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `gegenwert ${use}`, KEY_BYTES));
}

export function keyedHash(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
