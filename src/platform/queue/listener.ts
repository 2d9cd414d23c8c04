import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logging';
import { openWorker, type OpenWorker, type WorkerSetting } from './open-queue';
import { Outage } from './outage';

export interface ListenerOptions extends WorkerSetting {
  logger: Logger;
  /**
   * Called after a ring, once at a time for a programme in all processes, at least once after the last ring, and now and then twice.
   * A rejection is logged and not tried again: what is owed is still owed and will be found by the sweep.
   */
  onRing: (programmeId: string) => Promise<void>;
}

/** Hears the bell. */
export interface Listener {
  /** Takes no further ring, waits for the calls of `onRing` under way, then leaves. */
  close(): Promise<void>;
}

const retryAfterMs = 500;
const quietMs = 1000;
const goodbyeTimeoutMs = 1000;

/** Listens from now on, and again whenever the queue comes back. Returns at once: the queue need not be there yet. */
export function listenToBell(options: ListenerOptions): Listener {
  return new BellListener(options);
}

class BellListener implements Listener {
  private readonly outage: Outage;
  private readonly handling = new Set<Promise<void>>();
  private worker: OpenWorker;
  private closed = false;
  private lastErrorAt = 0;

  constructor(private readonly options: ListenerOptions) {
    this.outage = new Outage(options.logger);
    this.worker = this.open();
    void this.listen();
  }

  async close(): Promise<void> {
    this.closed = true;
    const goodbye = this.worker.close();
    await Promise.all(this.handling);
    // BullMQ waits for the queue to take note of the finished job, and a queue that hangs never does.
    const left = await Promise.race([goodbye.then(() => true), delay(goodbyeTimeoutMs, false, { ref: false })]);
    if (!left) await this.worker.disconnect();
  }

  private async listen(): Promise<void> {
    while (!this.closed) {
      try {
        await this.worker.waitUntilReady();
        await this.worker.run();
      } catch (error) {
        this.noticed(error);
      }
      if (this.closed) return;
      // BullMQ remembers for good that a start failed: only a new worker tries again.
      await this.worker.close();
      await delay(retryAfterMs);
      if (!this.closed) this.worker = this.open();
    }
  }

  private open(): OpenWorker {
    return openWorker(
      this.options,
      (job) => this.handle(job.data.programmeId),
      (error) => (isLostJob(error) ? this.lostJob(error) : this.noticed(error)),
    );
  }

  /** The queue was emptied under a call, or this process stood still for longer than the lock lasts: others may have done the same call. */
  private lostJob(error: unknown): void {
    this.options.logger.warn({ error }, 'The queue knows nothing any more of a ring that was being answered.');
  }

  private noticed(error: unknown): void {
    if (this.closed) return;
    this.lastErrorAt = performance.now();
    const first = !this.outage.going;
    this.outage.noticed(error);
    if (first) void this.watchForEnd();
  }

  /** An outage is over when the queue answers and nothing has failed for a while: errors of the old connections come late. */
  private async watchForEnd(): Promise<void> {
    while (this.outage.going) {
      await delay(quietMs, undefined, { ref: false });
      if (this.closed) return;
      try {
        await this.worker.waitUntilReady();
        await this.worker.getBackend().getQueueMetaField('version');
        if (performance.now() - this.lastErrorAt >= quietMs) this.outage.over();
      } catch (error) {
        this.noticed(error);
      }
    }
  }

  private async handle(programmeId: string): Promise<void> {
    const handled = this.options
      .onRing(programmeId)
      .catch((error: unknown) =>
        this.options.logger.error({ error, programme: programmeId }, 'A ring was not answered.'),
      );
    this.handling.add(handled);
    await handled;
    this.handling.delete(handled);
  }
}

/** BullMQ's errors about a single job: most carry a number of BullMQ's own, where those of a connection have text or nothing. */
function isLostJob(error: Error & { code?: unknown }): boolean {
  return typeof error.code === 'number' || error.message.startsWith('could not renew lock');
}
