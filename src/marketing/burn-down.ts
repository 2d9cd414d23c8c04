import type { Statement, Tx } from '../platform/database';
import { type OfferOfFigures, offerOfFigures } from './offer-of-figures';
import type { BurnDownDay, BurnDownForecast, BurnDownView } from './programme-figures.dto';
import { FEW } from './suppression';

const DAYS: Statement = {
  name: 'days_of_burn_down',
  // Per person first: a day's persons are those who had earned from the offer on no day before.
  text: `WITH programme AS (SELECT time_zone FROM programmes WHERE id = $1),
         earned AS (
           SELECT s.customer_id, (s.accepted_at AT TIME ZONE (SELECT time_zone FROM programme))::date AS day,
                  sum(CASE w.kind WHEN 'points' THEN w.points ELSE 1 END) AS spent
             FROM shares s JOIN awards w ON w.programme_id = $1 AND w.id = s.id AND w.kind <> 'none'
            WHERE s.programme_id = $1 AND s.offer_id = $2 GROUP BY s.customer_id, day),
         placed AS (SELECT day, spent, day = min(day) OVER (PARTITION BY customer_id) AS is_first FROM earned)
         SELECT day::text, sum(spent)::float8 AS spent, count(*) FILTER (WHERE is_first)::int AS persons FROM placed GROUP BY day ORDER BY day`,
};
const RECENT: Statement = {
  name: 'recent_spending',
  text: `SELECT coalesce(sum(CASE w.kind WHEN 'points' THEN w.points ELSE 1 END), 0)::float8 AS spent,
                count(DISTINCT s.customer_id)::int AS persons,
                (SELECT least($3::float8, greatest(1, extract(epoch FROM now() - min(published_at)) / 86400))::float8 FROM offer_versions
                  WHERE programme_id = $1 AND offer_id = $2) AS days
           FROM shares s JOIN awards w ON w.programme_id = $1 AND w.id = s.id AND w.kind <> 'none'
          WHERE s.programme_id = $1 AND s.offer_id = $2 AND s.accepted_at > now() - make_interval(days => $3::int)`,
};

const FORECAST_DAYS = 14;
const DAY_MS = 86_400_000;

interface Spending {
  day: string;
  spent: number;
  persons: number;
}

/**
 * What an offer promises by day, and what is left of its budget: of the budget as it is now, also on days before it was changed.
 *
 * The forecast goes on as the last 14 days went, on average (since the publication, where that is later, a day at least).
 *
 * A day's amount, by the reward that everybody knows, is a count of persons. So a day is told when at least 10 persons who had not
 * earned from the offer before have since the last day that was told, and what the days between came to is told with it; days
 * on which nothing was promised are told as they are where nothing waits to be told.
 *
 * @throws 404 for no offer of this programme.
 */
export async function burnDownOf(tx: Tx, offerId: string): Promise<BurnDownView> {
  const offer = await offerOfFigures(tx, offerId);
  const values = [tx.programmeId, offer.id];
  const [spending, [recent]] = await Promise.all([
    tx.query<Spending>(DAYS, values),
    tx.query<Recent>(RECENT, [...values, FORECAST_DAYS]),
  ]);
  return {
    unit: offer.unit,
    budget: offer.budget?.cap ?? null,
    days: toldDays(spending, offer),
    forecast: forecastOf(recent, offer),
  };
}

function toldDays(spending: Spending[], { since, today, budget }: OfferOfFigures): BurnDownDay[] {
  const byDay = new Map(spending.map((one) => [one.day, one]));
  const before = spending.filter(({ day }) => day < since);
  let total = before.reduce((sum, { spent }) => sum + spent, 0);
  let untold = { spent: 0, persons: 0 };
  return daysBetween(since, today).map((day) => {
    const { spent, persons } = byDay.get(day) ?? { spent: 0, persons: 0 };
    untold = { spent: untold.spent + spent, persons: untold.persons + persons };
    total += spent;
    if (untold.spent > 0 && untold.persons < FEW) return { day, spent: null, left: null };
    const told = { day, spent: untold.spent, left: budget === undefined ? null : budget.cap - total };
    untold = { spent: 0, persons: 0 };
    return told;
  });
}

interface Recent {
  spent: number;
  persons: number;
  days: number | null;
}

function forecastOf(recent: Recent | undefined, { budget, today }: OfferOfFigures): BurnDownForecast {
  if (recent?.days == null || recent.persons < FEW) return { perDay: null, emptyOn: null };
  const perDay = Math.round((recent.spent / recent.days) * 10) / 10;
  if (budget === undefined || perDay === 0) return { perDay, emptyOn: null };
  return { perDay, emptyOn: dayAfter(today, Math.ceil((budget.cap - budget.promised) / perDay)) };
}

/** Both included. */
function daysBetween(first: string, last: string): string[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1;
  return Array.from({ length: count }, (_, n) => dayAfter(first, n));
}

const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
