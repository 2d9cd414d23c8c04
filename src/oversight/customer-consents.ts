import { requireCursor } from '../access';
import { type EndingScope, findCustomer } from '../consents/core';
import type { Statement, Tx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { toPublicId } from '../platform/ids';
import { notFound } from '../platform/problem';
import { causeOf } from './cause';
import type { ConsentEventDto, ConsentOfCustomerDto } from './oversight.dto';
import { PAUSES_IT } from './pauses';

const LIST: Statement = {
  name: 'consents_of_customer',
  // Along the primary key, from its end: shares are numbered by time. One whose time is over allows nothing any more, also before
  // the sweep has written that down.
  text: `SELECT k.id, k.attribute, k.purpose, k.given_at, least(k.until, k.ended_at) AS until,
                CASE WHEN k.status <> 'active' THEN k.status WHEN k.until <= now() THEN 'expired'
                     WHEN EXISTS (SELECT FROM pauses u WHERE ${PAUSES_IT})
                       OR EXISTS (SELECT FROM customers c WHERE c.programme_id = $1 AND c.id = $2 AND c.merged_into IS NOT NULL) THEN 'paused'
                     ELSE 'active' END AS status
           FROM consents k WHERE k.programme_id = $1 AND k.customer_id = $2
            AND ($3::uuid IS NULL OR (k.share_id, k.attribute, k.purpose) <
                 (SELECT c.share_id, c.attribute, c.purpose FROM consents c WHERE c.programme_id = $1 AND c.customer_id = $2 AND c.id = $3))
          ORDER BY k.share_id DESC, k.attribute DESC, k.purpose DESC LIMIT $4`,
};
const HISTORY: Statement = {
  name: 'history_of_consents',
  text: `SELECT c.id AS consent, e.event, e.at, e.share_id, e.revocation_id, r.scope
           FROM consent_events e CROSS JOIN LATERAL unnest(e.consents) AS c(id)
           LEFT JOIN LATERAL (SELECT scope FROM revocations WHERE programme_id = $1 AND id = e.revocation_id LIMIT 1) r ON true
          WHERE e.programme_id = $1 AND e.customer_id = $2 AND c.id = ANY ($3) ORDER BY e.sequence`,
};

interface Row {
  id: string;
  attribute: string;
  purpose: string;
  given_at: Date;
  until: Date;
  status: ConsentOfCustomerDto['status'];
}

interface EventRow {
  consent: string;
  event: ConsentEventDto['event'];
  at: Date;
  share_id: string | null;
  revocation_id: string | null;
  scope: EndingScope | null;
}

/** What a customer consented to, with what became of it; newest first. @throws 404 for one never seen, 422 for what is no cursor. */
export async function consentsOf(
  tx: Tx,
  customerRef: string,
  { after, limit }: PageQuery,
): Promise<Page<ConsentOfCustomerDto>> {
  const customerId = await findCustomer(tx, customerRef);
  if (customerId === undefined) throw notFound('customer');
  const rows = await tx.query<Row>(LIST, [tx.programmeId, customerId, requireCursor('cns', after), limit + 1]);
  const events = await tx.query<EventRow>(HISTORY, [tx.programmeId, customerId, rows.map(({ id }) => id)]);
  const eventsOf = (id: string) => events.filter(({ consent }) => consent === id).map(eventOf);
  return pageOf(
    rows,
    limit,
    (row) => viewOf(row, eventsOf(row.id)),
    ({ id }) => toPublicId('cns', id),
  );
}

const viewOf = (row: Row, history: ConsentEventDto[]): ConsentOfCustomerDto => ({
  id: toPublicId('cns', row.id),
  attribute: row.attribute,
  purpose: row.purpose,
  status: row.status,
  since: row.given_at.toISOString(),
  until: row.until.toISOString(),
  history,
});

const eventOf = ({ event, at, share_id: share, revocation_id: revocation, scope }: EventRow): ConsentEventDto => ({
  event,
  at: at.toISOString(),
  cause: scope === null ? 'share' : causeOf(scope),
  ...(share !== null && { shareId: toPublicId('shr', share) }),
  ...(revocation !== null && { revocationId: toPublicId('rev', revocation) }),
});
