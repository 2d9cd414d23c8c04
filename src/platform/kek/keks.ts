import type { KekProvider } from './provider';

/** Stands in front of what a KEK wraps, with a version and the length of the KEK's id. */
const MARK = Buffer.from('GKEK\x01', 'latin1');

/**
 * The KEKs in use: one that wraps, and those of before, that still open what they wrapped. Each wrapped thing says which one it
 * was. What was wrapped before that was said is tried with each.
 */
export class Keks {
  private readonly all: KekProvider[];

  constructor(
    readonly current: KekProvider,
    previous: KekProvider[] = [],
  ) {
    this.all = [current, ...previous];
  }

  async wrap(plain: Buffer, about: string): Promise<Buffer> {
    return Buffer.concat([this.prefix, await this.current.wrap(plain, about)]);
  }

  /** @throws a 503 where the KEK cannot be asked; any other error where none of these wrapped it, or for another thing. */
  async unwrap(wrapped: Buffer, about: string): Promise<Buffer> {
    if (!wrapped.subarray(0, MARK.length).equals(MARK)) return this.unwrapUnmarked(wrapped, about);
    const end = MARK.length + 1 + wrapped[MARK.length]!;
    const id = wrapped.subarray(MARK.length + 1, end).toString();
    const kek = this.all.find((one) => one.id === id);
    if (!kek) throw new Error(`It was wrapped by the key-encryption key ${id}, which is not among those in use`);
    return kek.unwrap(wrapped.subarray(end), about);
  }

  /** The setting that names the current one. */
  get setting(): 'GEGENWERT_KEK' | 'GEGENWERT_KMS_KEY_ID' {
    return this.current.id.startsWith('local:') ? 'GEGENWERT_KEK' : 'GEGENWERT_KMS_KEY_ID';
  }

  /** What everything begins with that the current one has wrapped. */
  get prefix(): Buffer {
    const id = Buffer.from(this.current.id);
    return Buffer.concat([MARK, Buffer.from([id.length]), id]);
  }

  private async unwrapUnmarked(wrapped: Buffer, about: string): Promise<Buffer> {
    let failure: unknown;
    for (const kek of this.all) {
      try {
        return await kek.unwrap(wrapped, about);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
