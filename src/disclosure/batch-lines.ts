import { metrics } from '../platform/metrics';
import type { DisclosedLine, RefusedLine } from './batch.dto';

export type Line = DisclosedLine | RefusedLine;

/** Lines that were recorded together, each made (and its values decrypted) when it is its turn. */
export interface Recorded {
  /** performance.now() of the commit. */
  at: number;
  lines: (() => Line)[];
}

/** So much text is sent at a time: enough for few writes, and all that is decrypted ahead of the reader. */
const PIECE_CHARACTERS = 16 * 1024;
/** The last line of a transaction is made so long after its commit at most: a value is not released minutes after it was allowed. */
const FRESH_SECONDS = 30;

/**
 * NDJSON of what was recorded, in pieces. The next lines are recorded when the reader has taken those before.
 * @throws when the reader is so slow that what was recorded is no longer fresh.
 */
export async function* linesOf(chunks: AsyncIterable<Recorded>): AsyncGenerator<string> {
  for await (const { at, lines } of chunks) {
    let piece = '';
    for (const line of lines) {
      if (performance.now() - at > FRESH_SECONDS * 1000) throw new Error('The reader is too slow');
      piece += `${JSON.stringify(counted(line()))}\n`;
      if (piece.length < PIECE_CHARACTERS) continue;
      yield piece;
      piece = '';
    }
    if (piece !== '') yield piece;
  }
}

function counted(line: Line): Line {
  if ('status' in line) metrics.disclosuresRefused.inc({ outcome: 'denied' });
  else if (line.withheld.length > 0) metrics.disclosuresRefused.inc({ outcome: 'withheld' }, line.withheld.length);
  return line;
}
