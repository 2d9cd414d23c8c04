import type { Logger } from './logging';

export interface LaterOptions<Notes> {
  make: () => Notes;
  write: (lane: string, notes: Notes) => Promise<unknown>;
  logger: Logger;
}

/** So long notes are in memory at most: what a killed process loses. */
const WAIT_MS = 1_000;

/**
 * For what may be missing, and must keep nobody waiting: notes are taken in memory, a lane (a programme) at a time, and written
 * together a second later. Notes that cannot be written are given up: memory does not grow while the store is away.
 */
export class Later<Notes> {
  private readonly lanes = new Map<string, Notes>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: LaterOptions<Notes>) {}

  note(lane: string, take: (notes: Notes) => void): void {
    let notes = this.lanes.get(lane);
    if (notes === undefined) this.lanes.set(lane, (notes = this.options.make()));
    take(notes);
    this.timer ??= setTimeout(() => void this.flush(), WAIT_MS).unref();
  }

  /** Writes what there is. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.then(() => this.writeAll());
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    const taken = [...this.lanes];
    this.lanes.clear();
    for (const [lane, notes] of taken) {
      try {
        await this.options.write(lane, notes);
      } catch (error) {
        this.options.logger.warn({ error }, 'notes for figures were lost');
      }
    }
  }
}
