import { forgetEndedSessions, forgetOldLinks } from './access/core';
import { BooksWatch } from './accounting/core';
import { sealHistory, unsealed } from './chain/core';
import { forgetOldKeys } from './idempotency/core';
import { runJobs } from './jobs/core';
import { expireLots, forfeit, withDueLots } from './ledger';
import { finishMerges, moveOwedPoints, withDueMerges } from './merging/core';
import { forgetOldMarks, forgetOldOffered } from './offers/core';
import type { Topic } from './outbox';
import type { Database, Statement, Tx } from './platform/database';
import type { KeyRing } from './platform/key-ring';
import type { Logger } from './platform/logging';
import { metrics } from './platform/metrics';
import type { Outbound } from './platform/outbound';
import { repeat } from './platform/repeat';
import type { SigningKeys } from './platform/signing-keys';
import { expireHolds, withOverdueHolds } from './redemption/core';
import {
  beginEndsOfGraces,
  countOverdue,
  customerErasure,
  endings,
  eraseOwed,
  expireConsents,
  forgetRefsOnNotices,
  markOverdue,
  noteTold,
  withDueGraces,
  withDueNotices,
} from './revocation/core';
import { GRANTS } from './rewards';
import { destroyOwedKeys, sweepKeys, tellHowFar } from './vault';
import { Deliverer, forgetOldDeliveries, type OnDelivered, webhookBacklog } from './webhooks/core';

/** How long work that the bell did not ring for can lie: also the longest pause after a worker was killed. */
const SWEEP_MS = 250;
/** The same for webhooks: those that are tried again, and new ones that the bell did not ring for. */
const DELIVER_MS = 1_000;
/** How long what was written waits to be sealed; what comes meanwhile is one block. */
const SEAL_MS = 1_000;
/** Blocks that follow each other at once would take a core from whoever is waited for: after each there is as long a rest, or more. */
const SEAL_REST = 1;
const SEAL_REST_BESIDE_JOBS = 4;
const MEASURE_MS = 5_000;
/** How long a key store does not know how far the values have come. */
const REACH_MS = 1_000;
const EXPIRE_MS = 60_000;
/** A cart that was left has its points back soon. */
const HOLDS_MS = 5_000;
/** Deadlines are of hours: whoever missed one is found out soon after. */
const ESCALATE_MS = 10_000;
const CLEAN_MS = 3_600_000;
const CLEAN_BATCH = 5_000;
/** Books are looked at a while after a start: a service that keeps being started must not spend itself on it. */
const WATCH_MS = 60_000;
/** What can wait leaves the first second of a new worker to what is owed from before. */
const SETTLE_MS = 1_000;

const JOBS = {
  'customer-erasure': customerErasure(forfeit),
  ...endings,
};
const doJobs = (database: Database, programmeId: string, stopping: () => boolean): Promise<void> =>
  runJobs(database, programmeId, JOBS, stopping);

const EXPIRED: Statement = {
  name: 'programmes_with_expired_consents',
  text: 'SELECT programme_id AS "programmeId" FROM programmes_with_expired_consents()',
};
const EVERY: Statement = { name: 'every_programme', text: 'SELECT programme_id FROM every_programme()' };

const OWED: Statement = { name: 'programmes_owed', text: 'SELECT DISTINCT programme_id FROM programmes_owed()' };
const OWED_BY: Statement = {
  name: 'topics_owed',
  text: 'SELECT topic FROM programmes_owed() WHERE programme_id = $1',
};
const BACKLOG: Statement = {
  name: 'outbox_backlog',
  text: `SELECT coalesce(sum(owed), 0)::int AS owed, coalesce(extract(epoch FROM now() - min(oldest)), 0)::float8 AS seconds,
                coalesce(sum(set_aside), 0)::int AS "setAside"
           FROM outbox_backlog() WHERE topic IN ('points', 'discount')`,
};

/** What follows from a webhook having arrived. */
const ON_DELIVERED: OnDelivered = {
  'consent.revoked': (tx, ids) =>
    noteTold(
      tx,
      ids.map(({ noticeId }) => noticeId![1]),
    ),
};

export interface Work {
  /** Resolves when the first sweep is over, whatever came of it. */
  readonly begun: Promise<void>;
  /** Does what this programme is owed; a call while that runs sees to it that it is looked at again. */
  attend(programmeId: string): Promise<void>;
  /** Finishes the batch at hand and stops. */
  close(): Promise<void>;
}

/** Starts at once with what is owed from before, and sweeps from then on. */
export function startWork(
  database: Database,
  keyRing: KeyRing,
  signingKeys: SigningKeys,
  outbound: Outbound,
  logger: Logger,
): Work {
  const deliverer = new Deliverer({ database, keyRing, outbound, onDelivered: ON_DELIVERED, logger });
  const running = new Map<string, Promise<void>>();
  const atJobs = new Map<string, Promise<void>>();
  const again = new Set<string>();
  let stopping = false;
  const isStopping = (): boolean => stopping;

  const { dataKeys } = keyRing;
  const destroyKeys = async (_: Database, programmeId: string): Promise<void> => {
    if (dataKeys) await destroyOwedKeys(database, dataKeys, programmeId, isStopping);
  };

  /** By what is owed, in the order in which it is done. */
  const works: [Topic, typeof eraseOwed][] = [
    ...(Object.entries(GRANTS) as [Topic, typeof eraseOwed][]),
    ['merge', moveOwedPoints],
    ['erasure', eraseOwed],
    ['key', destroyKeys],
  ];

  /** Each kind of work on its own: one that fails does not keep the others, an erasure least of all, from being done. */
  async function run(programmeId: string): Promise<void> {
    const failures: unknown[] = [];
    do {
      again.delete(programmeId);
      // What is not owed is not looked for: whoever rings next waits for it.
      const owed = await database.query<{ topic: Topic }>(OWED_BY, [programmeId]);
      const topics = new Set(owed.map(({ topic }) => topic));
      if (topics.has('job')) beginJobs(programmeId);
      const due = works.filter(([topic]) => topics.has(topic));
      // What the API has announced, where there is nothing else to do.
      if (due.length === 0) deliverer.ring(programmeId);
      for (const [, work] of due) {
        await work(database, programmeId, isStopping).catch((error: unknown) => failures.push(error));
        deliverer.ring(programmeId);
      }
    } while (again.has(programmeId) && !isStopping());
    if (failures.length > 0) throw failures[0];
  }

  function attend(programmeId: string): Promise<void> {
    const current = running.get(programmeId);
    if (current) {
      again.add(programmeId);
      return current;
    }
    const started = run(programmeId).finally(() => running.delete(programmeId));
    running.set(programmeId, started);
    return started;
  }

  /** Jobs are long: nothing else waits for them, and what else there is is done beside them. */
  function beginJobs(programmeId: string): void {
    if (atJobs.has(programmeId)) return;
    const done = doJobs(database, programmeId, isStopping)
      .catch((error: unknown) => logger.error({ error }, 'jobs could not be done'))
      .finally(() => {
        atJobs.delete(programmeId);
        deliverer.ring(programmeId);
      });
    atJobs.set(programmeId, done);
  }

  async function sweep(): Promise<void> {
    const owed = await database.query<{ programme_id: string }>(OWED);
    const failed = (await Promise.allSettled(owed.map((row) => attend(row.programme_id)))).filter(
      (one) => one.status === 'rejected',
    );
    for (const { reason } of failed)
      logger.error({ error: reason as unknown }, 'what a programme is owed could not be done');
  }

  async function expire(): Promise<void> {
    const programmes = await database.query<{ programmeId: string }>(EXPIRED);
    await each(programmes, 'consents could not be ended', (id) => expireConsents(database, id, isStopping));
    const unconfirmed = await withDueGraces(database);
    await each(unconfirmed, 'graces could not be ended', (id) => beginEndsOfGraces(database, id));
  }

  async function escalate(): Promise<void> {
    const programmes = await withDueNotices(database);
    await each(programmes, 'overdue notices could not be marked', (id) => markOverdue(database, id, isStopping));
    metrics.overdueNotices.set(await countOverdue(database));
  }

  async function endMerges(): Promise<void> {
    const programmes = await withDueMerges(database);
    await each(programmes, 'merges could not be finished', (id) => finishMerges(database, id, isStopping));
  }

  async function expirePoints(): Promise<void> {
    const programmes = await withDueLots(database);
    metrics.oldestDueLotSeconds.set(Math.max(0, ...programmes.map(({ seconds }) => seconds)));
    await each(programmes, 'lots could not be expired', (id) => expireLots(database, id, isStopping));
  }

  async function releaseHolds(): Promise<void> {
    const programmes = await withOverdueHolds(database);
    await each(programmes, 'holds could not be released', (id) => expireHolds(database, id, isStopping));
  }

  /** One programme after the other; one that fails does not keep the others waiting. */
  async function each(
    programmes: { programmeId: string }[],
    failure: string,
    work: (programmeId: string) => Promise<unknown>,
  ): Promise<void> {
    for (const { programmeId } of programmes) {
      await work(programmeId).catch((error: unknown) => logger.error({ error }, failure));
    }
  }

  async function clean(): Promise<void> {
    for (const { programme_id: id } of await database.query<{ programme_id: string }>(EVERY)) {
      await inBatches(id, forgetOldKeys);
      await inBatches(id, forgetOldMarks);
      await inBatches(id, forgetOldOffered);
      await inBatches(id, forgetOldDeliveries);
      await inBatches(id, forgetOldLinks);
      await inBatches(id, forgetEndedSessions);
      await database.inProgramme(id, forgetRefsOnNotices);
      deliverer.ring(id);
      if (dataKeys) await sweepKeys(database, dataKeys, id, isStopping);
    }
  }

  async function inBatches(programmeId: string, forget: (tx: Tx, limit: number) => Promise<number>): Promise<void> {
    let forgotten = CLEAN_BATCH;
    while (forgotten === CLEAN_BATCH && !isStopping()) {
      forgotten = await database.inProgramme(programmeId, (tx) => forget(tx, CLEAN_BATCH));
    }
  }

  async function seal(): Promise<void> {
    const programmes = await unsealed(database);
    metrics.oldestUnsealedSeconds.set(Math.max(0, ...programmes.map(({ seconds }) => seconds)));
    const ready = programmes.filter((programme) => programme.ready);
    const rest = (): number => (atJobs.size > 0 ? SEAL_REST_BESIDE_JOBS : SEAL_REST);
    await each(ready, 'history could not be sealed', (id) => sealHistory(database, signingKeys, id, isStopping, rest));
  }

  async function measure(): Promise<void> {
    const [backlog] = await database.query<{ owed: number; seconds: number; setAside: number }>(BACKLOG);
    metrics.owedAwards.set(backlog?.owed ?? 0);
    metrics.oldestOwedSeconds.set(backlog?.seconds ?? 0);
    metrics.setAsideAwards.set(backlog?.setAside ?? 0);
    const webhooks = await webhookBacklog(database);
    metrics.pendingWebhooks.set(webhooks.pending);
    metrics.oldestDueWebhookSeconds.set(webhooks.seconds);
    metrics.disabledWebhookEndpoints.set(webhooks.disabled);
  }

  const books = new BooksWatch(database);
  async function watchBooks(): Promise<void> {
    const programmes = await database.query<{ programme_id: string }>(EVERY);
    await books.look(
      programmes.map((row) => row.programme_id),
      isStopping,
    );
  }

  const sweeping = repeat(sweep, SWEEP_MS, logger);
  const loops = [
    sweeping,
    repeat(() => deliverer.sweep(), DELIVER_MS, logger),
    repeat(seal, SEAL_MS, logger, SETTLE_MS),
    repeat(measure, MEASURE_MS, logger, SETTLE_MS),
    repeat(expire, EXPIRE_MS, logger, SETTLE_MS),
    repeat(escalate, ESCALATE_MS, logger, SETTLE_MS),
    repeat(expirePoints, EXPIRE_MS, logger, SETTLE_MS),
    repeat(endMerges, EXPIRE_MS, logger, SETTLE_MS),
    repeat(releaseHolds, HOLDS_MS, logger, SETTLE_MS),
    repeat(clean, CLEAN_MS, logger, SETTLE_MS),
    ...(dataKeys ? [repeat(() => tellHowFar(database, dataKeys), REACH_MS, logger, SETTLE_MS)] : []),
    repeat(watchBooks, WATCH_MS, logger, WATCH_MS),
  ];
  return {
    begun: sweeping.begun,
    attend,
    close: async () => {
      stopping = true;
      await Promise.all([...loops.map(({ stop }) => stop()), deliverer.close()]);
      await Promise.allSettled([...running.values(), ...atJobs.values()]);
    },
  };
}
