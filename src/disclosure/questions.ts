import type { Statement, Tx } from '../platform/database';
import type { ReleaseRequest } from './release';

/**
 * So many questions about one attribute of one customer a recipient may ask in 24 hours. Who asks more reads the value bit by
 * bit, and is to do so openly: the record would say that the value had stayed. A question has three answers, since an expression can
 * be made to come to neither true nor false: ten of them tell any two dates of birth apart, six leave each among fifty.
 */
export const QUESTIONS_A_DAY = 6;

const LOCK: Statement = {
  name: 'lock_questions',
  text: `SELECT pg_advisory_xact_lock(k) FROM (
           SELECT DISTINCT question_lock($1, r.recipient, r.ref) AS k FROM json_to_recordset($2) AS r(recipient uuid, ref text) ORDER BY k) AS sorted`,
};
const TOO_MANY: Statement = {
  name: 'too_many_questions',
  text: `SELECT r.id, max(o.seconds)::int AS seconds
           FROM json_to_recordset($2) AS r(id uuid, recipient uuid, ref text, attributes json)
           CROSS JOIN LATERAL (SELECT c.id FROM customers c WHERE c.programme_id = $1 AND c.ref = r.ref LIMIT 1) c
           CROSS JOIN LATERAL (
             SELECT ceil(extract(epoch FROM (array_agg(d.at ORDER BY d.at DESC))[$3::int] + interval '24 hours' - statement_timestamp())) AS seconds
               FROM disclosures d CROSS JOIN LATERAL unnest(d.attributes) AS about(attribute)
              WHERE d.programme_id = $1 AND d.customer_id = c.id AND d.recipient_id = r.recipient AND d.kind = 'predicate'
                AND d.at > statement_timestamp() - interval '24 hours'
                AND about.attribute = ANY (ARRAY(SELECT json_array_elements_text(r.attributes)))
              GROUP BY about.attribute HAVING count(*) >= $3::int) o
          GROUP BY r.id`,
};

/**
 * Which of the requests are one question too many, with the seconds until they are not. Other processes that count for the same
 * recipient and customer wait until this transaction ends; a batch must not hold two of them. Without questions it asks nothing.
 */
export async function tooManyQuestions(tx: Tx, requests: ReleaseRequest[]): Promise<Map<string, number>> {
  const questions = requests.filter(({ kind }) => kind === 'predicate');
  if (questions.length === 0) return new Map();
  const asked = JSON.stringify(
    questions.map(({ id, recipientId, customerRef, attributes }) => ({
      id,
      recipient: recipientId,
      ref: customerRef,
      attributes,
    })),
  );
  const [, rows] = await Promise.all([
    tx.query(LOCK, [tx.programmeId, asked]),
    tx.query<{ id: string; seconds: number }>(TOO_MANY, [tx.programmeId, asked, QUESTIONS_A_DAY]),
  ]);
  return new Map(rows.map(({ id, seconds }) => [id, seconds]));
}
