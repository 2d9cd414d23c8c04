import type { Statement, Tx } from '../platform/database';
import { requireId, toPublicId } from '../platform/ids';
import { notFound } from '../platform/problem';
import type { FiguresOfShares, OfferFigures, Persons } from './figures.dto';

/** Fewer persons than this are not told apart: k-anonymity towards marketing. */
const FEW = 10;
const DAYS = 30;

const OFFER: Statement = {
  name: 'offer_of_figures',
  text: `SELECT ARRAY(SELECT v.version FROM offer_versions v WHERE v.programme_id = $1 AND v.offer_id = $2 AND v.published_at IS NOT NULL
                       ORDER BY v.version) AS versions,
                b.cap, b.promised
           FROM offers o LEFT JOIN (SELECT sum(cap) AS cap, sum(promised) AS promised FROM offer_budgets
                                     WHERE programme_id = $1 AND offer_id = $2) b ON true
          WHERE o.programme_id = $1 AND o.id = $2`,
};
const SHARES: Statement = {
  name: 'figures_of_shares',
  // What is promised is owed or done, so what is not owed any more is granted. The row without a version is for all.
  text: `WITH shared AS MATERIALIZED (
           SELECT s.id, s.customer_id, s.offer_version, w.kind, w.points, b.id IS NOT NULL AS owed
             FROM shares s JOIN awards w ON w.programme_id = $1 AND w.id = s.id
             LEFT JOIN outbox b ON b.programme_id = $1 AND b.topic = w.kind AND b.id = s.id
            WHERE s.programme_id = $1 AND s.offer_id = $2),
         counted AS (
           SELECT offer_version, count(*) AS shares, count(DISTINCT customer_id) AS customers,
                  coalesce(sum(points), 0) AS points, count(*) FILTER (WHERE kind = 'discount') AS codes,
                  count(*) FILTER (WHERE kind <> 'none' AND NOT owed) AS granted, count(*) FILTER (WHERE owed) AS pending,
                  count(*) FILTER (WHERE kind = 'none') AS repeats
             FROM shared GROUP BY GROUPING SETS ((), (offer_version))),
         consented AS (
           SELECT s.offer_version, count(*) AS given, count(*) FILTER (WHERE c.status = 'active' AND c.until > now()) AS active,
                  count(*) FILTER (WHERE c.status = 'withdrawn') AS withdrawn
             FROM shared s JOIN consents c ON c.programme_id = $1 AND c.customer_id = s.customer_id AND c.share_id = s.id
            GROUP BY GROUPING SETS ((), (s.offer_version)))
         SELECT n.*, coalesce(c.given, 0) AS given, coalesce(c.active, 0) AS active, coalesce(c.withdrawn, 0) AS withdrawn
           FROM counted n LEFT JOIN consented c ON c.offer_version IS NOT DISTINCT FROM n.offer_version`,
};
const BY_DAY: Statement = {
  name: 'figures_by_day',
  // Counted first, joined then: row-level security lets no share be found by its day, one join would scan them for each.
  text: `WITH programme AS (SELECT time_zone, (now() AT TIME ZONE time_zone)::date AS today FROM programmes WHERE id = $1),
         counted AS MATERIALIZED (
           SELECT (s.accepted_at AT TIME ZONE p.time_zone)::date AS day, count(*)::int AS shares
             FROM programme p JOIN shares s ON s.programme_id = $1 AND s.offer_id = $2 AND s.accepted_at > now() - make_interval(days => $3 + 1)
            GROUP BY day)
         SELECT d.day::text AS "on", coalesce(c.shares, 0) AS shares
           FROM (SELECT today - n AS day FROM programme, generate_series(0, $3 - 1) n) d LEFT JOIN counted c ON c.day = d.day
          ORDER BY d.day`,
};

interface OfferRow {
  versions: number[];
  cap: string | null;
  promised: string | null;
}

/** Counts come as text: they are bigint. */
type Counts = Record<
  'shares' | 'customers' | 'points' | 'codes' | 'granted' | 'pending' | 'repeats' | 'given' | 'active' | 'withdrawn',
  string
>;

const NONE: Counts = {
  shares: '0',
  customers: '0',
  points: '0',
  codes: '0',
  granted: '0',
  pending: '0',
  repeats: '0',
  given: '0',
  active: '0',
  withdrawn: '0',
};

/** What came of an offer. @throws 404 for none of this programme. */
export async function figuresOf(tx: Tx, offerId: string): Promise<OfferFigures> {
  const id = requireId('off', offerId, 'offer');
  const [offer] = await tx.query<OfferRow>(OFFER, [tx.programmeId, id]);
  if (!offer) throw notFound('offer');
  const rows = await tx.query<Counts & { offer_version: number | null }>(SHARES, [tx.programmeId, id]);
  const countsOf = (version: number | null) => rows.find((row) => row.offer_version === version) ?? NONE;
  return {
    offerId: toPublicId('off', id),
    ...viewOf(countsOf(null)),
    ...budgetOf(offer),
    byVersion: offer.versions.map((version) => ({ version, ...viewOf(countsOf(version)) })),
    byDay: await tx.query<{ on: string; shares: number }>(BY_DAY, [tx.programmeId, id, DAYS]),
  };
}

const viewOf = (counts: Counts): FiguresOfShares => ({
  shares: Number(counts.shares),
  customers: personsOf(Number(counts.customers)),
  awarded: { points: Number(counts.points), codes: Number(counts.codes) },
  granted: Number(counts.granted),
  pending: Number(counts.pending),
  repeats: Number(counts.repeats),
  consents: { given: Number(counts.given), active: Number(counts.active), withdrawn: Number(counts.withdrawn) },
});

const personsOf = (count: number): Persons => (count < FEW ? `<${FEW}` : count);

function budgetOf({ cap, promised }: OfferRow): Pick<OfferFigures, 'budget'> {
  if (cap === null || promised === null) return {};
  return { budget: { cap: Number(cap), promised: Number(promised), remaining: Number(cap) - Number(promised) } };
}
