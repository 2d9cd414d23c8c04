import type { Statement, Tx } from '../platform/database';
import { toPublicId } from '../platform/ids';
import type { MergeView } from './merges.dto';

/** A merge, and what its two customers are now. */
export interface Merge {
  /** uuid */
  id: string;
  /** bigint, as text */
  fromId: string;
  intoId: string;
  /** Null for one who has left. */
  from: string | null;
  into: string | null;
  /** Whether into has been merged into another one since. */
  intoIsMerged: boolean;
  points: number;
  heldPoints: number;
  pendingPoints: number;
  consentsPaused: number;
  consentsBlocked: number;
  mergedAt: Date;
  undoUntil: Date;
  undoneAt: Date | null;
  finalAt: Date | null;
  pointsReturned: number | null;
  pointsMissing: number | null;
  /** By the database's clock. */
  isOver: boolean;
}

const FIND: Statement = {
  name: 'find_merge',
  text: `SELECT m.id, m.from_id AS "fromId", m.into_id AS "intoId", f.ref AS "from", i.ref AS "into", i.merged_into IS NOT NULL AS "intoIsMerged",
                m.points::float8, m.held_points::float8 AS "heldPoints", m.pending_points::float8 AS "pendingPoints",
                m.consents_paused AS "consentsPaused", m.consents_blocked AS "consentsBlocked", m.merged_at AS "mergedAt",
                m.undo_until AS "undoUntil", m.undone_at AS "undoneAt", m.final_at AS "finalAt",
                m.points_returned::float8 AS "pointsReturned", m.points_missing::float8 AS "pointsMissing", m.undo_until <= now() AS "isOver"
           FROM merges m JOIN customers f ON f.programme_id = $1 AND f.id = m.from_id JOIN customers i ON i.programme_id = $1 AND i.id = m.into_id
          WHERE m.programme_id = $1 AND m.id = $2`,
};

/** The merge with this uuid; undefined when there is none. */
export async function findMerge(tx: Tx, id: string): Promise<Merge | undefined> {
  return (await tx.query<Merge>(FIND, [tx.programmeId, id]))[0];
}

/** The merge with this uuid, which must be there. */
export async function requireMerge(tx: Tx, id: string): Promise<Merge> {
  const merge = await findMerge(tx, id);
  if (!merge) throw new Error('The merge is not there');
  return merge;
}

const statusOf = ({ undoneAt, finalAt }: Merge): MergeView['status'] => {
  if (undoneAt !== null) return 'undone';
  return finalAt === null ? 'merged' : 'final';
};

export const viewOf = (merge: Merge): MergeView => ({
  id: toPublicId('mrg', merge.id),
  status: statusOf(merge),
  ...(merge.from === null ? {} : { from: merge.from }),
  ...(merge.into === null ? {} : { into: merge.into }),
  points: merge.points,
  heldPoints: merge.heldPoints,
  pendingPoints: merge.pendingPoints,
  consentsPaused: merge.consentsPaused,
  consentsBlocked: merge.consentsBlocked,
  mergedAt: merge.mergedAt.toISOString(),
  undoUntil: merge.undoUntil.toISOString(),
  ...(merge.undoneAt === null ? {} : { undoneAt: merge.undoneAt.toISOString() }),
  ...(merge.finalAt === null ? {} : { finalAt: merge.finalAt.toISOString() }),
  ...(merge.pointsReturned === null ? {} : { pointsReturned: merge.pointsReturned }),
  ...(merge.pointsMissing === null ? {} : { pointsMissing: merge.pointsMissing }),
});
