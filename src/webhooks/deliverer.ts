import { setTimeout as sleep } from 'node:timers/promises';
import { Batcher } from '../platform/batcher';
import { isOnesFault, type Database } from '../platform/database';
import type { KeyRing } from '../platform/key-ring';
import type { Logger } from '../platform/logging';
import { metrics } from '../platform/metrics';
import type { Outbound } from '../platform/outbound';
import { attempt, TIMEOUT_MS, type Attempt } from './attempt';
import { claim, endpointsDue, endpointsDueOf, giveBack, LEASE_SECONDS } from './claims';
import { Lane, type Waiting } from './lane';
import { Limit } from './limit';
import { hasArrived, isGone, record, type OnDelivered, type Outcome, type Standing } from './outcomes';
import { type Slot, Slots } from './slots';

export interface DelivererOptions {
  database: Database;
  keyRing: KeyRing;
  outbound: Outbound;
  onDelivered: OnDelivered;
  logger: Logger;
}

/** An attempt that takes longer than this counts as slow. */
const SLOW_MS = 1_000;
/** What has waited longer since it was taken up is taken up anew: its endpoint may be disabled, elsewhere, or have another secret by now. */
const FRESH_MS = 5_000;
/** Attempts written down in one transaction. */
const RECORD_BATCH = 200;
/**
 * Attempts made that are not written down yet: where there are more, none is begun. Sending is faster than writing down, and what
 * would not be written down any more is sent again when its lease is over.
 */
const UNWRITTEN = 5 * RECORD_BATCH;
/** Of the process's connections, which booking and erasing need as well. */
const CONNECTIONS = 4;
/** For what is under way when the process is asked to end. */
const FAREWELL_MS = 1_000;

/**
 * Sends what is due: many at once, few to each endpoint, and to one that fails or is slow still fewer, beside the others.
 * What is taken up is on lease, so that nothing is lost with this process; nothing is sent inside a transaction.
 */
export class Deliverer {
  private readonly lanes = new Map<string, Lane>();
  private readonly slots = new Slots();
  /** Lanes that found no room, in the order in which they did. */
  private readonly crowded = new Set<Lane>();
  private readonly looking = new Map<string, { again: boolean }>();
  private readonly underway = new Set<Promise<void>>();
  private readonly unsent: { lane: Lane; waiting: Waiting }[] = [];
  private readonly records: Batcher<Outcome, Standing | 'ended'>;
  private readonly connections = new Limit(CONNECTIONS);
  private unwritten = 0;
  private stopping = false;
  private failing = false;

  constructor(private readonly options: DelivererOptions) {
    this.records = new Batcher({
      run: (programmeId, outcomes) => this.writeDown(programmeId, outcomes),
      limit: RECORD_BATCH,
      mayBeOnes: isOnesFault,
    });
  }

  /** Looks at once for what is due in a programme. Never throws and never waits. */
  ring(programmeId: string): void {
    const looking = this.looking.get(programmeId);
    if (looking) looking.again = true;
    else if (!this.stopping) void this.look(programmeId);
  }

  /** Looks for what is due, whoever's it is. */
  async sweep(): Promise<void> {
    for (const { programmeId, endpointId } of await endpointsDue(this.options.database)) {
      this.wake(programmeId, endpointId);
    }
  }

  /** Sends nothing more, waits a moment for what is under way, and gives the rest back. */
  async close(): Promise<void> {
    this.stopping = true;
    for (const lane of this.lanes.values()) this.leave(lane);
    await Promise.race([Promise.allSettled(this.underway), sleep(FAREWELL_MS, undefined, { ref: false })]);
    this.options.outbound.close();
    await Promise.allSettled(this.underway);
    await this.giveBackUnsent();
  }

  private leave(lane: Lane): void {
    this.unsent.push(...lane.clear().map((waiting) => ({ lane, waiting })));
  }

  private async look(programmeId: string): Promise<void> {
    const state = { again: true };
    this.looking.set(programmeId, state);
    try {
      while (state.again && !this.stopping) {
        state.again = false;
        const due = await this.connections.run(() => endpointsDueOf(this.options.database, programmeId));
        for (const id of due) this.wake(programmeId, id);
      }
    } catch (error) {
      this.noticed(error);
    } finally {
      this.looking.delete(programmeId);
    }
  }

  private wake(programmeId: string, endpointId: string): void {
    const lane = this.lanes.get(endpointId) ?? new Lane(programmeId, endpointId);
    this.lanes.set(endpointId, lane);
    lane.wake();
    this.move(lane);
  }

  /** Starts what there is room for, and sees to it that more is taken up. */
  private move(lane: Lane): void {
    if (this.stopping) return;
    for (let next = lane.next(); next; next = lane.next()) {
      const slot = this.unwritten < UNWRITTEN ? this.slots.take(lane.suspect) : undefined;
      if (!slot) {
        lane.putBack(next);
        this.crowded.add(lane);
        break;
      }
      this.follow(this.send(lane, next, slot));
    }
    const wanted = lane.wants();
    if (wanted > 0) this.follow(this.takeUp(lane, wanted));
    // One that is suspect is remembered.
    if (lane.isIdle() && !lane.suspect) this.lanes.delete(lane.endpointId);
  }

  private follow(work: Promise<void>): void {
    const followed = work.finally(() => this.underway.delete(followed));
    this.underway.add(followed);
  }

  private async takeUp(lane: Lane, wanted: number): Promise<void> {
    const { database, keyRing } = this.options;
    try {
      await this.connections.run(async () => {
        const claimedAt = performance.now();
        lane.claimed(await claim(database, keyRing, lane, wanted), wanted, claimedAt);
      });
      this.failing = false;
    } catch (error) {
      lane.claimFailed();
      this.noticed(error);
    }
    if (this.stopping) this.leave(lane);
    this.move(lane);
  }

  private async send(lane: Lane, waiting: Waiting, slot: Slot): Promise<void> {
    const { delivery, url, signers } = waiting;
    const waited = performance.now() - waiting.claimedAt;
    if (waited > FRESH_MS) {
      slot.release();
      // Its lease would be over before an answer had to be there: somebody else may be sending it by then.
      return waited > LEASE_SECONDS * 1000 - TIMEOUT_MS ? undefined : this.takeUpAnew(lane, waiting);
    }
    lane.inFlight += 1;
    const slow = setTimeout(() => {
      lane.suspect = true;
      slot.slowDown();
      this.makeRoom();
    }, SLOW_MS);
    const came = await attempt(this.options.outbound, url, signers, delivery, databaseNow(waiting));
    clearTimeout(slow);
    slot.release();
    lane.inFlight -= 1;
    if (this.stopping && came.status === undefined) return void this.unsent.push({ lane, waiting });
    lane.suspect = !hasArrived(came) || came.tookMs > SLOW_MS;
    // The rest is parked by what is written down now.
    if (isGone(came)) lane.clear();
    this.makeRoom();
    this.move(lane);
    await this.remember(lane, waiting, came);
  }

  /** This and all that waits behind it. */
  private async takeUpAnew(lane: Lane, waiting: Waiting): Promise<void> {
    const ids = [waiting, ...lane.clear()].map(({ delivery }) => delivery.id);
    try {
      await this.connections.run(() => this.options.database.inProgramme(lane.programmeId, (tx) => giveBack(tx, ids)));
    } catch (error) {
      this.noticed(error);
    }
    lane.wake();
    this.move(lane);
  }

  private makeRoom(): void {
    const crowded = [...this.crowded];
    this.crowded.clear();
    for (const lane of crowded) this.move(lane);
  }

  /** What cannot be written down is tried again when its lease is over: told twice rather than never. */
  private async remember(lane: Lane, waiting: Waiting, came: Attempt): Promise<void> {
    const { delivery } = waiting;
    this.unwritten += 1;
    metrics.webhookAttempts.inc({
      outcome: hasArrived(came) ? 'arrived' : came.status === undefined ? came.fault : 'refused',
    });
    try {
      const outcome = { endpointId: lane.endpointId, url: waiting.url, delivery, attempt: came };
      const standing = await this.records.submit(lane.programmeId, outcome);
      if (standing === 'failed') metrics.webhooksFailed.inc();
      if (standing === 'delivered')
        metrics.webhookSeconds.observe((databaseNow(waiting).getTime() - delivery.createdAt.getTime()) / 1000);
    } catch (error) {
      this.noticed(error);
    } finally {
      this.unwritten -= 1;
      this.makeRoom();
    }
  }

  private async writeDown(programmeId: string, outcomes: Outcome[]): Promise<(Standing | 'ended')[]> {
    const { database, onDelivered } = this.options;
    const standings = await this.connections.run(() =>
      database.inProgramme(programmeId, (tx) => record(tx, outcomes, onDelivered)),
    );
    return outcomes.map(({ delivery }) => standings.get(delivery.id) ?? 'ended');
  }

  private async giveBackUnsent(): Promise<void> {
    for (const id of new Set(this.unsent.map(({ lane }) => lane.programmeId))) {
      const ids = this.unsent.flatMap(({ lane, waiting }) => (lane.programmeId === id ? waiting.delivery.id : []));
      await this.options.database.inProgramme(id, (tx) => giveBack(tx, ids)).catch((error) => this.noticed(error));
    }
  }

  private noticed(error: unknown): void {
    if (!this.failing) this.options.logger.error({ error }, 'webhooks cannot be taken up or written down; trying on');
    this.failing = true;
  }
}

/** The database's clock, as it was when this was taken up and has gone on since. */
const databaseNow = ({ now, claimedAt }: Waiting): Date => new Date(now.getTime() + performance.now() - claimedAt);
