/** One key-encryption key (KEK), wherever it lies. It need not leave that place: what is asked of it is done there. */
export interface KekProvider {
  /** Names the key among those in use; it stands in front of whatever the key wraps. At most 255 bytes. */
  readonly id: string;
  wrap(plain: Buffer, about: string): Promise<Buffer>;
  /** @throws a 503 where the place cannot be asked, any other error where this key did not wrap it, or for another thing. */
  unwrap(wrapped: Buffer, about: string): Promise<Buffer>;
}
