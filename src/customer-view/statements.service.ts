import { Readable } from 'node:stream';
import { Inject, Injectable, StreamableFile } from '@nestjs/common';
import { CUSTOMER_REF } from '../access';
import { findCustomer } from '../consents';
import { Database } from '../platform/database';
import { preferred } from '../platform/http/preferred';
import { toPublicId } from '../platform/ids';
import type { Logger } from '../platform/logging';
import { LOGGER } from '../platform/platform.module';
import { invalidField, notFound } from '../platform/problem';
import { becauseOf, type Reader } from './because';
import type { Whose } from './customer-view.service';
import type { EntryBecause } from './entries.dto';
import { languageOf } from './language';
import { movementsOf } from './movements';
import type { StatementEntry, StatementQuery } from './statement.dto';
import { inOrder, type PlacedMovement, type Range, type ReadMovements, type Survey, survey } from './statement-order';
import { asCsv, asJson, type StatementHead } from './statement-text';

const NOTHING: Survey = { opening: 0, closing: 0, sums: new Map(), stretches: [] };
const NO_MOVEMENTS: ReadMovements = () => Promise.resolve([]);
const TYPES = { json: 'application/json; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' };

interface Account {
  customerId: string;
  reader: Reader;
}

/** Statements of customers' points, as streams: memory does not grow with the entries, and a slow reader holds nothing. */
@Injectable()
export class Statements {
  constructor(
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The statement of a time, in the form that is asked for. All that can be refused is, before it begins; what fails later
   * breaks the connection off. It reads every entry of the customer once, and those of the time a second time.
   *
   * @throws 404 for what can be no customerRef, 422 where it would end before it begins.
   */
  async statement(whose: Whose, query: StatementQuery, accept: string | undefined): Promise<StreamableFile> {
    const range = rangeOf(query);
    const account = await this.find(whose, query.locale);
    const read = account ? movementsOf(this.database, whose.programmeId, account.customerId) : NO_MOVEMENTS;
    const found = account ? await survey(read, range) : NOTHING;
    const head = headOf(whose, range, found);
    const entries = account ? this.entries(whose.programmeId, account, inOrder(read, found, range)) : nothing();
    const format = query.format ?? preferred(accept, ['json', 'csv']);
    const lines = (format === 'csv' ? asCsv : asJson)(head, entries);
    return new StreamableFile(Readable.from(this.told(lines), { objectMode: false }), {
      type: TYPES[format],
      ...(format === 'csv' ? { disposition: 'attachment; filename="statement.csv"' } : {}),
    });
  }

  private find({ programmeId, customerRef, isCustomer }: Whose, locale?: string): Promise<Account | undefined> {
    if (!CUSTOMER_REF.test(customerRef)) throw notFound('customer');
    return this.database.inProgramme(programmeId, async (tx) => {
      const customerId = await findCustomer(tx, customerRef);
      if (customerId === undefined) return undefined;
      return { customerId, reader: { language: await languageOf(tx, locale), isCustomer } };
    });
  }

  private async *entries(
    programmeId: string,
    { customerId, reader }: Account,
    parts: AsyncIterable<PlacedMovement[]>,
  ): AsyncGenerator<StatementEntry[]> {
    for await (const part of parts) {
      const because = await this.database.inProgramme(programmeId, (tx) => becauseOf(tx, customerId, part, reader));
      yield part.map((movement) => entryOf(movement, because.get(movement.transferId) ?? {}));
    }
  }

  /** Nobody else hears of what fails once the answer has begun: the caller only sees it break off. */
  private async *told(lines: AsyncIterable<string>): AsyncGenerator<string> {
    try {
      yield* lines;
    } catch (error) {
      this.logger.error({ error }, 'statement broken off');
      throw error;
    }
  }
}

async function* nothing(): AsyncGenerator<StatementEntry[]> {}

function rangeOf({ by, from, to }: StatementQuery): Range {
  const range = {
    by,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
  if (range.from && range.to && range.to < range.from) throw invalidField('/to', 'to must not be before from');
  return range;
}

const headOf = (
  { customerRef }: Whose,
  { by, from, to }: Range,
  { opening, closing, sums }: Survey,
): StatementHead => ({
  customerRef,
  by,
  ...(from === undefined ? {} : { from: from.toISOString() }),
  ...(to === undefined ? {} : { to: to.toISOString() }),
  openingBalance: opening,
  closingBalance: closing,
  sums: [...sums].map(([kind, { times, points }]) => ({ kind, entries: times, points })),
});

const entryOf = (movement: PlacedMovement, because: EntryBecause): StatementEntry => ({
  transferId: toPublicId('trf', movement.transferId),
  at: movement.bookedAt.toISOString(),
  effectiveAt: movement.effectiveAt.toISOString(),
  kind: movement.kind,
  points: movement.points,
  balanceBefore: movement.balanceBefore,
  balanceAfter: movement.balanceAfter,
  because,
});
