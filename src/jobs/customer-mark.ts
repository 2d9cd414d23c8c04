import { keyedHash } from '../platform/crypto';
import type { ProgrammeKeys } from '../platform/key-ring';

/** A customer's reference by keyed hash: whoever has it finds their job when the reference is gone from here. */
export const customerMark = (keys: ProgrammeKeys, customerRef: string): Buffer =>
  keyedHash(keys.marks, `customer ${customerRef}`);
