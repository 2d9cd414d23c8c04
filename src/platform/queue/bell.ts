import { setImmediate as aTurn, setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logging';
import { openQueue, type OpenQueue } from './open-queue';
import { Outage } from './outage';
import type { QueueSetting } from './queue-setting';

/** Tells the workers that something is owed. It may be lost: the database alone says what is owed, and the sweep finds it (I12). */
export interface Bell {
  /**
   * owed: how many things, by which the pace is set. Never throws and never waits. At most one call to the queue is under
   * way in this process; rings meanwhile become one a programme.
   */
  ring(programmeId: string, owed?: number): void;
  /** Whether the queue answers, asked now, within half a second. */
  healthy(): Promise<boolean>;
  /** Gives what was rung a second to go out, then leaves. Later rings are ignored. */
  close(): Promise<void>;
}

export interface BellOptions extends QueueSetting {
  logger: Logger;
}

const retryAfterMs = 300;
const healthTimeoutMs = 500;
/** How long a ring waits for a queue that was never there, and the last rings before closing. */
const patienceMs = 1000;
/** Between two rounds of rings: a job costs the queue several writes. */
const paceMs = 20;
/** The same when a load of things came to be owed since the last round: fewer and larger batches cost everyone less. */
const paceUnderLoadMs = 100;
const load = 32;

/** A bell on Redis or PostgreSQL. Returns at once: the queue need not be there yet. */
export function createBell(options: BellOptions): Bell {
  return new QueueBell(options);
}

class QueueBell implements Bell {
  private readonly outage: Outage;
  /** Programmes to ring for that the queue has not been told of. Bounded by their number, however long the queue is away. */
  private readonly owed = new Set<string>();
  private sinceLastRound = 0;
  private ringing: Promise<void> | undefined;
  private queue: OpenQueue;
  private readonly opening: Promise<void>;
  private opened = false;
  private closed = false;

  constructor(private readonly options: BellOptions) {
    this.outage = new Outage(options.logger);
    this.queue = this.connect();
    this.opening = this.open();
  }

  ring(programmeId: string, owed = 1): void {
    if (this.closed) return;
    this.owed.add(programmeId);
    this.sinceLastRound += owed;
    this.ringing ??= this.ringAll().finally(() => (this.ringing = undefined));
  }

  async healthy(): Promise<boolean> {
    if (!this.opened || this.closed) return false;
    const asked = this.queue
      .getBackend()
      .getQueueMetaField('version')
      .then(
        () => true,
        () => false,
      );
    return Promise.race([asked, delay(healthTimeoutMs, false, { ref: false })]);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    await Promise.race([this.ringing, delay(patienceMs, undefined, { ref: false })]);
    this.closed = true;
    await this.queue.close();
  }

  private async ringAll(): Promise<void> {
    // Whoever rings has an answer to give first.
    await aTurn();
    do {
      const owed = this.sinceLastRound;
      this.sinceLastRound = 0;
      await this.ringRound();
      await delay(owed < load ? paceMs : paceUnderLoadMs);
    } while (this.owed.size > 0 && !this.closed);
  }

  private async ringRound(): Promise<void> {
    const round = [...this.owed];
    for (const programmeId of round) {
      // Forgotten before the call, not after it: a ring during the call may be for something the call comes too early for.
      this.owed.delete(programmeId);
      try {
        await this.add(programmeId);
        this.outage.over();
      } catch (error) {
        if (this.closed) return;
        this.outage.noticed(error);
        this.owed.add(programmeId);
        await delay(retryAfterMs);
      }
    }
  }

  private async add(programmeId: string): Promise<void> {
    if (!this.opened) {
      await Promise.race([this.opening, delay(patienceMs, undefined, { ref: false })]);
      if (!this.opened) throw new Error('The queue has not been reached yet.');
    }
    const deduplication = { id: programmeId, keepLastIfActive: true };
    await this.queue.add('ring', { programmeId }, { deduplication, removeOnComplete: true, removeOnFail: true });
  }

  /** On Redis this waits until it is there; on PostgreSQL BullMQ remembers a failed start for good, and only a new queue tries again. */
  private async open(): Promise<void> {
    while (!this.closed) {
      try {
        await this.queue.waitUntilReady();
        this.opened = !this.closed;
        return;
      } catch (error) {
        this.connectionFailed(error);
        await this.queue.close();
        await delay(retryAfterMs);
      }
      if (!this.closed) this.queue = this.connect();
    }
  }

  private connect(): OpenQueue {
    return openQueue(this.options, (error) => this.connectionFailed(error));
  }

  /**
   * No outage yet: that is made by a ring that does not get through, and ended by one that does. So what old connections have to say
   * after the queue is back begins no new one.
   */
  private connectionFailed(error: unknown): void {
    this.options.logger.debug({ error }, 'The connection to the queue failed.');
  }
}
