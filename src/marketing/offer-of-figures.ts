import type { Statement, Tx } from '../platform/database';
import { requireId } from '../platform/ids';
import { notFound } from '../platform/problem';

const OFFER: Statement = {
  name: 'offer_of_programme_figures',
  text: `SELECT p.today::text AS today,
                greatest((v.first AT TIME ZONE p.time_zone)::date, p.today - $3::int)::text AS since,
                l.reward ->> 'type' AS type, b.cap, b.promised
           FROM offers o
           CROSS JOIN (SELECT time_zone, (now() AT TIME ZONE time_zone)::date AS today FROM programmes WHERE id = $1) p
           CROSS JOIN LATERAL (SELECT min(published_at) AS first, max(version) AS last FROM offer_versions
                                WHERE programme_id = $1 AND offer_id = $2) v
           JOIN offer_versions l ON l.programme_id = $1 AND l.offer_id = $2 AND l.version = coalesce(o.published_version, v.last)
           CROSS JOIN (SELECT sum(cap) AS cap, sum(promised) AS promised FROM offer_budgets WHERE programme_id = $1 AND offer_id = $2) b
          WHERE o.programme_id = $1 AND o.id = $2`,
};

/** How far back figures by day go. */
const DAYS = 365;

export interface OfferOfFigures {
  id: string;
  /** Days in the programme's time zone; since: of the first publication, a year back at most, today for a draft. */
  today: string;
  since: string;
  unit: 'points' | 'codes';
  budget: { cap: number; promised: number } | undefined;
}

interface Row {
  today: string;
  since: string | null;
  type: 'points' | 'discount';
  cap: string | null;
  promised: string | null;
}

/** @throws 404 for none of this programme. */
export async function offerOfFigures(tx: Tx, offerId: string): Promise<OfferOfFigures> {
  const id = requireId('off', offerId, 'offer');
  const [row] = await tx.query<Row>(OFFER, [tx.programmeId, id, DAYS]);
  if (!row) throw notFound('offer');
  return {
    id,
    today: row.today,
    since: row.since ?? row.today,
    unit: row.type === 'points' ? 'points' : 'codes',
    budget: row.cap === null ? undefined : { cap: Number(row.cap), promised: Number(row.promised) },
  };
}
