import { keyedHash, open, seal } from '../crypto';
import type { KekProvider } from './provider';

/** A KEK that a setting or a file holds: 32 bytes. */
export class LocalKek implements KekProvider {
  readonly id: string;

  constructor(private readonly key: Buffer) {
    this.id = `local:${keyedHash(key, 'gegenwert kek id').toString('hex').slice(0, 16)}`;
  }

  wrap(plain: Buffer, about: string): Promise<Buffer> {
    return Promise.resolve(seal(this.key, plain, about));
  }

  async unwrap(wrapped: Buffer, about: string): Promise<Buffer> {
    return open(this.key, wrapped, about);
  }
}
