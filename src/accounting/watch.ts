import type { Database } from '../platform/database';
import { metrics } from '../platform/metrics';
import { compare, type Comparison, COMPARISONS, outstandingPoints } from './reconciliation';

/** Of all time at most a hundredth goes into comparing: what took a second is looked at again 100 seconds later. */
const REST = 100;

/**
 * Keeps the gauges of the books up to date. Points outstanding are read each time; the comparisons read everything, so the
 * more there is, the rarer they are.
 */
export class BooksWatch {
  private nextAt = 0;

  constructor(private readonly database: Database) {}

  async look(programmeIds: string[], stopping: () => boolean): Promise<void> {
    let outstanding = 0;
    for (const id of programmeIds) outstanding += await this.database.inProgramme(id, outstandingPoints);
    metrics.outstandingPoints.set(outstanding);
    const startedAt = performance.now();
    if (startedAt < this.nextAt) return;
    for (const comparison of COMPARISONS) {
      if (stopping()) return;
      metrics.reconciliationDifferences.set({ comparison }, await this.differences(programmeIds, comparison));
    }
    const endedAt = performance.now();
    this.nextAt = endedAt + REST * (endedAt - startedAt);
  }

  private async differences(programmeIds: string[], comparison: Comparison): Promise<number> {
    let found = 0;
    for (const id of programmeIds) {
      found += (await this.database.inProgramme(id, (tx) => compare(tx, comparison))).differences;
    }
    return found;
  }
}
