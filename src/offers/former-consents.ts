import type { Statement, Tx } from '../platform/database';
import type { PublishedOffer } from './published-offer';

const FORMER: Statement = {
  name: 'who_consented_under_former_notices',
  // LATERAL with a LIMIT: a look into the index each, whatever the planner knows of the tables.
  text: `SELECT r.n FROM unnest($2::text[], $3::uuid[], $4::int[]) WITH ORDINALITY AS r(ref, offer, before, n)
          CROSS JOIN LATERAL (SELECT id FROM customers WHERE programme_id = $1 AND ref = r.ref LIMIT 1) c
          CROSS JOIN LATERAL (
            SELECT FROM shares s JOIN consents k ON k.programme_id = $1 AND k.customer_id = s.customer_id AND k.share_id = s.id
             WHERE s.programme_id = $1 AND s.customer_id = c.id AND s.offer_id = r.offer AND s.offer_version < r.before
               AND k.status = 'active' LIMIT 1) f`,
};

/**
 * Whether customers hold consents under notices of an offer from before it became materially another, for each of them in its
 * order: a share confirms the new notice, and earns nothing. An offer that never did costs nothing. The caller holds the
 * customers' locks if it is to stay true.
 */
export async function holdFormerConsents(
  tx: Tx,
  asked: { customerRef: string; offer: PublishedOffer }[],
): Promise<boolean[]> {
  const rows = asked.flatMap(({ customerRef, offer: { offerId, asksAgainSince } }, at) =>
    asksAgainSince === undefined ? [] : [{ at, customerRef, offerId, asksAgainSince }],
  );
  if (rows.length === 0) return asked.map(() => false);
  const found = await tx.query<{ n: string }>(FORMER, [
    tx.programmeId,
    rows.map(({ customerRef }) => customerRef),
    rows.map(({ offerId }) => offerId),
    rows.map(({ asksAgainSince }) => asksAgainSince),
  ]);
  const holding = new Set(found.map(({ n }) => rows[Number(n) - 1]?.at));
  return asked.map((_, at) => holding.has(at));
}
