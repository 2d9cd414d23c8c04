import { setImmediate as afterWhatIsDue } from 'node:timers/promises';
import { Inject, Injectable, type StreamableFile } from '@nestjs/common';
import type { PrincipalOf } from '../access';
import { Gates } from '../catalogue';
import { Batcher } from '../platform/batcher';
import { Database } from '../platform/database';
import { toProblem } from '../platform/http/problem.filter';
import { streamed } from '../platform/http/streamed';
import { newId } from '../platform/ids';
import { KeyRing, type ProgrammeKeys } from '../platform/key-ring';
import type { Logger } from '../platform/logging';
import { metrics } from '../platform/metrics';
import { LOGGER } from '../platform/platform.module';
import type { Problem } from '../platform/problem';
import type { BatchDisclosureBody, RefusedLine } from './batch.dto';
import { linesOf, type Line, type Recorded } from './batch-lines';
import { answerOf } from './disclosure.service';
import { refusalOf } from './refusals';
import { releaseIn, type Release, type ReleaseRequest } from './release';

/** Customers of one transaction: more is hardly faster, and keeps a revocation of one of them waiting. */
const CHUNK_CUSTOMERS = 200;

type Recipient = PrincipalOf<'recipient'>;

/**
 * Releases for many customers, each as by a call of its own: recorded first, denied by default, never after a revocation.
 *
 * The customers are seen to in transactions of some hundred; the next begins when the reader has taken the lines of the one
 * before, so that a slow reader holds no connection and no lock, and one that goes away is recorded for no more customers than
 * those at hand.
 */
@Injectable()
export class BatchDisclosure {
  // One transaction in flight a programme and process, whoever else reads in batches: single releases keep their connections.
  private readonly turns = new Batcher<ReleaseRequest[], Release[]>({
    run: async (programmeId, turns) => {
      await this.gates.giveWay(programmeId);
      return Promise.all(turns.map((requests) => releaseIn(this.database, this.keyRing, programmeId, requests)));
    },
    limit: 1,
    mayBeOnes: () => false,
    observe: () => undefined,
  });

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly gates: Gates,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * NDJSON: a line a customer, in the order asked. All that can be refused of the call is, before the first line.
   * @throws 403 `purpose-not-registered`, `recipient-suspended`.
   */
  async disclose(caller: Recipient, body: BatchDisclosureBody): Promise<StreamableFile> {
    const keys = await this.keyRing.of(caller.programmeId);
    const chunks = this.recorded(caller, body, keys);
    const first = await chunks.next();
    return streamed(linesOf(after(first, chunks)), {
      logger: this.logger,
      what: 'batch release',
      type: 'application/x-ndjson; charset=utf-8',
    });
  }

  private async *recorded(
    { programmeId, recipientId }: Recipient,
    { customerRefs, ...terms }: BatchDisclosureBody,
    keys: ProgrammeKeys,
  ): AsyncGenerator<Recorded> {
    for (let at = 0; at < customerRefs.length; at += CHUNK_CUSTOMERS) {
      const requests = customerRefs
        .slice(at, at + CHUNK_CUSTOMERS)
        .map((customerRef) => ({ ...terms, id: newId(), recipientId, customerRef, kind: 'values' as const }));
      metrics.batchSize.observe({ what: 'batch release' }, requests.length);
      const releases = await this.turns.submit(programmeId, requests);
      const committed = performance.now();
      // The statements of whoever is next go out first: the database works on them while these lines are made.
      await afterWhatIsDue();
      const [any] = releases;
      // Both are the recipient's, so they are the same for all of one transaction.
      if (at === 0 && any && (!any.registered || any.suspended)) {
        metrics.disclosuresRefused.inc({ outcome: 'denied' });
        throw refusalOf(any);
      }
      const lineOf = (released: Release, n: number) => (): Line => {
        const request = requests[n]!;
        try {
          return lineFor(request, released, programmeId, keys);
        } catch (error) {
          // A value that does not open is its customer's, and nobody else's: a call for one would have failed for one.
          this.logger.error({ error }, 'a line of a batch release could not be made');
          return refusedFor(request, toProblem(error));
        }
      };
      yield { at: committed, lines: releases.map(lineOf) };
    }
  }
}

async function* after<T>(first: IteratorResult<T, void>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

function lineFor(request: ReleaseRequest, released: Release, programmeId: string, keys: ProgrammeKeys): Line {
  const answer = answerOf(keys, programmeId, request, released);
  if (answer) return { customerRef: request.customerRef, ...answer };
  return refusedFor(request, refusalOf(released));
}

const refusedFor = ({ customerRef }: ReleaseRequest, { type, title, status }: Problem): RefusedLine => ({
  customerRef,
  type: `urn:gegenwert:problem:${type}`,
  title,
  status,
});
