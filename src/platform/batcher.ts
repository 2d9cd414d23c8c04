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
  /** Batches of a lane at once, otherwise one. With more, requests that share a key may be in two of them. */
  inFlight?: number;
  /** Two requests that share a key are never in one batch: the later one waits for the next. */
  keysOf?: (request: Request) => string[];
  /** Whether the failure of a batch may be one request's fault, so that each is to be tried alone. */
  mayBeOnes: (error: unknown) => boolean;
  observe?: (size: number) => void;
}

/** More than this waiting in one lane is answered with 503: the store cannot keep up, and a queue would only hide it. */
const WAITING_LIMIT = 10_000;

/** So many are answered at once: another batch, which may be about to be decided, does not wait for all that follows from them. */
const ANSWERS_AT_ONCE = 32;
const aTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Lane<Request, Answer> {
  waiting: Waiting<Request, Answer>[];
  inFlight: number;
  /** One more is about to be taken from those that wait. */
  starting: boolean;
}

/**
 * Group commit: one batch (or a few) in flight a lane (a programme), what arrives meanwhile is the next one. One statement and one
 * fsync for all of them, an answer for each: a refused request, or one that the database throws out, spoils no other.
 */
export class Batcher<Request, Answer> {
  private readonly lanes = new Map<string, Lane<Request, Answer>>();

  constructor(private readonly options: BatcherOptions<Request, Answer>) {}

  submit(name: string, request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const lane = this.lanes.get(name) ?? { waiting: [], inFlight: 0, starting: false };
      this.lanes.set(name, lane);
      if (lane.waiting.length >= WAITING_LIMIT) {
        reject(new Problem(503, 'unavailable', 'Too many requests are waiting', 'Try again shortly.', [], 1));
        return;
      }
      lane.waiting.push({ request, keys: this.options.keysOf?.(request) ?? [], resolve, reject });
      if (lane.starting || lane.inFlight === (this.options.inFlight ?? 1)) return;
      lane.starting = true;
      // What came in with the same read of the socket goes along.
      setImmediate(() => void this.drain(name, lane));
    });
  }

  private async drain(name: string, lane: Lane<Request, Answer>): Promise<void> {
    lane.starting = false;
    lane.inFlight += 1;
    for (let batch = this.take(lane); batch.length > 0; batch = this.take(lane)) {
      this.options.observe?.(batch.length);
      await this.settle(name, lane, batch);
    }
    lane.inFlight -= 1;
    if (lane.inFlight === 0 && !lane.starting) this.lanes.delete(name);
  }

  private take(lane: Lane<Request, Answer>): Waiting<Request, Answer>[] {
    const batch: Waiting<Request, Answer>[] = [];
    const later: Waiting<Request, Answer>[] = [];
    const taken = new Set<string>();
    for (const entry of lane.waiting) {
      if (batch.length >= this.options.limit || entry.keys.some((key) => taken.has(key))) {
        later.push(entry);
      } else {
        batch.push(entry);
      }
      // Also those of the ones that wait: a third request must not overtake the second.
      for (const key of entry.keys) taken.add(key);
    }
    lane.waiting = later;
    return batch;
  }

  private async settle(name: string, lane: Lane<Request, Answer>, batch: Waiting<Request, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.run(
        name,
        batch.map((entry) => entry.request),
      );
      for (const [n, entry] of batch.entries()) {
        const answer = answers[n];
        if (answer === undefined || answer instanceof Error)
          entry.reject(answer ?? new Error('A request of a batch got no answer'));
        else entry.resolve(answer);
        if (lane.inFlight > 1 && (n + 1) % ANSWERS_AT_ONCE === 0) await aTurn();
      }
    } catch (error) {
      if (batch.length === 1 || !this.options.mayBeOnes(error)) return batch.forEach((entry) => entry.reject(error));
      for (const entry of batch) await this.settle(name, lane, [entry]);
    }
  }
}
