import { lockCustomersById } from '../consents/core';
import { balanceOf } from '../ledger';
import { takeMarksBack } from '../offers/core';
import { settle } from '../outbox';
import type { Statement, Tx } from '../platform/database';
import type { ProgrammeKeys } from '../platform/key-ring';
import { notFound } from '../platform/problem';
import { unblock } from './blocks';
import { wrongState } from './merge';
import { findMerge, type Merge, requireMerge } from './merge-rows';
import { returnPoints } from './points';

const PART: Statement = {
  name: 'part_customer_from_merged',
  text: 'UPDATE customers SET merged_into = NULL WHERE programme_id = $1 AND id = $2',
};
const UNDO: Statement = {
  name: 'undo_merge',
  text: `UPDATE merges SET undone_at = least(clock_timestamp(), undo_until), points_returned = $3, points_missing = $4 WHERE programme_id = $1 AND id = $2`,
};

/**
 * Undoes a merge, under the locks that it was made under: what was only paused may be used again, points that are there go
 * back. @throws 404, 409 `merge-state`.
 */
export async function undo(tx: Tx, keys: ProgrammeKeys, id: string): Promise<Merge> {
  const before = await findMerge(tx, id);
  if (!before) throw notFound('merge');
  await lockCustomersById(tx, [before.fromId, before.intoId]);
  const merge = await requireMerge(tx, id);
  const references = bothOf(merge);
  await tx.query(PART, [tx.programmeId, merge.fromId]);
  await unblock(tx, id);
  await takeMarksBack(tx, keys, references);
  const { returned, missing } = await returnPoints(tx, merge);
  // Released afterwards they would be the other's for good.
  if (missing > 0 && (await balanceOf(tx, merge.intoId)).held > 0) {
    throw wrongState('The other customer’s points are held for an order: capture or release them first.');
  }
  await tx.query(UNDO, [tx.programmeId, id, returned, missing]);
  // Also what the transfer back made owed.
  await settle(tx, 'merge', id);
  return requireMerge(tx, id);
}

/** The references of its customers. @throws where it cannot be undone */
function bothOf({ from, into, undoneAt, isOver, intoIsMerged }: Merge): { from: string; into: string } {
  if (undoneAt !== null) throw wrongState('It has been undone.');
  if (isOver) throw wrongState('It is final.');
  if (from === null || into === null) throw wrongState('One of the customers has left.');
  if (intoIsMerged) throw wrongState('The other customer has been merged into another one since; undo that first.');
  return { from, into };
}
