/** Customers a batch: their own calls wait for it, so it is over in a tenth of a second; and less where others are at work. */
const BATCH = 2_000;
const BATCH_BESIDE_OTHERS = 500;
/** Others' transactions a second from which they count as being at work. */
const QUIET = 40;
/** Over so many milliseconds at least: which of the process's transactions have begun and not ended is not known. */
const WINDOW_MS = 100;
/** Beside others each of a job's two lanes rests so many times as long as it worked: together they take a fifth of one core. */
const REST = 9;

/**
 * How fast a job goes on. Alone it takes what there is; as soon as others write to the database it gives way to them, batch by
 * batch. What others do shows in the numbers of transactions: those between two of the job's own that are not of its process, which
 * also seals, and books, what the job and others have written.
 */
export class Pace {
  private seen: { number: number; own: number; atMs: number } | undefined;
  private isQuiet = true;

  /** Customers of the next batch. */
  get batch(): number {
    return this.isQuiet ? BATCH : BATCH_BESIDE_OTHERS;
  }

  /** A transaction of the job has this number, and its process has begun so many. */
  saw(number: number, own: number, nowMs = performance.now()): void {
    const before = (this.seen ??= { number, own, atMs: nowMs });
    if (nowMs - before.atMs < WINDOW_MS) return;
    this.seen = { number, own, atMs: nowMs };
    const others = number - before.number - (own - before.own);
    this.isQuiet = others / ((nowMs - before.atMs) / 1000) < QUIET;
  }

  /** Milliseconds to rest after a batch that took so many. */
  pauseAfter(tookMs: number): number {
    return this.isQuiet ? 0 : tookMs * REST;
  }
}
