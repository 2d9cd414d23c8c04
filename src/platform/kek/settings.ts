import type { AwsKmsSettings } from './aws-kms';

export interface KekSettings {
  /** Key-encryption key (KEK), 32 bytes; undefined where it lies in KMS, and with the embedded PostgreSQL, which makes one. */
  kek: Buffer | undefined;
  /** The KEK in AWS KMS. */
  kms: AwsKmsSettings | undefined;
  /** KEKs of before, which still open what they wrapped. */
  previousKeks: (Buffer | AwsKmsSettings)[];
}

const KMS = 'aws-kms:';
const BYTES = '32 bytes in base64 (openssl rand -base64 32)';

/** @param required whether there must be one: every database but the embedded one is used with a KEK of the operator's */
export function readKeks(env: NodeJS.ProcessEnv, required: boolean, faults: string[]): KekSettings {
  const { GEGENWERT_KMS_KEY_ID: keyId, GEGENWERT_KMS_REGION: region, GEGENWERT_KMS_ENDPOINT: endpoint } = env;
  const previous = (env['GEGENWERT_KEK_PREVIOUS'] ?? '').split(',').flatMap((text) => text.trim() || []);
  const usesKms = Boolean(keyId) || previous.some((text) => text.startsWith(KMS));
  if (usesKms && !region) faults.push('GEGENWERT_KMS_REGION is required with a key in KMS');
  if (endpoint && !URL.canParse(endpoint)) faults.push('GEGENWERT_KMS_ENDPOINT must be a URL');
  if (keyId && env['GEGENWERT_KEK'])
    faults.push(
      'GEGENWERT_KEK and GEGENWERT_KMS_KEY_ID cannot both wrap: put the one of before into GEGENWERT_KEK_PREVIOUS',
    );
  const kms = (id: string): AwsKmsSettings => ({ keyId: id, region: region ?? '', endpoint: endpoint || undefined });
  return {
    kek: readKek('GEGENWERT_KEK', env['GEGENWERT_KEK'], required && !keyId, faults),
    kms: keyId ? kms(keyId) : undefined,
    previousKeks: previous.flatMap((text) =>
      text.startsWith(KMS)
        ? kms(text.slice(KMS.length))
        : (readKek('GEGENWERT_KEK_PREVIOUS', text, true, faults) ?? []),
    ),
  };
}

function readKek(name: string, text: string | undefined, required: boolean, faults: string[]): Buffer | undefined {
  if (!text) {
    if (required) faults.push(`${name} is required with DATABASE_URL: ${BYTES}`);
    return undefined;
  }
  const kek = Buffer.from(text, 'base64');
  if (kek.length !== 32) faults.push(`${name} must be ${BYTES}`);
  return kek;
}
