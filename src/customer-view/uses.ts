import { requireCursor } from '../access';
import type { Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';
import { pageOf } from '../platform/http/page.dto';
import { requireId, toPublicId } from '../platform/ids';
import type { Use, UsePage } from './uses.dto';

const USES: Statement = {
  name: 'uses_of_customer',
  // Backwards over the key of the releases, which are numbered as they are made.
  text: `SELECT d.id, d.at, r.key AS recipient, r.name, d.purpose, p.title ->> $3 AS title, d.attributes, d.kind, d.reason,
                d.use_until AS "useUntil", ARRAY(SELECT DISTINCT k.share_id FROM consents k
                  WHERE k.programme_id = $1 AND k.customer_id = $2 AND k.id = ANY (d.consents) ORDER BY k.share_id) AS shares
           FROM disclosures d
           JOIN recipients r ON r.programme_id = $1 AND r.id = d.recipient_id
           JOIN purposes p ON p.programme_id = $1 AND p.key = d.purpose
          WHERE d.programme_id = $1 AND d.customer_id = $2 AND ($4::uuid IS NULL OR d.id < $4)
            AND ($5::uuid IS NULL OR d.consents && ARRAY(SELECT k.id FROM consents k
                  WHERE k.programme_id = $1 AND k.customer_id = $2 AND k.share_id = $5))
          ORDER BY d.id DESC LIMIT $6`,
};

interface Row extends Pick<Use, 'recipient' | 'name' | 'attributes' | 'kind' | 'reason'> {
  id: string;
  at: Date;
  purpose: string;
  title: string;
  useUntil: Date;
  shares: string[];
}

/** Who used what a customer shared, the newest first. @throws 404 for what can be no share, 422 for what is no cursor. */
export async function pageOfUses(
  tx: Tx,
  customerId: string,
  { after, limit, share, language }: { after?: string; limit: number; share?: string; language: Locale },
): Promise<UsePage> {
  const shareId = share === undefined ? null : requireId('shr', share, 'share');
  const values = [tx.programmeId, customerId, language, requireCursor('dsc', after), shareId, limit + 1];
  const rows = await tx.query<Row>(USES, values);
  return pageOf(rows, limit, useOf, ({ id }) => toPublicId('dsc', id));
}

const useOf = ({ id, at, purpose, title, useUntil, shares, ...row }: Row): Use => ({
  ...row,
  id: toPublicId('dsc', id),
  at: at.toISOString(),
  purpose: { key: purpose, title },
  useUntil: useUntil.toISOString(),
  shares: shares.map((one) => toPublicId('shr', one)),
});
