import type { Statement, Tx } from '../platform/database';
import type { AttributeCost, AttributeCostsView, AttributeTitle } from './programme-figures.dto';
import { countOf, FEW } from './suppression';

const COSTS: Statement = {
  name: 'costs_of_attributes',
  // A share's consents stay when they end: what was shared for the points does not change. Materialized, or each worker of a
  // parallel plan reads them all again; persons are told apart by hashing, since sorting them is half of the time.
  text: `WITH reversed AS (SELECT award_id, sum(reversed) AS points FROM reversals WHERE programme_id = $1 GROUP BY award_id),
         shared AS MATERIALIZED (
           SELECT customer_id, share_id, array_agg(DISTINCT attribute) AS attributes FROM consents WHERE programme_id = $1
            GROUP BY customer_id, share_id),
         paid AS (
           SELECT key, sum(points)::float8 AS points, count(*)::int AS persons FROM (
             SELECT a.key, s.customer_id, sum((w.points - coalesce(r.points, 0)) / cardinality(s.attributes)) AS points
               FROM shared s JOIN awards w ON w.programme_id = $1 AND w.id = s.share_id AND w.kind = 'points'
               LEFT JOIN reversed r ON r.award_id = w.id CROSS JOIN LATERAL unnest(s.attributes) AS a(key)
              GROUP BY a.key, s.customer_id) each GROUP BY key),
         usable AS (
           SELECT attribute, count(*)::int AS persons FROM (
             SELECT attribute, customer_id FROM consents WHERE programme_id = $1 AND status = 'active' AND until > now()
              GROUP BY attribute, customer_id) each GROUP BY attribute)
         SELECT a.key, a.title, coalesce(p.points, 0) AS points, coalesce(p.persons, 0) AS paid, coalesce(u.persons, 0) AS usable
           FROM attributes a LEFT JOIN paid p ON p.key = a.key LEFT JOIN usable u ON u.attribute = a.key
          WHERE a.programme_id = $1 ORDER BY a.key`,
};

interface Row {
  key: string;
  title: AttributeTitle;
  points: number;
  paid: number;
  usable: number;
}

/**
 * What each attribute cost in points, less what was reversed as wrong, and of how many persons it can be used. A share's points
 * are divided equally among the attributes that it gave. Discounts are not in it: what they come to is seen at the order.
 *
 * Points tell how many persons got them, by a reward that everybody knows, and so, beside the usable ones, how few have taken
 * theirs back. So they are rounded to what ten persons got on average, the rounding of official statistics (see suppression for
 * the source): the number of those who were paid is not told to less than ten.
 */
export async function attributeCostsOf(tx: Tx): Promise<AttributeCostsView> {
  const rows = await tx.query<Row>(COSTS, [tx.programmeId]);
  return { attributes: rows.map(costOf) };
}

function costOf({ key, title, points, paid, usable }: Row): AttributeCost {
  const pointsPaid = paid < FEW ? null : roundedToTen(points, paid);
  const count = countOf(usable);
  const perUsable = pointsPaid === null || count.value === null ? null : pointsPaid / count.value;
  return {
    attribute: key,
    title,
    pointsPaid,
    usable: count,
    pointsPerUsable: perUsable === null ? null : Math.round(perUsable * 10) / 10,
  };
}

function roundedToTen(points: number, persons: number): number {
  const ofTen = Math.max(1, Math.round((FEW * points) / persons));
  return Math.round(points / ofTen) * ofTen;
}
