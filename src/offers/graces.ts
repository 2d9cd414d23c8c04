import type { Statement, Tx } from '../platform/database';

const GRANT: Statement = {
  name: 'grant_grace',
  text: `INSERT INTO notice_graces (programme_id, offer_id, version, until) VALUES ($1, $2, $3, now() + make_interval(days => $4))`,
};
const FIND: Statement = {
  name: 'find_graces',
  text: 'SELECT offer_id AS "offerId", version, until FROM notice_graces WHERE programme_id = $1 AND offer_id = ANY ($2)',
};

/** Until when consents under the notices before a version last that are not confirmed. */
export interface Grace {
  /** uuid */
  offerId: string;
  version: number;
  until: Date;
}

/** From now on, by the database's clock. */
export async function grantGrace(tx: Tx, offerId: string, version: number, days: number): Promise<void> {
  await tx.query(GRANT, [tx.programmeId, offerId, version, days]);
}

export async function gracesOf(tx: Tx, offerIds: string[]): Promise<Grace[]> {
  return offerIds.length === 0 ? [] : tx.query<Grace>(FIND, [tx.programmeId, offerIds]);
}
