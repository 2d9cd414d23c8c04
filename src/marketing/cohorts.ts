import type { Statement, Tx } from '../platform/database';
import { requireId } from '../platform/ids';
import { notFound } from '../platform/problem';
import type { Cohort, CohortsQuery, CohortsView } from './programme-figures.dto';
import { nestedCounts } from './suppression';

const FOUND: Statement = {
  name: 'filters_of_cohorts',
  text: `SELECT ($2::uuid IS NULL OR EXISTS (SELECT FROM offers WHERE programme_id = $1 AND id = $2)) AS offer,
                ($3::text IS NULL OR EXISTS (SELECT FROM purposes WHERE programme_id = $1 AND key = $3)) AS purpose,
                to_char(now() AT TIME ZONE time_zone, 'YYYY-MM') AS month FROM programmes WHERE id = $1`,
};

/**
 * For each month, how many persons first gave then, and how many months later (null: not yet) the last of it had ended. What is
 * superseded goes on in what it is superseded by: a person is kept while one consent follows another, and gone at the first gap;
 * a minute is none, since a share and what it ends have different clocks. By the primary key's order, so that nothing is sorted
 * beyond one person's shares.
 */
const cohortsBy = (filter: string, name: string): Statement => ({
  name: `cohorts${name}`,
  text: `WITH programme AS MATERIALIZED (SELECT time_zone FROM programmes WHERE id = $1),
         held AS (
           SELECT c.customer_id, c.share_id, min(c.given_at) AS since,
                  max(CASE WHEN c.ended_at IS NULL AND c.until > now() THEN 'infinity'
                           WHEN c.ended_at IS NULL THEN c.until ELSE least(c.ended_at, c.until) END) AS until
             FROM consents c ${filter}
            GROUP BY c.customer_id, c.share_id),
         followed AS (
           SELECT customer_id, share_id, since, until, max(until) OVER (PARTITION BY customer_id ORDER BY since, share_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered FROM held),
         parted AS (
           SELECT customer_id, since, until, bool_or(since > covered + interval '1 minute') OVER (PARTITION BY customer_id
                    ORDER BY since, share_id ROWS UNBOUNDED PRECEDING) AS later FROM followed),
         persons AS (
           SELECT min(since) AS since, max(until) FILTER (WHERE later IS NOT TRUE) AS until FROM parted GROUP BY customer_id),
         months AS (
           SELECT date_trunc('month', n.since AT TIME ZONE p.time_zone) AS given,
                  CASE WHEN n.until < 'infinity' THEN date_trunc('month', n.until AT TIME ZONE p.time_zone) END AS ended
             FROM persons n CROSS JOIN programme p)
         SELECT to_char(given, 'YYYY-MM') AS month,
                (12 * (extract(year FROM ended) - extract(year FROM given)) + extract(month FROM ended) - extract(month FROM given))::int AS lasted,
                count(*)::int AS persons
           FROM months GROUP BY given, ended ORDER BY given`,
});
const OF_ALL = cohortsBy('WHERE c.programme_id = $1', '');
const OF_PURPOSE = cohortsBy('WHERE c.programme_id = $1 AND c.purpose = $2', '_of_purpose');
const OF_OFFER_ONLY = `JOIN shares s ON s.programme_id = $1 AND s.customer_id = c.customer_id AND s.id = c.share_id AND s.offer_id = $2
            WHERE c.programme_id = $1`;
const OF_OFFER = cohortsBy(OF_OFFER_ONLY, '_of_offer');
const OF_BOTH = cohortsBy(`${OF_OFFER_ONLY} AND c.purpose = $3`, '_of_offer_and_purpose');

const MONTHS = 24;

interface Row {
  month: string;
  lasted: number | null;
  persons: number;
}

/**
 * How many persons first gave a consent in a month, and how many of them had kept at least one without a break at the end of each
 * month since. Consents that ended by themselves count as not kept any more, like those that were taken back.
 *
 * Each count holds the ones after it: one that is 1 to 9 less than the last that is told is withheld (see suppression).
 *
 * @throws 404 for no offer or purpose of this programme.
 */
export async function cohortsOf(tx: Tx, { offer: offerId, purpose }: CohortsQuery): Promise<CohortsView> {
  const offer = offerId === undefined ? undefined : requireId('off', offerId, 'offer');
  const [found] = await tx.query<{ offer: boolean; purpose: boolean; month: string }>(FOUND, [
    tx.programmeId,
    offer ?? null,
    purpose ?? null,
  ]);
  if (!found?.offer) throw notFound('offer');
  if (!found.purpose) throw notFound('purpose');
  const rows = await tx.query<Row>(statementOf(offer, purpose), [
    tx.programmeId,
    ...(offer === undefined ? [] : [offer]),
    ...(purpose === undefined ? [] : [purpose]),
  ]);
  const months = [...new Set(rows.map(({ month }) => month))].filter(
    (month) => monthsFrom(month, found.month) < MONTHS && month <= found.month,
  );
  return { cohorts: months.map((month) => cohortOf(month, rows, found.month)) };
}

function statementOf(offer: string | undefined, purpose: string | undefined): Statement {
  if (offer === undefined) return purpose === undefined ? OF_ALL : OF_PURPOSE;
  return purpose === undefined ? OF_OFFER : OF_BOTH;
}

function cohortOf(month: string, rows: Row[], now: string): Cohort {
  const own = rows.filter((row) => row.month === month);
  const sum = (some: Row[]): number => some.reduce((all, { persons }) => all + persons, 0);
  const keptAfter = Array.from({ length: monthsFrom(month, now) + 1 }, (_, months) =>
    sum(own.filter(({ lasted }) => lasted === null || lasted > months)),
  );
  const [given, ...kept] = nestedCounts([sum(own), ...keptAfter]);
  return {
    month,
    given: given!,
    kept: kept.map((persons, monthsAfter) => ({ monthsAfter, persons, share: shareOf(persons.value, given!.value) })),
  };
}

const shareOf = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null ? null : Math.round((part / whole) * 10_000) / 10_000;

/** From a month to another, both like 2026-09. */
function monthsFrom(first: string, last: string): number {
  const [from = 0, to = 0] = [first, last].map((month) => 12 * Number(month.slice(0, 4)) + Number(month.slice(5)));
  return to - from;
}
