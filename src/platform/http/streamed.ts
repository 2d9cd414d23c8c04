import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { Logger } from '../logging';

/** A reader that takes nothing for so long is taken for gone. */
const STALL_SECONDS = 30;

export interface StreamedOptions {
  logger: Logger;
  /** What breaks off, for the log: a word of ours. */
  what: string;
  type: string;
  disposition?: string;
  stallSeconds?: number;
}

/**
 * An answer that is sent as it is made: the next piece is made when the reader has taken the one before, and none is made for
 * a reader who went away or stands still. A piece that fails breaks the connection off, since a shorter answer would look
 * like a whole one; nobody but the log hears why.
 */
export function streamed(
  pieces: AsyncIterable<string | Uint8Array>,
  { logger, what, type, disposition, stallSeconds = STALL_SECONDS }: StreamedOptions,
): StreamableFile {
  const stream: Readable = Readable.from(sent(), { objectMode: false, highWaterMark: 1 });
  async function* sent(): AsyncGenerator<string | Uint8Array> {
    try {
      for await (const piece of pieces) {
        const stalled = setTimeout(
          () => stream.destroy(new Error('The reader stands still')),
          stallSeconds * 1000,
        ).unref();
        try {
          yield piece;
        } finally {
          clearTimeout(stalled);
        }
      }
    } catch (error) {
      logger.error({ error }, `${what} broken off`);
      throw error;
    }
  }
  return new StreamableFile(stream, { type, ...(disposition === undefined ? {} : { disposition }) });
}
