import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy, StreamableFile } from '@nestjs/common';
import { getSchemaPath } from '@nestjs/swagger';
import { type Follower, StreamLimit } from './stream-limit';

/** How soon it is looked again while something happens… */
const SHORTEST_MS = 250;
/** …and when nothing has for a while. */
const LONGEST_MS = 2_000;
const SLOWER = 1.2;
/** A stream that is longer is ended, and taken up again by the client, as server-sent events are. */
const STREAM_MS = 10 * 60_000;

export const wantsEvents = (accept: string | undefined): boolean => accept?.includes('text/event-stream') ?? false;

/** The answer of a route that shows how far something has come, as it is or as events. */
export const inEitherForm = (view: new () => object, example: string) => ({
  description: 'How far it has come; as server-sent events, one for each change until it is finished',
  content: {
    'application/json': { schema: { $ref: getSchemaPath(view) } },
    'text/event-stream': { schema: { type: 'string', example } },
  },
});

export interface Watched<View> {
  first: View;
  /** How it is now. @throws when it may not be seen any more: the stream breaks off. */
  look: () => Promise<View>;
  isFinished: (view: View) => boolean;
  /** @throws when whoever watches is not let in any more: the stream breaks off. */
  stillLetIn: () => Promise<unknown>;
}

/** What is shown as it changes: server-sent events (HTML Living Standard, 9.2), each the whole view. */
@Injectable()
export class ServerEvents implements OnModuleDestroy {
  private readonly closing = new AbortController();
  private readonly limit = new StreamLimit();

  /** @throws 429 where the follower has too many of them already. */
  of<View>(follower: Follower, watched: Watched<View>): StreamableFile {
    this.limit.requireRoom(follower);
    const stream = Readable.from(this.events(watched));
    this.limit.add(follower, stream);
    return new StreamableFile(stream, { type: 'text/event-stream; charset=utf-8' });
  }

  /** A service that ends waits for its answers, and not for what may go on for days. */
  onModuleDestroy(): void {
    this.closing.abort();
  }

  private async *events<View>({ first, look, isFinished, stillLetIn }: Watched<View>): AsyncGenerator<string> {
    const deadline = Date.now() + STREAM_MS;
    let last = '';
    let pause = SHORTEST_MS;
    for (let view = first; ; view = await stillLetIn().then(look)) {
      const data = JSON.stringify(view);
      pause = data === last ? Math.min(pause * SLOWER, LONGEST_MS) : SHORTEST_MS;
      // A comment shows a proxy that the stream is alive.
      yield data === last ? ':\n\n' : `data: ${data}\n\n`;
      last = data;
      if (isFinished(view) || Date.now() + pause > deadline || !(await this.slept(pause))) return;
    }
  }

  private async slept(ms: number): Promise<boolean> {
    const { signal } = this.closing;
    return sleep(ms, true, { signal }).catch(() => false);
  }
}
