import { setImmediate as aTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/**
 * The gates, as far as this process shuts them: a release that comes while a purpose or a recipient is being withdrawn would wait
 * for the lock, and be refused then. Here it waits without a connection, and leaves the processor to what it waits for. What is
 * released is decided by the lock alone.
 */
@Injectable()
export class Gates {
  private readonly beingShut = new Map<string, Set<Promise<unknown>>>();

  /** Shuts a programme's gate by work, which takes its lock. Others in this process give way to it. */
  async shut<T>(programmeId: string, work: () => Promise<T>): Promise<T> {
    const all = this.beingShut.get(programmeId) ?? new Set();
    this.beingShut.set(programmeId, all);
    const done = work();
    all.add(done);
    try {
      return await done;
    } finally {
      all.delete(done);
      if (all.size === 0) this.beingShut.delete(programmeId);
    }
  }

  /** Resolves when those who shut it now have done so, or failed; not those who come after. */
  async giveWay(programmeId: string): Promise<void> {
    const all = this.beingShut.get(programmeId);
    if (!all) return;
    await Promise.allSettled(all);
    // Their answer goes out first.
    await aTurn();
  }
}
