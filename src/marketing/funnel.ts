import { countOffered } from '../offers';
import type { Statement, Tx } from '../platform/database';
import { invalidField } from '../platform/problem';
import { offerOfFigures } from './offer-of-figures';
import { type FunnelQuery, type FunnelView, STEPS } from './programme-figures.dto';
import { nestedCounts } from './suppression';

const PERSONS: Statement = {
  name: 'persons_of_funnel',
  // What is promised is owed or done, so what is not owed any more is granted.
  text: `WITH bounds AS (
           SELECT $3::date::timestamp AT TIME ZONE time_zone AS "from", ($4::date + 1)::timestamp AT TIME ZONE time_zone AS "to"
             FROM programmes WHERE id = $1),
         shared AS MATERIALIZED (
           SELECT customer_id, id FROM shares WHERE programme_id = $1 AND offer_id = $2
              AND accepted_at >= (SELECT "from" FROM bounds) AND accepted_at < (SELECT "to" FROM bounds)),
         persons AS (
           SELECT s.customer_id, bool_or(w.kind <> 'none' AND b.id IS NULL) AS granted, bool_or(c.id IS NOT NULL) AS revoked
             FROM shared s JOIN awards w ON w.programme_id = $1 AND w.id = s.id
             LEFT JOIN outbox b ON b.programme_id = $1 AND b.topic = w.kind AND b.id = s.id
             LEFT JOIN consents c ON c.programme_id = $1 AND c.customer_id = s.customer_id AND c.share_id = s.id AND c.status = 'withdrawn'
            GROUP BY s.customer_id)
         SELECT count(*)::int AS shared, count(*) FILTER (WHERE granted)::int AS granted, count(*) FILTER (WHERE revoked)::int AS revoked
           FROM persons`,
};

type Persons = Record<'shared' | 'granted' | 'revoked', number>;

/**
 * How many persons an offer was made to, who accepted it, got its reward, and took something of it back since, all of what was
 * offered and shared on the days of the query. Each person counts once a step.
 *
 * The steps hold each other, so a step that differs from another by 1 to 9 persons would tell of these (see suppression). Then
 * stays, of the two, the one that comes first of: shared, revoked, granted, offered.
 *
 * @throws 404 for no offer of this programme, 422 where the time would end before it begins.
 */
export async function funnelOf(tx: Tx, query: FunnelQuery): Promise<FunnelView> {
  const offer = await offerOfFigures(tx, query.offer);
  const to = query.to ?? offer.today;
  const from = query.from ?? (offer.since < to ? offer.since : to);
  if (to < from) throw invalidField('/to', 'to must not be before from');
  const [[persons], offered] = await Promise.all([
    tx.query<Persons>(PERSONS, [tx.programmeId, offer.id, from, to]),
    countOffered(tx, offer.id, from, to),
  ]);
  const { shared, granted, revoked } = persons ?? { shared: 0, granted: 0, revoked: 0 };
  const [ofShared, ofRevoked, ofGranted, ofOffered] = nestedCounts([shared, revoked, granted, offered]);
  const counts = { offered: ofOffered, shared: ofShared, granted: ofGranted, revoked: ofRevoked };
  return { from, to, steps: STEPS.map((step) => ({ step, persons: counts[step]!, estimated: step === 'offered' })) };
}
