import { requireCursor } from '../access';
import { findCustomer } from '../consents/core';
import type { Statement, Tx } from '../platform/database';
import { type Page, pageOf, type PageQuery } from '../platform/http/page.dto';
import { toPublicId } from '../platform/ids';
import { notFound } from '../platform/problem';
import type { DisclosureOfCustomerDto } from './oversight.dto';

const LIST: Statement = {
  name: 'disclosures_of_customer',
  text: `SELECT d.id, d.at, r.key, r.name, d.purpose, d.attributes, d.reason, d.use_until, d.kind
           FROM disclosures d CROSS JOIN LATERAL (SELECT key, name FROM recipients WHERE programme_id = $1 AND id = d.recipient_id LIMIT 1) r
          WHERE d.programme_id = $1 AND d.customer_id = $2 AND ($3::uuid IS NULL OR d.id < $3) ORDER BY d.id DESC LIMIT $4`,
};

interface Row {
  id: string;
  at: Date;
  key: string;
  name: string;
  purpose: string;
  attributes: string[];
  reason: string;
  use_until: Date;
  kind: 'values' | 'predicate';
}

/** What was released of a customer, newest first. @throws 404 for one never seen, 422 for what is no cursor. */
export async function disclosuresOf(
  tx: Tx,
  customerRef: string,
  { after, limit }: PageQuery,
): Promise<Page<DisclosureOfCustomerDto>> {
  const customerId = await findCustomer(tx, customerRef);
  if (customerId === undefined) throw notFound('customer');
  const rows = await tx.query<Row>(LIST, [tx.programmeId, customerId, requireCursor('dsc', after), limit + 1]);
  return pageOf(rows, limit, viewOf, ({ id }) => toPublicId('dsc', id));
}

const viewOf = ({ id, at, key, use_until: useUntil, ...row }: Row): DisclosureOfCustomerDto => ({
  id: toPublicId('dsc', id),
  at: at.toISOString(),
  recipient: key,
  ...row,
  useUntil: useUntil.toISOString(),
});
