/** Runs so much at once and lets the rest wait, in the order in which it came. */
export class Limit {
  private readonly waiting: (() => void)[] = [];

  constructor(private room: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.room > 0) this.room -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.room += 1;
    }
  }
}
