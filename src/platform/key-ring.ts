import type { DataKeys } from './data-keys';
import type { Database, Statement } from './database';
import { deriveKey, KEY_BYTES, randomFromPool } from './crypto';
import { Keks, LocalKek } from './kek';
import { notFound, Problem } from './problem';

/** The keys of a programme, each for one use. */
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
const SERVICE_SECRET: Statement = { name: 'service_secret', text: 'SELECT wrapped FROM service_secret' };
const ADD_SERVICE_SECRET: Statement = {
  name: 'add_service_secret',
  text: 'INSERT INTO service_secret (wrapped) VALUES ($1) ON CONFLICT DO NOTHING',
};
const SECRET = 'service secret';

/** So long a programme's keys stay in memory: a KEK that is taken away is felt after this. */
const KEPT_MILLISECONDS = 5 * 60_000;

interface Kept {
  keys: Promise<ProgrammeKeys>;
  until: number;
}

/** Unwraps programme keys with the key-encryption key (KEK), and keeps them in memory for a while. */
export class KeyRing {
  private readonly programmes = new Map<string, Kept>();
  private readonly keks: Keks;
  /** What keys of the service itself come from: the same in every process, whatever becomes of the KEK. */
  private secret: Buffer;
  private readonly derived = new Map<string, Buffer>();

  /**
   * @param keks or 32 bytes, as the only one, which keys of the service are then derived from
   * @param dataKeys where values' data keys lie in a database of their own
   */
  constructor(
    keks: Keks | Buffer,
    private readonly database: Database,
    readonly dataKeys?: DataKeys,
  ) {
    this.keks = keks instanceof Keks ? keks : new Keks(new LocalKek(keks));
    this.secret = keks instanceof Keks ? Buffer.alloc(0) : keks;
  }

  /** A ring with the service's own secret, which is made where there is none. */
  static async open(keks: Keks, database: Database, dataKeys?: DataKeys): Promise<KeyRing> {
    const ring = new KeyRing(keks, database, dataKeys);
    const find = () => database.query<{ wrapped: Buffer }>(SERVICE_SECRET);
    let [row] = await find();
    if (!row) {
      // Two processes that start together: one is first, and both use that one's.
      await database.query(ADD_SERVICE_SECRET, [await keks.wrap(randomFromPool(KEY_BYTES), SECRET)]);
      [row] = await find();
    }
    if (!row) throw new Error('There is no service secret');
    ring.secret = await ring.unwrapFirst(row.wrapped, SECRET);
    return ring;
  }

  /** A new programme's key, wrapped, to be stored with the programme. */
  newProgrammeKey(programmeId: string): Promise<Buffer> {
    return this.wrap(randomFromPool(KEY_BYTES), `programme ${programmeId}`);
  }

  /** Wraps something of the service's own with the KEK; about is what it must be unwrapped with. */
  wrap(plain: Buffer, about: string): Promise<Buffer> {
    return this.keks.wrap(plain, about);
  }

  unwrap(wrapped: Buffer, about: string): Promise<Buffer> {
    return this.keks.unwrap(wrapped, about);
  }

  /** Of what a process opens when it starts: whoever brings another KEK learns it here. @throws Error that says what to do. */
  async unwrapFirst(wrapped: Buffer, about: string): Promise<Buffer> {
    try {
      return await this.unwrap(wrapped, about);
    } catch (error) {
      // KMS may only be away.
      if (error instanceof Problem) throw error;
      throw new Error(
        `${this.keks.setting} is not the key that this database was made with. Set it to that one; to change it, name that one in GEGENWERT_KEK_PREVIOUS.`,
        { cause: error },
      );
    }
  }

  /** A key of the service, the same in every process. */
  serviceKey(use: string): Buffer {
    const known = this.derived.get(use) ?? deriveKey(this.secret, use);
    this.derived.set(use, known);
    return known;
  }

  /** Not of the programme's key: what is only repeated, or taken back, must work while the KEK is away. */
  idempotencyOf(programmeId: string): Pick<ProgrammeKeys, 'idempotency'> {
    return { idempotency: this.serviceKey(`idempotency ${programmeId}`) };
  }

  /** Hashes who left, for their job. Not of the programme's key, either: whoever leaves does not wait for the KEK. */
  leavingOf(programmeId: string): Buffer {
    return this.serviceKey(`leaving ${programmeId}`);
  }

  /** @throws 404; 503 where the KEK is away. */
  of(programmeId: string): Promise<ProgrammeKeys> {
    const known = this.programmes.get(programmeId);
    if (known && known.until > Date.now()) return known.keys;
    // The promise is kept, so that a rush on a fresh process asks the database once; a failure is not.
    const kept = { keys: this.load(programmeId), until: Date.now() + KEPT_MILLISECONDS };
    this.programmes.set(programmeId, kept);
    kept.keys.catch(() => this.programmes.get(programmeId) === kept && this.programmes.delete(programmeId));
    return kept.keys;
  }

  private async load(programmeId: string): Promise<ProgrammeKeys> {
    // A revocation asks for it too, and must not wait for what others have used up.
    const [row] = await this.database.inProgrammeReserved(programmeId, (tx) =>
      tx.query<{ wrapped_key: Buffer }>(FIND_PROGRAMME_KEY, [programmeId]),
    );
    if (!row) throw notFound('programme');
    const key = await this.unwrap(row.wrapped_key, `programme ${programmeId}`);
    return {
      values: deriveKey(key, 'values'),
      marks: deriveKey(key, 'marks'),
      webhooks: deriveKey(key, 'webhooks'),
      ...this.idempotencyOf(programmeId),
    };
  }
}
