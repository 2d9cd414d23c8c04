import { Database, Statement } from './database';
import { deriveKey, KEY_BYTES, open, randomFromPool, seal } from './crypto';
import { notFound } from './problem';

/** The keys of a programme, each for one use, all derived from the programme's own key. */
export interface ProgrammeKeys {
  /** Wraps the data key of each value. */
  values: Buffer;
  /** Hashes that a customer earned from an offer. */
  marks: Buffer;
  /** Hashes Idempotency-Keys and requests. */
  idempotency: Buffer;
  /** Wraps recipients' webhook secrets. */
  webhooks: Buffer;
}

const FIND_PROGRAMME_KEY: Statement = {
  name: 'find_programme_key',
  text: 'SELECT wrapped_key FROM programmes WHERE id = $1',
};

/** Unwraps programme keys with the key-encryption key (KEK), and keeps them in memory. */
export class KeyRing {
  private readonly programmes = new Map<string, Promise<ProgrammeKeys>>();

  constructor(
    private readonly kek: Buffer,
    private readonly database: Database,
  ) {}

  /** A new programme's key, wrapped, to be stored with the programme. */
  newProgrammeKey(programmeId: string): Buffer {
    return this.wrap(randomFromPool(KEY_BYTES), `programme ${programmeId}`);
  }

  /** Wraps something of the service's own with the KEK; about is what it must be unwrapped with. */
  wrap(plain: Buffer, about: string): Buffer {
    return seal(this.kek, plain, about);
  }

  unwrap(wrapped: Buffer, about: string): Buffer {
    return open(this.kek, wrapped, about);
  }

  /** A key of the service, the same in every process that has the KEK. */
  serviceKey(use: string): Buffer {
    return deriveKey(this.kek, use);
  }

  of(programmeId: string): Promise<ProgrammeKeys> {
    const known = this.programmes.get(programmeId);
    if (known) return known;
    // The promise is kept, so that a rush on a fresh process asks the database once; a failure is not.
    const loading = this.load(programmeId);
    this.programmes.set(programmeId, loading);
    loading.catch(() => this.programmes.delete(programmeId));
    return loading;
  }

  private async load(programmeId: string): Promise<ProgrammeKeys> {
    // A revocation asks for it too, and must not wait for what others have used up.
    const [row] = await this.database.inProgrammeReserved(programmeId, (tx) =>
      tx.query<{ wrapped_key: Buffer }>(FIND_PROGRAMME_KEY, [programmeId]),
    );
    if (!row) throw notFound('programme');
    const key = this.unwrap(row.wrapped_key, `programme ${programmeId}`);
    return {
      values: deriveKey(key, 'values'),
      marks: deriveKey(key, 'marks'),
      idempotency: deriveKey(key, 'idempotency'),
      webhooks: deriveKey(key, 'webhooks'),
    };
  }
}
