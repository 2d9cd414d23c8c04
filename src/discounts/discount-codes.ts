import { randomBytes } from 'node:crypto';
import type { Statement, Tx } from '../platform/database';

/** Crockford's base 32: no I, L, O, U, so that a code can be read out and typed. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 12;

const MAKE: Statement = {
  name: 'make_discount_codes',
  text: `INSERT INTO discount_codes (programme_id, code, award_id, terms, issued_at, expires_at)
           SELECT $1, r.code, w.id, w.discount, now(), now() + make_interval(days => (w.discount ->> 'validDays')::int)
             FROM unnest($2::uuid[], $3::text[]) AS r(award, code)
             JOIN awards w ON w.programme_id = $1 AND w.id = r.award AND w.kind = 'discount'`,
};

/** 60 random bits: 32 symbols need 5 bits each, so each byte's low 5 bits are one, without a bias. */
const newCode = (): string => Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte & 31]).join('');

/** Makes one single-use code for each of these discount awards, in the transaction that takes them from what is owed. */
export async function makeCodes(tx: Tx, awardIds: string[]): Promise<void> {
  await tx.query(MAKE, [tx.programmeId, awardIds, awardIds.map(newCode)]);
}
