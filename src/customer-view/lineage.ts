import { findCustomer } from '../consents';
import type { Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';
import { requireId, toPublicId } from '../platform/ids';
import { notFound } from '../platform/problem';
import { earnedBy } from './because';
import type { LineageView, SpentPoints } from './lineage.dto';

const REDEMPTION: Statement = {
  name: 'redemption_of_lineage',
  text: 'SELECT customer_id, points FROM redemptions WHERE programme_id = $1 AND id = $2',
};
const ORIGINS: Statement = {
  name: 'origins_of_points',
  // From each lot back over those that it goes on with, also of customers that were merged into this one: the last is the
  // one that an award opened, and has its id.
  text: `WITH RECURSIVE taken AS MATERIALIZED (
           SELECT m.lot_id, -m.points AS points, l.expires_on FROM lot_moves m
             JOIN lots l ON l.programme_id = $1 AND l.customer_id = m.customer_id AND l.id = m.lot_id
            WHERE m.programme_id = $1 AND m.transfer_id = $2),
         trail AS (
           SELECT t.lot_id, t.lot_id AS step FROM taken t
           UNION ALL
           SELECT t.lot_id, l.origin FROM trail t JOIN lots l ON l.programme_id = $1 AND l.id = t.step AND l.origin IS NOT NULL)
         SELECT t.lot_id, t.points, t.expires_on::text, w.id AS award_id, w.promised_at FROM taken t
           JOIN trail r ON r.lot_id = t.lot_id JOIN awards w ON w.programme_id = $1 AND w.id = r.step
          ORDER BY t.expires_on NULLS LAST, t.lot_id`,
};

interface OriginRow {
  lot_id: string;
  points: string;
  expires_on: string | null;
  award_id: string;
  promised_at: Date;
}

/**
 * Where the points of a redemption came from: lot by lot, to the award and the offer's version that earned them.
 * customerRef: whose it must be, where not everyone's may be seen; then nothing is said of what somebody else shared. @throws 404
 */
export async function lineageOf(
  tx: Tx,
  publicId: string,
  { language, customerRef }: { language: Locale; customerRef?: string },
): Promise<LineageView> {
  const id = requireId('red', publicId, 'redemption');
  const [redemption] = await tx.query<{ customer_id: string; points: string }>(REDEMPTION, [tx.programmeId, id]);
  const owner = customerRef === undefined ? redemption?.customer_id : await findCustomer(tx, customerRef);
  if (!redemption || redemption.customer_id !== owner) throw notFound('redemption');
  const rows = await tx.query<OriginRow>(ORIGINS, [tx.programmeId, id]);
  const points = Number(redemption.points);
  if (rows.reduce((sum, row) => sum + Number(row.points), 0) !== points) {
    throw new Error('Points of a redemption come from no award');
  }
  const awards = rows.map((row) => row.award_id);
  const earned = await earnedBy(tx, awards, { language, reads: customerRef === undefined ? undefined : owner });
  const viewOf = (row: OriginRow): SpentPoints => {
    const { cause: _, ...because } = earned.get(row.award_id) ?? {};
    return {
      points: Number(row.points),
      lot: toPublicId('lot', row.lot_id),
      award: toPublicId('awd', row.award_id),
      earnedAt: row.promised_at.toISOString(),
      ...(row.expires_on === null ? {} : { expiresOn: row.expires_on }),
      ...because,
    };
  };
  return { redemption: toPublicId('red', id), points, data: rows.map(viewOf) };
}
