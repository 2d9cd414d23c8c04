import { Injectable } from '@nestjs/common';
import type { PrincipalOf } from '../access';
import { Batcher } from '../platform/batcher';
import { Database, isOnesFault } from '../platform/database';
import { newId, toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { metrics } from '../platform/metrics';
import { Problem } from '../platform/problem';
import { openValue } from '../vault';
import type { DisclosureAnswer, DisclosureBody } from './disclosure.dto';
import type { PredicateAnswer, PredicateBody } from './predicate.dto';
import { predicateOf } from './predicate';
import { release, type Release, type ReleaseRequest } from './release';

const BATCH_LIMIT = 256;
const NO_REASON = 'A question was answered; no reason was given';

/** The only way to a value: by purpose, recorded first, denied by default. */
@Injectable()
export class Disclosure {
  private readonly batcher = new Batcher<ReleaseRequest, Release>({
    run: (programmeId, requests) =>
      this.database.inProgramme(programmeId, (tx, commit) => release(tx, commit, requests)),
    limit: BATCH_LIMIT,
    mayBeOnes: isOnesFault,
    observe: (size) => metrics.batchSize.observe({ what: 'release' }, size),
  });

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
  ) {}

  /**
   * Releases to a recipient what active consents cover for this purpose.
   * @throws 403 `purpose-not-registered`, `recipient-suspended`, `no-active-consent`.
   */
  async disclose(caller: PrincipalOf<'recipient'>, body: DisclosureBody): Promise<DisclosureAnswer> {
    const { id, useUntil, values } = await this.read(caller, { ...body, kind: 'values' });
    const withheld = body.attributes.filter((attribute) => !(attribute in values));
    if (withheld.length > 0) metrics.disclosuresRefused.inc({ outcome: 'withheld' }, withheld.length);
    return { id, values, withheld, useUntil };
  }

  /**
   * Answers a question about values that all have an active consent for this purpose; the values stay here. The expression
   * is not kept: it may hold what it asks for.
   * @throws 422 with pointer /expression; 403 as disclose, also when only one of the attributes has no active consent.
   */
  async answer(
    caller: PrincipalOf<'recipient'>,
    { expression, customerRef, purpose, reason = NO_REASON }: PredicateBody,
  ): Promise<PredicateAnswer> {
    const { attributes, of } = predicateOf(expression);
    const request = { customerRef, purpose, reason, attributes, kind: 'predicate' as const };
    const { id, useUntil, values } = await this.read(caller, request);
    return { id, result: of(values), useUntil };
  }

  /** Values for a recorded use; undefined keys were withheld. */
  private async read(
    { programmeId, recipientId }: PrincipalOf<'recipient'>,
    request: Omit<ReleaseRequest, 'id' | 'recipientId'>,
  ): Promise<{ id: string; useUntil: string; values: Record<string, unknown> }> {
    const released = await this.batcher.submit(programmeId, { ...request, id: newId(), recipientId });
    const { useUntil } = released;
    if (!useUntil) {
      metrics.disclosuresRefused.inc({ outcome: 'denied' });
      throw refusalOf(released);
    }
    const keys = await this.keyRing.of(programmeId);
    const opened = released.values.map((sealed): [string, unknown] => [
      sealed.attribute,
      openValue(keys, { programmeId, customerRef: request.customerRef }, sealed),
    ]);
    return { id: toPublicId('dsc', released.id), useUntil: useUntil.toISOString(), values: Object.fromEntries(opened) };
  }
}

function refusalOf({ registered, suspended }: Release): Problem {
  if (!registered)
    return new Problem(403, 'purpose-not-registered', 'The recipient is not registered for this purpose');
  return suspended
    ? new Problem(
        403,
        'recipient-suspended',
        'The recipient is suspended',
        'Acknowledge the revocation notices that are overdue. Nothing was released.',
      )
    : new Problem(403, 'no-active-consent', 'No active consent covers this', 'Nothing was released.');
}
