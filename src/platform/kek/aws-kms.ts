import type { KMSClient } from '@aws-sdk/client-kms';
import { unavailable } from '../problem';
import type { KekProvider } from './provider';

export interface AwsKmsSettings {
  /** Id or ARN of a symmetric key; an alias, as long as it is never pointed to another key. */
  keyId: string;
  region: string;
  /** Undefined: that of the region. */
  endpoint: string | undefined;
}

/** Nothing of a request waits longer for a key than it would for the database, both tries together. */
const TIMEOUT_MILLISECONDS = 3_000;
const TRIES = 2;

/** What KMS says of a ciphertext that is not this key's, or not of this thing: the rest is the way to it, or its state. */
const NOT_ITS_OWN = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/**
 * A KEK in AWS KMS: it never leaves it. What a key is about goes along as encryption context, so that KMS authenticates it, and
 * CloudTrail says for what it was asked. Credentials are found as the AWS SDK finds them.
 */
export class AwsKmsKek implements KekProvider {
  readonly id: string;
  private client: Promise<Kms> | undefined;

  constructor(private readonly settings: AwsKmsSettings) {
    this.id = `aws-kms:${settings.keyId}`;
  }

  async wrap(plain: Buffer, about: string): Promise<Buffer> {
    const { CiphertextBlob } = await this.ask(({ client, EncryptCommand }) =>
      client.send(
        new EncryptCommand({ KeyId: this.settings.keyId, Plaintext: plain, EncryptionContext: { gegenwert: about } }),
      ),
    );
    return bytes(CiphertextBlob);
  }

  async unwrap(wrapped: Buffer, about: string): Promise<Buffer> {
    const { Plaintext } = await this.ask(({ client, DecryptCommand }) =>
      client.send(
        new DecryptCommand({
          KeyId: this.settings.keyId,
          CiphertextBlob: wrapped,
          EncryptionContext: { gegenwert: about },
        }),
      ),
    );
    return bytes(Plaintext);
  }

  private async ask<T>(question: (kms: Kms) => Promise<T>): Promise<T> {
    try {
      return await question(await (this.client ??= connect(this.settings)));
    } catch (error) {
      if (NOT_ITS_OWN.has((error as Error).name)) throw error;
      throw unavailable(`The key-encryption key cannot be used (${(error as Error).name}).`);
    }
  }
}

interface Kms {
  client: KMSClient;
  EncryptCommand: typeof import('@aws-sdk/client-kms').EncryptCommand;
  DecryptCommand: typeof import('@aws-sdk/client-kms').DecryptCommand;
}

/** Loaded by whoever asks KMS for something, and by nobody else: it takes longer to load than a worker. */
async function connect({ region, endpoint }: AwsKmsSettings): Promise<Kms> {
  const { KMSClient, EncryptCommand, DecryptCommand } = await import('@aws-sdk/client-kms');
  const client = new KMSClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: TRIES,
    requestHandler: {
      connectionTimeout: TIMEOUT_MILLISECONDS / TRIES,
      requestTimeout: TIMEOUT_MILLISECONDS / TRIES,
      // Without it the time being over is a warning, and an endpoint that takes the question and is silent is waited for.
      throwOnRequestTimeout: true,
    },
  });
  return { client, EncryptCommand, DecryptCommand };
}

function bytes(answer: Uint8Array | undefined): Buffer {
  if (answer === undefined) throw new Error('KMS answered without the key');
  return Buffer.from(answer);
}
