import type { Statement, Tx } from '../platform/database';
import type { PurposeConsentsDto } from './oversight.dto';
import { PAUSES_IT } from './pauses';
import { personsOf } from './persons';

const BY_PURPOSE: Statement = {
  name: 'consents_by_purpose',
  // All consents of the programme are read, once. Pauses that are on are few: their consents are looked up, not the other way round.
  text: `WITH paused AS MATERIALIZED (
           SELECT DISTINCT k.id FROM pauses u JOIN consents k ON k.programme_id = $1 AND k.status = 'active' AND ${PAUSES_IT}),
         persons AS (
           SELECT k.purpose, CASE WHEN k.status <> 'active' THEN k.status WHEN k.until <= now() THEN 'expired'
                                  WHEN p.id IS NOT NULL THEN 'paused' ELSE 'active' END AS status
             FROM consents k LEFT JOIN paused p ON p.id = k.id WHERE k.programme_id = $1
            GROUP BY 1, 2, k.customer_id),
         counted AS (SELECT purpose, status, count(*) AS persons FROM persons GROUP BY purpose, status)
         SELECT p.key AS purpose, p.title, p.withdrawn_at AS "withdrawnAt",
                (SELECT coalesce(json_object_agg(c.status, c.persons), '{}') FROM counted c WHERE c.purpose = p.key) AS persons,
                ARRAY(SELECT r.name FROM recipient_purposes g JOIN recipients r ON r.programme_id = $1 AND r.id = g.recipient_id
                       WHERE g.programme_id = $1 AND g.purpose = p.key AND r.withdrawn_at IS NULL ORDER BY r.name, r.id) AS recipients
           FROM purposes p WHERE p.programme_id = $1 ORDER BY p.key`,
};

interface Row {
  purpose: string;
  title: { de: string; en: string };
  withdrawnAt: Date | null;
  persons: Partial<Record<'active' | 'paused' | 'withdrawn' | 'expired' | 'superseded', number>>;
  recipients: string[];
}

/** How many persons' consents each purpose has, by their state, and who may use their values for it. */
export async function consentsByPurpose(tx: Tx): Promise<PurposeConsentsDto[]> {
  return (await tx.query<Row>(BY_PURPOSE, [tx.programmeId])).map(viewOf);
}

const viewOf = ({ purpose, title, withdrawnAt, persons, recipients }: Row): PurposeConsentsDto => ({
  purpose,
  title,
  active: personsOf(persons.active ?? 0),
  paused: personsOf(persons.paused ?? 0),
  withdrawn: personsOf(persons.withdrawn ?? 0),
  expired: personsOf(persons.expired ?? 0),
  superseded: personsOf(persons.superseded ?? 0),
  recipients,
  ...(withdrawnAt && { withdrawnAt: withdrawnAt.toISOString() }),
});
