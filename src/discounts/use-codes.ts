import type { Statement, Tx } from '../platform/database';
import { conflict, notFound, type Problem } from '../platform/problem';
import { readCode } from './code-text';
import { discountOf, type CodeTerms, type Order } from './code-terms';

/** expired: open, and past its time. A reservation whose time is over is open again by itself. */
export type CodeStatus = 'open' | 'reserved' | 'redeemed' | 'expired';

/** A code, and where it stands. */
export interface DiscountCode {
  code: string;
  /** uuid of the award that it was made for. */
  awardId: string;
  status: CodeStatus;
  terms: CodeTerms;
  issuedAt: Date;
  expiresAt: Date;
  /** The order that it is reserved or redeemed for. */
  orderRef?: string;
  reservedUntil?: Date;
  redeemedAt?: Date;
  /** What the order gets off, in its currency's smallest unit, where its total was said. */
  discountMinor?: number;
}

/** Who asks for a code, with which total, null as good as none; at: the instant to judge by, the database's clock unless a test says. */
export interface CodeUse {
  code: string;
  orderRef: string;
  order?: Order | null | undefined;
  at?: Date;
}

type Step = 'reserve' | 'redeem' | 'release';

/** One instant for all that a statement decides; not that of BEGIN, which is older than the locks it waited for. */
const AT = (parameter: number): string =>
  `(SELECT CASE WHEN $${parameter}::timestamptz IS NULL THEN clock_timestamp() ELSE $${parameter} END AS now) t`;

/** Whether a step is possible stands in the statement that takes it: of all who ask at once, the row's lock lets one through. */
const STEPS: Record<Step, Statement> = {
  reserve: {
    name: 'reserve_discount_code',
    text: `UPDATE discount_codes SET status = 'reserved', order_ref = $3, reserved_until = t.now + interval '15 minutes' FROM ${AT(4)}
            WHERE programme_id = $1 AND code = $2 AND expires_at > t.now AND (status = 'open' OR status = 'reserved' AND reserved_until <= t.now)
           RETURNING true`,
  },
  redeem: {
    name: 'redeem_discount_code',
    // A reservation is kept to its end, also where the code's own time is over before.
    text: `UPDATE discount_codes SET status = 'redeemed', order_ref = $3, reserved_until = NULL, redeemed_at = t.now FROM ${AT(4)}
            WHERE programme_id = $1 AND code = $2
              AND CASE WHEN status = 'redeemed' THEN false
                       WHEN status = 'reserved' AND reserved_until > t.now THEN order_ref = $3
                       ELSE expires_at > t.now END
           RETURNING true`,
  },
  release: {
    name: 'release_discount_code',
    text: `UPDATE discount_codes SET status = 'open', order_ref = NULL, reserved_until = NULL FROM ${AT(4)}
            WHERE programme_id = $1 AND code = $2 AND status = 'reserved' AND (order_ref = $3 OR reserved_until <= t.now)
           RETURNING true`,
  },
};
const FIND: Statement = {
  name: 'find_discount_code',
  text: `SELECT code, award_id, terms, issued_at, expires_at, order_ref, reserved_until, redeemed_at,
                CASE WHEN status = 'redeemed' THEN status WHEN status = 'reserved' AND reserved_until > t.now THEN status
                     WHEN expires_at <= t.now THEN 'expired' ELSE 'open' END AS status
           FROM discount_codes, ${AT(3)} WHERE programme_id = $1 AND code = $2`,
};

interface Row {
  code: string;
  award_id: string;
  terms: CodeTerms;
  issued_at: Date;
  expires_at: Date;
  order_ref: string | null;
  reserved_until: Date | null;
  redeemed_at: Date | null;
  status: CodeStatus;
}

/**
 * Keeps a code for an order for 15 minutes; again for the same order: the same reservation, not a longer one.
 * @throws 404, 409 `code-used` (also when reserved for another order), `code-expired`, `order-too-small`, `currency-mismatch`
 */
export const reserveCode = (tx: Tx, use: CodeUse): Promise<DiscountCode> => take(tx, 'reserve', use);

/**
 * Uses a code up for an order, which may have reserved it; again for the same order: what it is. It never comes back.
 * @throws as reserveCode
 */
export const redeemCode = (tx: Tx, use: CodeUse): Promise<DiscountCode> => take(tx, 'redeem', use);

/** Gives a reservation back; one that is not there any more is given back. @throws 404, 409 `code-used` when it is redeemed or another order's */
export const releaseCode = (tx: Tx, use: CodeUse): Promise<DiscountCode> => take(tx, 'release', use);

/** A code as it stands. @throws 404 */
export async function findCode(tx: Tx, typed: string, at?: Date): Promise<DiscountCode> {
  const [row] = await tx.query<Row>(FIND, [tx.programmeId, requireCode(typed), at ?? null]);
  if (!row) throw unknownCode();
  return codeOf(row);
}

async function take(tx: Tx, step: Step, { code: typed, orderRef, order, at }: CodeUse): Promise<DiscountCode> {
  const code = requireCode(typed);
  const [taken, [row]] = await Promise.all([
    tx.query(STEPS[step], [tx.programmeId, code, orderRef, at ?? null]),
    tx.query<Row>(FIND, [tx.programmeId, code, at ?? null]),
  ]);
  if (!row) throw unknownCode();
  if (taken.length === 0 && !isDone(step, row, orderRef)) throw refusalOf(row);
  // The terms never change: what they refuse undoes the step with the transaction.
  return { ...codeOf(row), ...(order ? { discountMinor: discountOf(row.terms, order) } : {}) };
}

/** Whether it was taken before: a retry. */
function isDone(step: Step, { status, order_ref: orderRef }: Row, by: string): boolean {
  if (step === 'release') return status === 'open' || status === 'expired';
  return status === (step === 'reserve' ? 'reserved' : 'redeemed') && orderRef === by;
}

/** One that was given back between the two statements was in use when it was asked for. */
const refusalOf = ({ status }: Row): Problem =>
  status === 'expired'
    ? conflict('code-expired', 'The time of this code is over')
    : conflict('code-used', 'This code is used, or reserved for another order');

function requireCode(typed: string): string {
  const code = readCode(typed);
  if (code === undefined) throw unknownCode();
  return code;
}

const unknownCode = (): Problem => notFound('discount code');

function codeOf(row: Row): DiscountCode {
  const { status, order_ref: orderRef, reserved_until: reservedUntil, redeemed_at: redeemedAt } = row;
  const isTaken = status === 'reserved' || status === 'redeemed';
  return {
    code: row.code,
    awardId: row.award_id,
    status,
    terms: row.terms,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    ...(isTaken && orderRef !== null ? { orderRef } : {}),
    ...(isTaken && reservedUntil !== null ? { reservedUntil } : {}),
    ...(redeemedAt === null ? {} : { redeemedAt }),
  };
}
