import { Injectable } from '@nestjs/common';
import { keyedHash } from '../platform/crypto';
import { KeyRing } from '../platform/key-ring';

/** Ids of callers who come with a token: shaped like the uuid of a key, and not to be found by trying references. */
@Injectable()
export class CallerIds {
  private readonly key: Buffer;

  constructor(keyRing: KeyRing) {
    this.key = keyRing.serviceKey('caller ids');
  }

  /** The same for the same issuer and subject, whichever token they come with. */
  of(issuer: string, subject: string): string {
    const hash = keyedHash(this.key, JSON.stringify([issuer, subject])).subarray(0, 16);
    // Version 8 of RFC 9562: what the other bits mean is the maker's own affair.
    hash[6] = (hash[6]! & 0x0f) | 0x80;
    hash[8] = (hash[8]! & 0x3f) | 0x80;
    return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
}
