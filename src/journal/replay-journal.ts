import { keepSignalsAgain, lockCustomersById } from '../consents/core';
import type { Database, Statement, Tx } from '../platform/database';
import type { DataKeys } from '../platform/data-keys';
import type { KeyRing } from '../platform/key-ring';
import { Problem } from '../platform/problem';
import { endConsents, endProgramme, erase, leave, pauseAgain, stay, withdraw } from '../revocation/core';
import { destroyReplayed, destroyWithoutKeys } from '../vault';
import type { Ended, Erased, Left, Line, Paused, Signalled, State, Withdrawn } from './lines';

/** Lines in one transaction. */
const BATCH = 500;

const KNOWN: Statement = {
  name: 'known_customers',
  text: 'SELECT id FROM customers WHERE programme_id = $1 AND id = ANY ($2)',
};
const REF: Statement = {
  name: 'ref_of_customer',
  // Ids are counted anew from where the backup was: one who came after it has the id of another who came, and left, after it as well.
  text: `SELECT ref FROM customers WHERE programme_id = $1 AND id = $2 AND ref IS NOT NULL
            AND ($3::timestamptz IS NULL OR created_at <= $3) AND ($4 OR merged_into IS NULL)`,
};
const SLUG: Statement = {
  name: 'slug_of_live_programme',
  text: 'SELECT slug FROM programmes WHERE id = $1 AND ended_at IS NULL',
};
const LAST_JOB: Statement = {
  name: 'last_job_of_withdrawal',
  text: 'SELECT id, status FROM jobs WHERE programme_id = $1 AND kind = $2 AND target = $3 ORDER BY id DESC LIMIT 1',
};
const EVERY: Statement = { name: 'every_programme', text: 'SELECT programme_id FROM every_programme()' };
const ACTIVE_OF: Statement = {
  name: 'consents_of_attributes',
  text: `SELECT k.customer_id AS customer, k.id FROM unnest($2::bigint[], $3::text[]) AS w(customer, attribute)
           JOIN consents k ON k.programme_id = $1 AND k.customer_id = w.customer AND k.attribute = w.attribute AND k.ended_at IS NULL`,
};

export interface Replayed {
  lines: number;
  consentsEnded: number;
  valuesDestroyed: number;
}

export interface Replaying {
  database: Database;
  keyRing: KeyRing;
  /** Jobs whose customers stayed after all, or that were to end no more consents. */
  cancelled: ReadonlySet<string>;
  onProgress: (done: Replayed) => void;
}

interface Batch {
  programme: string;
  ended: Ended['ended'][];
  erased: Erased['erased'][];
  paused: Paused['paused'][];
  signalled: Signalled['signalled'][];
  states: State[];
  lines: number;
}

/**
 * Does again what the journal says was done, to what a backup brought back: ends consents under the revocation that had ended
 * them, destroys values and their keys, pauses, keeps what browsers refused, shuts what was withdrawn, lets leave who left. In batches; whatever was done before,
 * by the journal or another run of this, is not done twice.
 */
export async function replayJournal(lines: AsyncIterable<Line>, replaying: Replaying): Promise<Replayed> {
  const done: Replayed = { lines: 0, consentsEnded: 0, valuesDestroyed: 0 };
  let batch: Batch | undefined;
  const finish = async (): Promise<void> => {
    if (batch) await replayBatch(batch, replaying, done);
    batch = undefined;
    replaying.onProgress(done);
  };
  for await (const line of lines) {
    const programme = programmeOf(line);
    if (batch && (batch.programme !== programme || batch.lines >= BATCH)) await finish();
    batch ??= { programme, ended: [], erased: [], paused: [], signalled: [], states: [], lines: 0 };
    batch.lines++;
    if ('ended' in line) batch.ended.push(line.ended);
    else if ('erased' in line) batch.erased.push(line.erased);
    else if ('paused' in line) batch.paused.push(line.paused);
    else if ('signalled' in line) batch.signalled.push(line.signalled);
    else batch.states.push(line);
  }
  await finish();
  return done;
}

const programmeOf = (line: Line): string => Object.values(line as Record<string, { programme: string }>)[0]!.programme;

async function replayBatch(batch: Batch, replaying: Replaying, done: Replayed): Promise<void> {
  const { database, keyRing } = replaying;
  const { programme, ended, erased, paused, signalled, states } = batch;
  const ids = [...ended, ...erased, ...paused, ...signalled].map(({ customer }) => customer);
  const result = await database.inProgramme(programme, async (tx) => {
    const known = await tx.query<{ id: string }>(KNOWN, [programme, [...new Set(ids)]]);
    await lockCustomersById(
      tx,
      known.map(({ id }) => id),
    );
    // A customer that the backup does not know came after it, with all that they gave.
    const isKnown = new Set(known.map(({ id }) => id));
    const again = await endAgain(
      tx,
      ended.filter(({ customer }) => isKnown.has(customer)),
    );
    const destroyed = await destroyReplayed(
      tx,
      erased.filter(({ customer }) => isKnown.has(customer)),
    );
    await pauseAgain(tx, paused);
    await keepSignalsAgain(tx, signalled);
    return { consents: again.consents, values: again.values + destroyed };
  });
  // Also of keys that came back with a backup of the key store.
  if (keyRing.dataKeys && erased.length > 0)
    await keyRing.dataKeys.destroy(
      programme,
      erased.map(({ version }) => version),
    );
  for (const state of states) await reach(replaying, programme, state);
  done.lines += batch.lines;
  done.consentsEnded += result.consents;
  done.valuesDestroyed += result.values;
}

/** Under the revocations that ended them, with the time of now; values that nothing covers then are destroyed. */
async function endAgain(tx: Tx, ended: Ended['ended'][]): Promise<{ consents: number; values: number }> {
  const done = { consents: 0, values: 0 };
  // A customer's come one after the other, those of different customers at once.
  for (let rest = ended; rest.length > 0;) {
    const taken = new Map<string, Ended['ended']>();
    const later: Ended['ended'][] = [];
    const as = rest[0]!.as;
    for (const one of rest) {
      if (one.as === as && !taken.has(one.customer)) taken.set(one.customer, one);
      else later.push(one);
    }
    const all = [...taken.values()];
    const ids = new Map(
      all.flatMap(({ customer, revocation }) => (revocation ? [[customer, revocation] as const] : [])),
    );
    const scope = { replayed: true as const, consents: all.flatMap((one) => one.consents) };
    const revocations = await endConsents(tx, [...taken.keys()], scope, as, ids);
    done.values += await erase(
      tx,
      revocations.map(({ id }) => id),
    );
    done.consents += revocations.reduce((sum, one) => sum + one.consents.length, 0);
    rest = later;
  }
  return done;
}

async function reach({ database, keyRing, cancelled }: Replaying, programme: string, state: State): Promise<void> {
  if ('withdrawn' in state)
    return database.inProgramme(programme, (tx) => withdrawAgain(tx, cancelled, state.withdrawn)).catch(gone);
  await database.inProgramme(programme, async (tx) => {
    if ('left' in state) {
      if (state.left.job !== undefined && cancelled.has(state.left.job)) await stay(tx, state.left.job);
      else await leaveAgain(tx, keyRing, state.left);
    } else {
      const [row] = await tx.query<{ slug: string }>(SLUG, [programme]);
      if (row) await endProgramme(tx, row.slug);
    }
  });
}

/** It is shut, whatever became of the job; one that was cancelled, or would be it where the backup has none, ends no more consents. */
async function withdrawAgain(tx: Tx, cancelled: ReadonlySet<string>, withdrawn: Withdrawn): Promise<void> {
  const [what, key] =
    'purpose' in withdrawn ? (['purpose', withdrawn.purpose] as const) : (['recipient', withdrawn.recipient] as const);
  const isCancelled = typeof withdrawn.job === 'string' && cancelled.has(withdrawn.job);
  const values = [tx.programmeId, `${what}-withdrawal`, key];
  const [last] = await tx.query<{ id: string; status: string }>(LAST_JOB, values);
  if (isCancelled && last?.status === 'cancelled') return;
  const job = await withdraw(tx, what, key);
  // Another one was asked for after it.
  if (isCancelled && (last === undefined || last.id === withdrawn.job)) await stay(tx, job);
}

/** Under every reference that they had; of those that are merged into another one here as well, the other's leaving is theirs. */
async function leaveAgain(tx: Tx, keyRing: KeyRing, { customer, also = [], at, balance }: Left): Promise<void> {
  for (const id of [customer, ...also]) {
    const [row] = await tx.query<{ ref: string }>(REF, [tx.programmeId, id, at ?? null, id === customer]);
    if (row) await leave(tx, keyRing, row.ref, balance);
  }
}

/** What the backup does not know came after it. */
function gone(error: unknown): undefined {
  if (error instanceof Problem && error.status === 404) return undefined;
  throw error;
}

/**
 * Where the keys lie apart: values whose keys were destroyed after the journal had been copied. Their consents are ended as
 * expired: nothing says why they ended, and nothing may go on as if they had not. Answers how many values there were.
 */
export async function destroyKeyless(database: Database, dataKeys: DataKeys): Promise<number> {
  let destroyed = 0;
  for (const { programme_id: programme } of await database.query<{ programme_id: string }>(EVERY)) {
    await destroyWithoutKeys(database, dataKeys, programme, async (tx, values) => {
      const columns = [values.map(({ customerId }) => customerId), values.map(({ attribute }) => attribute)];
      const active = await tx.query<{ customer: string; id: string }>(ACTIVE_OF, [programme, ...columns]);
      const customers = [...new Set(active.map(({ customer }) => customer))];
      const scope = { replayed: true as const, consents: active.map(({ id }) => id) };
      const revocations = await endConsents(tx, customers, scope, 'expired');
      await erase(
        tx,
        revocations.map(({ id }) => id),
      );
      destroyed += values.length;
    });
    await dataKeys.sweepAnew(programme);
  }
  return destroyed;
}
