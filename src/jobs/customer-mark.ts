import { keyedHash } from '../platform/crypto';
import type { KeyRing } from '../platform/key-ring';

/** A customer's reference by keyed hash: whoever has it finds their job when the reference is gone from here. */
export const customerMark = (keyRing: KeyRing, programmeId: string, customerRef: string): Buffer =>
  keyedHash(keyRing.leavingOf(programmeId), `customer ${customerRef}`);
