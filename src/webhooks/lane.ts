import type { Webhook } from 'standardwebhooks';
import type { Claim, Claimed } from './claims';

/** Attempts under way at once for one endpoint, and for one that fails or is slow. */
const WIDTH = 16;
const WIDTH_SUSPECT = 2;
/** Deliveries taken up for one endpoint in one go. */
const CLAIM = 128;

/** A delivery, with how its claim says that it is sent. */
export interface Waiting {
  delivery: Claimed;
  url: string;
  signers: Webhook[];
  /** The database's clock when it was taken up, and the process's. */
  now: Date;
  claimedAt: number;
}

/** What one endpoint has waiting and under way in this process. */
export class Lane {
  private readonly queue: Waiting[] = [];
  inFlight = 0;
  /** Its last attempt failed or took long: it is tried, and does not get what the others need. */
  suspect = false;
  private claiming = false;
  /** There may be more in the database than was taken up. */
  private more = false;

  constructor(
    readonly programmeId: string,
    readonly endpointId: string,
  ) {}

  wake(): void {
    this.more = true;
  }

  /** The next one to be sent, if there is room in this lane. */
  next(): Waiting | undefined {
    return this.inFlight < this.width ? this.queue.shift() : undefined;
  }

  putBack(waiting: Waiting): void {
    this.queue.unshift(waiting);
  }

  /** How many to take up now; 0: none. Whoever is told a number takes them up and says what came of it: claimed(). */
  wants(): number {
    const room = this.suspect ? this.width - this.inFlight - this.queue.length : CLAIM - this.queue.length;
    if (!this.more || this.claiming || room < (this.suspect ? 1 : CLAIM / 2)) return 0;
    this.claiming = true;
    // Whoever wakes it from here on may mean something that this claim does not see.
    this.more = false;
    return room;
  }

  claimed(claim: Claim | undefined, wanted: number, claimedAt: number): void {
    this.claiming = false;
    if (claim === undefined) return;
    const { url, signers, now, deliveries } = claim;
    if (deliveries.length === wanted) this.more = true;
    this.queue.push(...deliveries.map((delivery) => ({ delivery, url, signers, now, claimedAt })));
  }

  claimFailed(): void {
    this.claiming = false;
  }

  /** Leaves what waits to whoever asks. */
  clear(): Waiting[] {
    return this.queue.splice(0);
  }

  isIdle(): boolean {
    return this.inFlight === 0 && this.queue.length === 0 && !this.claiming && !this.more;
  }

  private get width(): number {
    return this.suspect ? WIDTH_SUSPECT : WIDTH;
  }
}
