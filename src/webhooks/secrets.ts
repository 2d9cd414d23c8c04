import { Webhook } from 'standardwebhooks';
import { open, randomFromPool, seal } from '../platform/crypto';
import type { ProgrammeKeys } from '../platform/key-ring';

const SECRET_BYTES = 24;

/** Whose secret it is, which it was wrapped with: a recipient's from its registration on, otherwise the endpoint's. */
export interface SecretOwner {
  endpointId: string;
  recipientId: string | null;
}

const about = ({ endpointId, recipientId }: SecretOwner): string => `webhook secret ${recipientId ?? endpointId}`;

/** As whoever verifies is given it (Standard Webhooks), and as it is stored. */
export function newSecret(keys: ProgrammeKeys, owner: SecretOwner): { secret: string; wrapped: Buffer } {
  const bytes = randomFromPool(SECRET_BYTES);
  return { secret: `whsec_${bytes.toString('base64')}`, wrapped: seal(keys.webhooks, bytes, about(owner)) };
}

/** Opens a stored secret, to sign with. */
export function signerOf(keys: ProgrammeKeys, owner: SecretOwner, wrapped: Buffer): Webhook {
  return new Webhook(open(keys.webhooks, wrapped, about(owner)).toString('base64'));
}
