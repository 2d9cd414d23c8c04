import { Inject, Injectable, type StreamableFile } from '@nestjs/common';
import type { PrincipalOf, StillLetIn } from '../access';
import type { EndingScope, RevocationScope } from '../consents';
import { fingerprint, Idempotency, markReplayed, type Call } from '../idempotency';
import { Batcher } from '../platform/batcher';
import { Database, isOnesFault, Statement, violatedConstraint } from '../platform/database';
import { ServerEvents } from '../platform/http/server-events';
import { requireId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { metrics } from '../platform/metrics';
import { BELL, type Bell } from '../platform/platform.module';
import { invalidField, notFound } from '../platform/problem';
import { acknowledge, listNotices } from './notices';
import { commitRevocations, type Revoked, type WantedRevocation } from './revocation-batch';
import type {
  AcknowledgementBody,
  MeRevocationBody,
  NoticeList,
  NoticeView,
  RevocationAnswer,
  RevocationRecipientView,
  RevocationView,
} from './revocation.dto';
import { previewRevocation } from './revoke';
import { scopeViewOf } from './scope';
import { RevocationStops } from './stops';

/** Revocations in one transaction at most: each of them waits for the locks of all. */
const BATCH_LIMIT = 64;
/** Batches of one programme at once, each of its own customers: one that waits for a lock does not keep all others waiting. */
const LANES = 2;

const SCOPES = ['share', 'purpose', 'attribute', 'everything'] as const;

const FIND: Statement = {
  name: 'find_revocation',
  text: `SELECT r.*, c.ref,
           (SELECT count(*)::int FROM erasure_journal j WHERE j.programme_id = $1 AND j.revocation_id = r.id) AS erased,
           (SELECT coalesce(json_agg(json_strip_nulls(json_build_object('recipient', p.key, 'name', p.name, 'status', n.status, 'did', n.did,
                    'toldAt', n.listed_at, 'dueAt', n.due_at, 'overdueSince', CASE n.status WHEN 'owed' THEN n.overdue_at END,
                    'acknowledgedAt', n.acknowledged_at, 'useUntil', (
                      SELECT max(d.use_until) FROM disclosures d JOIN consents k ON k.programme_id = $1 AND k.customer_id = r.customer_id
                         AND k.revocation_id = r.id AND k.id = ANY (d.consents)
                       WHERE d.programme_id = $1 AND d.customer_id = r.customer_id AND d.recipient_id = n.recipient_id)))
                    ORDER BY p.key), '[]')
              FROM revocation_notices n JOIN recipients p ON p.programme_id = $1 AND p.id = n.recipient_id
             WHERE n.programme_id = $1 AND n.revocation_id = r.id) AS recipients
           FROM revocations r JOIN customers c ON c.programme_id = $1 AND c.id = r.customer_id
          WHERE r.programme_id = $1 AND r.id = $2`,
};

interface Row {
  ref: string | null;
  scope: EndingScope;
  status: RevocationView['status'];
  consents_ended: number;
  values_erasing: number;
  erased: number;
  recipients: RevocationRecipientView[];
  blocked_at: Date;
  erased_at: Date | null;
  told_at: Date | null;
  completed_at: Date | null;
}

/** Taking it back: blocked when this answers, then erased, then told, by the worker and the recipients. */
@Injectable()
export class Revocations {
  private readonly batcher = new Batcher<WantedRevocation, Revoked>({
    run: (lane, wanted) => {
      const programmeId = lane.slice(0, lane.indexOf(' '));
      const keys = this.keyRing.idempotencyOf(programmeId);
      const run = () =>
        this.database.inProgrammeReserved(programmeId, (tx, commit) => commitRevocations(tx, commit, keys, wanted));
      return run().catch((error: unknown) => {
        // The same key for another customer, in another transaction, whose lock is not this one's.
        if (violatedConstraint(error) === 'idempotency_keys_pk') return run();
        throw error;
      });
    },
    limit: BATCH_LIMIT,
    keysOf: ({ customerRef, idempotency }) => [customerRef, ...(idempotency ? [`# ${idempotency.key}`] : [])],
    mayBeOnes: isOnesFault,
    observe: (size) => metrics.batchSize.observe({ what: 'revocation' }, size),
  });

  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
    private readonly keyRing: KeyRing,
    private readonly stops: RevocationStops,
    @Inject(BELL) private readonly bell: Bell,
    private readonly events: ServerEvents,
  ) {}

  async revoke(call: Call, customerRef: string, body: MeRevocationBody): Promise<RevocationAnswer> {
    const started = process.hrtime.bigint();
    const { programmeId } = call.principal;
    const { answer, status, replayed } = await this.batcher.submit(`${programmeId} ${laneOf(customerRef)}`, {
      customerRef,
      scope: scopeOf(body),
      idempotency:
        call.key === undefined ? undefined : fingerprint(this.keyRing.idempotencyOf(programmeId), call, call.key),
    });
    if (replayed) markReplayed(call, status);
    else void call.reply.status(status);
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    metrics.revocationStopSeconds.observe(seconds);
    if (answer.id !== undefined) this.stops.note(programmeId, answer.id, seconds);
    this.bell.ring(programmeId);
    return answer;
  }

  preview(programmeId: string, customerRef: string, body: MeRevocationBody): Promise<RevocationAnswer> {
    return this.database.inProgramme(programmeId, (tx) => previewRevocation(tx, customerRef, scopeOf(body)));
  }

  /** @throws 404, also for another customer's where customerRef is given. */
  async find(programmeId: string, publicId: string, customerRef?: string): Promise<RevocationView> {
    const id = requireId('rev', publicId, 'revocation');
    const [row] = await this.database.inProgramme(programmeId, (tx) => tx.query<Row>(FIND, [programmeId, id]));
    if (!row || (customerRef !== undefined && row.ref !== customerRef)) throw notFound('revocation');
    const time = (name: string, at: Date | null) => (at === null ? {} : { [name]: at.toISOString() });
    return {
      id: publicId,
      status: row.status,
      scope: scopeViewOf(row.scope),
      consentsEnded: row.consents_ended,
      // What another consent has come to cover before it was erased stays, and is owed no more.
      values: { erasing: row.status === 'blocked' ? row.values_erasing : 0, erased: row.erased },
      recipients: row.recipients.map(inUtc),
      blockedAt: row.blocked_at.toISOString(),
      ...time('erasedAt', row.erased_at),
      ...time('toldAt', row.told_at),
      ...time('completedAt', row.completed_at),
    };
  }

  /** How it goes on, as server-sent events, until it is complete. @throws as find; 429. */
  async watch(
    caller: PrincipalOf<'storefront' | 'staff' | 'customer'>,
    publicId: string,
    stillLetIn: StillLetIn,
  ): Promise<StreamableFile> {
    const customerRef = caller.kind === 'customer' ? caller.customerRef : undefined;
    const look = () => this.find(caller.programmeId, publicId, customerRef);
    const isFinished = ({ status }: RevocationView): boolean => status === 'complete';
    return this.events.of(caller, { first: await look(), look, isFinished, stillLetIn });
  }

  notices(
    caller: PrincipalOf<'recipient'>,
    page: { status?: string; after?: string; limit: number },
  ): Promise<NoticeList> {
    const after = Number(page.after ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) throw invalidField('/after', 'after must be a nextCursor');
    return this.database.inProgramme(caller.programmeId, (tx) =>
      listNotices(tx, caller, { status: page.status, after, limit: page.limit }),
    );
  }

  acknowledge(
    call: Call,
    caller: PrincipalOf<'recipient'>,
    id: string,
    body: AcknowledgementBody,
  ): Promise<NoticeView> {
    return this.idempotency.once(call, 200, (tx) => acknowledge(tx, caller, id, body));
  }
}

const laneOf = (customerRef: string): number => customerRef.charCodeAt(customerRef.length - 1) % LANES;

/** PostgreSQL writes times in JSON with an offset; everywhere else they end in Z. */
function inUtc({ recipient, name, status, did, ...times }: RevocationRecipientView): RevocationRecipientView {
  const moved = Object.entries(times).map(([event, at]) => [event, new Date(at).toISOString()] as const);
  return { recipient, name, status, ...(did && { did }), ...(Object.fromEntries(moved) as typeof times) };
}

/** @throws 422 unless exactly one is given (null is not), 404 for a share that cannot be. */
function scopeOf(body: MeRevocationBody): RevocationScope {
  const { share, purpose, attribute, everything } = body;
  const given = SCOPES.filter((scope) => body[scope] !== undefined && body[scope] !== null);
  if (given.length === 1) {
    if (share) return { share: requireId('shr', share, 'share') };
    if (purpose) return { purpose };
    if (attribute) return { attribute };
    if (everything) return { everything };
  }
  throw invalidField('', 'Give exactly one of share, purpose, attribute and everything: true');
}
