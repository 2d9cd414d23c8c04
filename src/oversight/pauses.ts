/** Condition on a pause that is on, `u`, to block the use of a consent, `k`, of the same customer; as releases look for it. */
export const PAUSES_IT = `u.programme_id = $1 AND u.customer_id = k.customer_id AND u.ended_at IS NULL AND u.until > now()
  AND CASE WHEN u.attribute IS NULL THEN u.everything OR u.share_id = k.share_id OR u.purpose = k.purpose
           ELSE u.share_id = k.share_id AND u.attribute = k.attribute AND u.purpose = k.purpose END`;
