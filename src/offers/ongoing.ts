import type { Statement, Tx } from '../platform/database';
import { programmeEnded } from '../platform/problem';

const ONGOING: Statement = {
  name: 'programme_is_ongoing',
  text: 'SELECT FROM programmes WHERE id = $1 AND ended_at IS NULL',
};

/** The caller holds the programme's gate, so that it stays true until the commit. @throws 409 `programme-ended` */
export async function requireOngoing(tx: Tx): Promise<void> {
  if ((await tx.query(ONGOING, [tx.programmeId])).length === 0) throw programmeEnded();
}
