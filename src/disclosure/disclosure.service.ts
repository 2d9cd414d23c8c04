import { Injectable } from '@nestjs/common';
import type { PrincipalOf } from '../access';
import { Gates } from '../catalogue';
import { Batcher } from '../platform/batcher';
import { Database, isOnesFault, type Statement } from '../platform/database';
import { newId, toPublicId } from '../platform/ids';
import { KeyRing, type ProgrammeKeys } from '../platform/key-ring';
import { metrics } from '../platform/metrics';
import { openValue } from '../vault';
import type { DisclosureAnswer, DisclosureBody } from './disclosure.dto';
import type { PredicateAnswer, PredicateBody } from './predicate.dto';
import { predicateOf } from './predicate';
import { refusalOf } from './refusals';
import { releaseIn, type Release, type ReleaseRequest } from './release';

const BATCH_LIMIT = 256;
const TODAY: Statement = {
  name: 'programme_today',
  text: `SELECT to_char(now() AT TIME ZONE time_zone, 'YYYY-MM-DD') AS today FROM programmes WHERE id = $1`,
};
const NO_REASON = 'A question was answered; no reason was given';

/** The only way to a value: by purpose, recorded first, denied by default. */
@Injectable()
export class Disclosure {
  private readonly batcher = new Batcher<ReleaseRequest, Release>({
    run: async (programmeId, requests) => {
      await this.gates.giveWay(programmeId);
      return releaseIn(this.database, this.keyRing, programmeId, requests);
    },
    limit: BATCH_LIMIT,
    // Two questions of one recipient about one customer are counted one after the other.
    keysOf: ({ kind, recipientId, customerRef }) => (kind === 'predicate' ? [`${recipientId} ${customerRef}`] : []),
    mayBeOnes: isOnesFault,
    observe: (size) => metrics.batchSize.observe({ what: 'release' }, size),
  });

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly gates: Gates,
  ) {}

  /**
   * Releases to a recipient what active consents cover for this purpose.
   * @throws 403 `purpose-not-registered`, `recipient-suspended`, `no-active-consent`.
   */
  async disclose(caller: PrincipalOf<'recipient'>, body: DisclosureBody): Promise<DisclosureAnswer> {
    const answer = await this.read(caller, { ...body, kind: 'values' });
    if (answer.withheld.length > 0) metrics.disclosuresRefused.inc({ outcome: 'withheld' }, answer.withheld.length);
    return answer;
  }

  /**
   * Answers a question about values that all have an active consent for this purpose; the values stay here. The expression
   * is not kept: it may hold what it asks for.
   * What day it is, is so in the programme's time zone, by the database's clock.
   * @throws 422 with pointer /expression; 403 as disclose, also when only one of the attributes has no active consent; 429
   * `too-many-questions`.
   */
  async answer(
    caller: PrincipalOf<'recipient'>,
    { expression, customerRef, purpose, reason = NO_REASON }: PredicateBody,
  ): Promise<PredicateAnswer> {
    const { attributes, looksAtToday, of } = predicateOf(expression);
    const today = looksAtToday ? await this.today(caller.programmeId) : undefined;
    const request = { customerRef, purpose, reason, attributes, kind: 'predicate' as const };
    const { id, useUntil, values } = await this.read(caller, request);
    return { id, result: of(values, today), useUntil };
  }

  private async today(programmeId: string): Promise<string | undefined> {
    const [row] = await this.database.inProgramme(programmeId, (tx) =>
      tx.query<{ today: string }>(TODAY, [programmeId]),
    );
    return row?.today;
  }

  private async read(
    { programmeId, recipientId }: PrincipalOf<'recipient'>,
    request: Omit<ReleaseRequest, 'id' | 'recipientId'>,
  ): Promise<DisclosureAnswer> {
    const released = await this.batcher.submit(programmeId, { ...request, id: newId(), recipientId });
    const answer = answerOf(await this.keyRing.of(programmeId), programmeId, request, released);
    if (answer) return answer;
    metrics.disclosuresRefused.inc({ outcome: 'denied' });
    throw refusalOf(released);
  }
}

/** What a release comes to, decrypted: its row must be committed. Undefined where nothing was released. */
export function answerOf(
  keys: ProgrammeKeys,
  programmeId: string,
  { customerRef, attributes }: Pick<ReleaseRequest, 'customerRef' | 'attributes'>,
  { id, useUntil, values: sealed }: Release,
): DisclosureAnswer | undefined {
  if (!useUntil) return undefined;
  const place = { programmeId, customerRef };
  const values = Object.fromEntries(sealed.map((one) => [one.attribute, openValue(keys, place, one)]));
  return {
    id: toPublicId('dsc', id),
    values,
    withheld: attributes.filter((attribute) => !Object.hasOwn(values, attribute)),
    useUntil: useUntil.toISOString(),
  };
}
