import { activeConsents, lockCustomersById } from '../consents/core';
import { type Database, isOnesFault, type Statement, type Tx } from '../platform/database';
import { endConsents } from '../revocation/core';
import { endBlocks } from './blocks';
import { requireMerge } from './merge-rows';

const BATCH = 100;

const PROGRAMMES: Statement = {
  name: 'programmes_with_due_merges',
  text: 'SELECT programme_id AS "programmeId" FROM programmes_with_due_merges()',
};
const DUE: Statement = {
  name: 'due_merges',
  text: `SELECT id FROM merges WHERE programme_id = $1 AND undone_at IS NULL AND final_at IS NULL AND undo_until <= now()
            AND id <> ALL ($3::uuid[]) ORDER BY undo_until LIMIT $2`,
};
const BLOCKED: Statement = {
  name: 'consents_blocked_by_merge',
  text: `SELECT k.id FROM pauses p JOIN consents k ON k.programme_id = $1 AND k.customer_id = p.customer_id AND k.share_id = p.share_id
            AND k.attribute = p.attribute AND k.purpose = p.purpose AND k.status = 'active'
          WHERE p.programme_id = $1 AND p.merge_id = $2 AND p.attribute IS NOT NULL AND p.ended_at IS NULL`,
};
const FINISH: Statement = {
  name: 'finish_merge',
  text: 'UPDATE merges SET final_at = now() WHERE programme_id = $1 AND id = $2',
};

/** The programmes with merges that can be undone no more and are not final yet. */
export function withDueMerges(database: Database): Promise<{ programmeId: string }[]> {
  return database.query(PROGRAMMES);
}

/**
 * Makes one programme's merges final whose time is over, each in a transaction of its own. One that the database does not let end
 * holds up no other; it is thrown when all others are done.
 */
export async function finishMerges(database: Database, programmeId: string, stopping: () => boolean): Promise<void> {
  const leftOut: string[] = [];
  let fault: unknown;
  for (let found = BATCH; found === BATCH && !stopping();) {
    const due = await database.inProgramme(programmeId, (tx) =>
      tx.query<{ id: string }>(DUE, [programmeId, BATCH, leftOut]),
    );
    for (const { id } of due) {
      await database
        .inProgramme(programmeId, (tx) => finish(tx, id))
        .catch((error: unknown) => {
          if (!isOnesFault(error)) throw error;
          fault = error;
          leftOut.push(id);
        });
    }
    found = due.length;
  }
  if (fault !== undefined) throw fault;
}

/** What was blocked ends, as by a revocation: erased, and everyone told who got something. */
async function finish(tx: Tx, id: string): Promise<void> {
  const { fromId, intoId } = await requireMerge(tx, id);
  await lockCustomersById(tx, [fromId, intoId]);
  const { undoneAt, finalAt } = await requireMerge(tx, id);
  if (undoneAt !== null || finalAt !== null) return;
  const paused = await activeConsents(tx, [fromId], { everything: true });
  const blocked = await tx.query<{ id: string }>(BLOCKED, [tx.programmeId, id]);
  const consents = [...paused, ...blocked].map((consent) => consent.id);
  await endConsents(tx, [fromId, intoId], { merge: id, consents }, 'withdrawn');
  await endBlocks(tx, id);
  await tx.query(FINISH, [tx.programmeId, id]);
}
