import { Inject, Injectable } from '@nestjs/common';
import { fingerprint, markReplayed, type Call } from '../idempotency';
import { Batcher } from '../platform/batcher';
import { Database, isOnesFault, violatedConstraint } from '../platform/database';
import { newId, requireId, toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { metrics } from '../platform/metrics';
import { BELL, type Bell } from '../platform/platform.module';
import { notFound } from '../platform/problem';
import type { NextStep, Redemption, Step } from './decide';
import { commitSteps, type PreparedStep, type SettledStep } from './redemption-batch';
import { findRedemptions } from './redemption-rows';
import type { RedeemBody, RedemptionView } from './redemption.dto';

/** Steps in one transaction at most: past this a batch gets slower, not better. */
const BATCH_LIMIT = 128;
/**
 * Batches of one programme at once: while the database writes one, the next is decided. Where both are of one customer the second
 * waits for the first's lock. It is the locks that keep them apart.
 */
const IN_FLIGHT = 2;
const HOLD_SECONDS = 900;

/** Spends points on orders: redeem (held, or captured at once), capture, release, refund. */
@Injectable()
export class Redemptions {
  private readonly batcher = new Batcher<PreparedStep, SettledStep>({
    run: (programmeId, steps) => {
      const run = () => this.database.inProgramme(programmeId, (tx, commit) => commitSteps(tx, commit, steps));
      return run().catch((error: unknown) => {
        // The same key for another customer, in another transaction, whose lock is not this one's.
        if (violatedConstraint(error) === 'idempotency_keys_pk') return run();
        throw error;
      });
    },
    limit: BATCH_LIMIT,
    inFlight: IN_FLIGHT,
    mayBeOnes: isOnesFault,
    observe: (size) => metrics.batchSize.observe({ what: 'redemption' }, size),
  });

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /** @throws 409 `insufficient-points`, `redemption-limit`; 422 where the programme's rate needs an order, or another currency. */
  redeem(
    call: Call,
    { customerRef, points, orderRef, capture, holdSeconds, order }: RedeemBody,
  ): Promise<RedemptionView> {
    return this.settle(call, 201, {
      do: 'redeem',
      id: newId(),
      customerRef,
      points,
      orderRef,
      holdSeconds: capture ? undefined : (holdSeconds ?? HOLD_SECONDS),
      order,
    });
  }

  /** Each at most once, whoever asks again. @throws 404, 409 `redemption-state`. */
  capture(call: Call, publicId: string): Promise<RedemptionView> {
    return this.next(call, { do: 'capture', id: idOf(publicId) });
  }

  release(call: Call, publicId: string): Promise<RedemptionView> {
    return this.next(call, { do: 'release', id: idOf(publicId) });
  }

  /** So many points, or what is left of it. @throws 404, 409 `redemption-state`. */
  refund(call: Call, publicId: string, points: number | undefined): Promise<RedemptionView> {
    return this.next(call, { do: 'refund', id: idOf(publicId), points });
  }

  /** @throws 404 */
  async find(programmeId: string, publicId: string): Promise<RedemptionView> {
    const [found] = await this.database.inProgramme(programmeId, (tx) => findRedemptions(tx, [idOf(publicId)]));
    if (!found) throw notFound('redemption');
    return viewOf(found);
  }

  private next(call: Call, step: NextStep): Promise<RedemptionView> {
    return this.settle(call, 200, step);
  }

  private async settle(call: Call, status: number, step: Step): Promise<RedemptionView> {
    const { programmeId } = call.principal;
    const idempotency =
      call.key === undefined ? undefined : fingerprint(this.keyRing.idempotencyOf(programmeId), call, call.key);
    const { redemption, replayed, announced } = await this.batcher.submit(programmeId, { step, idempotency });
    if (replayed) markReplayed(call, status);
    if (announced) this.bell.ring(programmeId);
    return viewOf(redemption);
  }
}

const idOf = (publicId: string): string => requireId('red', publicId, 'redemption');

const viewOf = (redemption: Redemption): RedemptionView => ({
  id: toPublicId('red', redemption.id),
  status: redemption.status,
  points: redemption.points,
  orderRef: redemption.orderRef,
  refunded: redemption.refunded,
  createdAt: redemption.createdAt.toISOString(),
  ...(redemption.heldUntil === null ? {} : { heldUntil: redemption.heldUntil.toISOString() }),
  ...(redemption.releasedBy === null ? {} : { releasedBy: redemption.releasedBy }),
  ...(redemption.value === null ? {} : { value: redemption.value }),
});
