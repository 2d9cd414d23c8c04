import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { keyedHash } from '../platform/crypto';
import { Database } from '../platform/database';
import { addToSketch, emptySketch } from '../platform/distinct-sketch';
import { parsePublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { Later } from '../platform/later';
import type { Logger } from '../platform/logging';
import { LOGGER } from '../platform/platform.module';
import { type Sketches, writeOffered } from './offered-days';
import type { QuoteDto } from './quote.dto';

/**
 * Counts to how many customers an offer was made, and remembers none of them (ADR 20). It costs a quote one keyed hash and no
 * round trip, and cannot make it fail: what is counted is written together a second later, or is lost.
 */
@Injectable()
export class Offered implements OnModuleDestroy {
  private readonly later: Later<Sketches>;

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.later = new Later<Sketches>({
      make: () => new Map(),
      write: (id, sketches) => this.write(id, sketches),
      logger,
    });
  }

  /** Of the quotes that a customer was shown, those that would earn: the others offer them nothing. Never throws. */
  note(programmeId: string, customerRef: string, quotes: QuoteDto[]): void {
    const offerIds = quotes.flatMap(({ earnsNow, offerId }) => (earnsNow ? (parsePublicId('off', offerId) ?? []) : []));
    if (offerIds.length === 0) return;
    // In memory by now: the quotes were made with them.
    this.keyRing.of(programmeId).then(
      ({ marks }) => this.add(programmeId, offerIds, keyedHash(marks, `offered ${customerRef}`)),
      (error: unknown) => this.logger.warn({ error }, 'offers were not counted'),
    );
  }

  private add(programmeId: string, offerIds: string[], hash: Buffer): void {
    this.later.note(programmeId, (sketches) => {
      for (const id of offerIds) {
        const sketch = sketches.get(id) ?? emptySketch();
        addToSketch(sketch, hash);
        sketches.set(id, sketch);
      }
    });
  }

  onModuleDestroy(): Promise<void> {
    return this.later.flush();
  }

  private write(programmeId: string, sketches: Sketches): Promise<void> {
    return this.database.inProgramme(programmeId, (tx) => writeOffered(tx, sketches));
  }
}
