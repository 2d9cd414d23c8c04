import type { Logger } from '../logging';
import { metrics } from '../metrics';

/** Says once that the queue went away and once that it is back, however often it is noticed in between. */
export class Outage {
  private since: number | undefined;

  constructor(private readonly logger: Logger) {}

  get going(): boolean {
    return this.since !== undefined;
  }

  noticed(error: unknown): void {
    if (this.since !== undefined) {
      this.logger.debug({ error }, 'The queue is still away.');
      return;
    }
    this.since = Date.now();
    metrics.queueOutages.inc();
    this.logger.warn({ error }, 'The queue is away. What is owed is in the database and will be found there.');
  }

  over(): void {
    if (this.since === undefined) return;
    this.logger.info({ ms: Date.now() - this.since }, 'The queue is back.');
    this.since = undefined;
  }
}
