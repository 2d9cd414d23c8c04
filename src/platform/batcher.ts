import { Problem } from './problem';

interface Waiting<Request, Answer> {
  request: Request;
  keys: string[];
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

export interface BatcherOptions<Request, Answer> {
  /** Runs a batch; one answer, or one error of its own, for each request, in their order. */
  run: (lane: string, requests: Request[]) => Promise<(Answer | Error)[]>;
  /** At most this many a batch. */
  limit: number;
  /** Two requests that share a key are never in one batch: the later one waits for the next. */
  keysOf?: (request: Request) => string[];
  /** Whether the failure of a batch may be one request's fault, so that each is to be tried alone. */
  mayBeOnes: (error: unknown) => boolean;
  observe?: (size: number) => void;
}

/** More than this waiting in one lane is answered with 503: the store cannot keep up, and a queue would only hide it. */
const WAITING_LIMIT = 10_000;

/**
 * Group commit: one batch in flight a lane (a programme), what arrives meanwhile is the next one. One statement and one
 * fsync for all of them, an answer for each: a refused request, or one that the database throws out, spoils no other.
 */
export class Batcher<Request, Answer> {
  private readonly lanes = new Map<string, Waiting<Request, Answer>[]>();

  constructor(private readonly options: BatcherOptions<Request, Answer>) {}

  submit(lane: string, request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const entry = { request, keys: this.options.keysOf?.(request) ?? [], resolve, reject };
      const waiting = this.lanes.get(lane);
      if (!waiting) {
        this.lanes.set(lane, [entry]);
        // What came in with the same read of the socket goes along.
        setImmediate(() => void this.drain(lane));
      } else if (waiting.length >= WAITING_LIMIT) {
        reject(new Problem(503, 'unavailable', 'Too many requests are waiting', 'Try again shortly.', [], 1));
      } else {
        waiting.push(entry);
      }
    });
  }

  private async drain(lane: string): Promise<void> {
    for (let batch = this.take(lane); batch.length > 0; batch = this.take(lane)) {
      this.options.observe?.(batch.length);
      await this.settle(lane, batch);
    }
    this.lanes.delete(lane);
  }

  private take(lane: string): Waiting<Request, Answer>[] {
    const batch: Waiting<Request, Answer>[] = [];
    const later: Waiting<Request, Answer>[] = [];
    const taken = new Set<string>();
    for (const entry of this.lanes.get(lane) ?? []) {
      if (batch.length >= this.options.limit || entry.keys.some((key) => taken.has(key))) {
        later.push(entry);
      } else {
        batch.push(entry);
      }
      // Also those of the ones that wait: a third request must not overtake the second.
      for (const key of entry.keys) taken.add(key);
    }
    this.lanes.set(lane, later);
    return batch;
  }

  private async settle(lane: string, batch: Waiting<Request, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.run(
        lane,
        batch.map((entry) => entry.request),
      );
      batch.forEach((entry, n) => {
        const answer = answers[n];
        if (answer === undefined || answer instanceof Error)
          entry.reject(answer ?? new Error('A request of a batch got no answer'));
        else entry.resolve(answer);
      });
    } catch (error) {
      if (batch.length === 1 || !this.options.mayBeOnes(error)) return batch.forEach((entry) => entry.reject(error));
      for (const entry of batch) await this.settle(lane, [entry]);
    }
  }
}
