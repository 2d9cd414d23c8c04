/** Attempts under way at once in this process that have not shown themselves slow, and those that have. */
const QUICK = 128;
const SLOW = 512;

/**
 * Room for attempts. Those that take long, or whose endpoint is known to fail, have a room of their own, so that however
 * many of them hang, they take no place from the others. Nothing waits here: who finds no room asks to be called.
 */
export class Slots {
  private quick = QUICK;
  private slow = SLOW;

  /** undefined: there is no room. */
  take(slow: boolean): Slot | undefined {
    if (slow ? this.slow === 0 : this.quick === 0) return undefined;
    return new Slot(this, slow);
  }

  change(slow: boolean, by: 1 | -1): void {
    if (slow) this.slow += by;
    else this.quick += by;
  }

  hasRoomForSlow(): boolean {
    return this.slow > 0;
  }
}

export class Slot {
  constructor(
    private readonly slots: Slots,
    private slow: boolean,
  ) {
    slots.change(slow, -1);
  }

  /** It takes long: its place among the quick ones is free again, if there is room for one more slow one. */
  slowDown(): void {
    if (this.slow || !this.slots.hasRoomForSlow()) return;
    this.release();
    this.slow = true;
    this.slots.change(true, -1);
  }

  release(): void {
    this.slots.change(this.slow, 1);
  }
}
