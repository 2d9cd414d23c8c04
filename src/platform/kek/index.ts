import { AwsKmsKek } from './aws-kms';
import { Keks } from './keks';
import { LocalKek } from './local';
import type { KekSettings } from './settings';

export { AwsKmsKek } from './aws-kms';
export { Keks } from './keks';
export { LocalKek } from './local';
export type { KekProvider } from './provider';

/** The KEKs that the settings name. @throws where they name none. */
export function keksOf({ kek, kms, previousKeks }: KekSettings): Keks {
  if (!kek && !kms) throw new Error('GEGENWERT_KEK is required with DATABASE_URL');
  const all = [...(kms ? [kms] : []), ...(kek ? [kek] : []), ...previousKeks].map((one) =>
    Buffer.isBuffer(one) ? new LocalKek(one) : new AwsKmsKek(one),
  );
  return new Keks(all[0]!, all.slice(1));
}
