import type { Readable } from 'node:stream';
import { Problem } from '../problem';

/** Whoever follows streams: a kind of caller, and the caller's id. */
export interface Follower {
  kind: string;
  callerId: string;
}

/** At once, of each caller: a customer has a few pages open, a key may follow for many customers. */
const CUSTOMERS_STREAMS = 10;
const KEYS_STREAMS = 500;
const RETRY_SECONDS = 10;

/** How many streams a caller follows at once: each is looked at again and again, whoever reads it. Counted by this process alone. */
export class StreamLimit {
  private readonly open = new Map<string, number>();

  /** @throws 429 where the caller has as many as a caller may. */
  requireRoom({ kind, callerId }: Follower): void {
    const most = kind === 'customer' ? CUSTOMERS_STREAMS : KEYS_STREAMS;
    if (this.count(callerId) >= most) throw tooManyStreams(most);
  }

  /** Counts a stream until it is over, or whoever read it went away. */
  add({ callerId }: Follower, stream: Readable): void {
    this.open.set(callerId, this.count(callerId) + 1);
    stream.once('close', () => {
      const left = this.count(callerId) - 1;
      if (left === 0) this.open.delete(callerId);
      else this.open.set(callerId, left);
    });
  }

  private count(callerId: string): number {
    return this.open.get(callerId) ?? 0;
  }
}

const tooManyStreams = (most: number): Problem =>
  new Problem(
    429,
    'too-many-requests',
    'Too many requests',
    `You follow ${most} streams of events, and no more at once. End one, or ask without Accept: text/event-stream.`,
    [],
    RETRY_SECONDS,
  );
