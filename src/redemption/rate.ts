import { conflict, invalidField, type Problem } from '../platform/problem';

/** What points are worth, in force from its version on. */
export interface PointRate {
  version: number;
  /** So many points are worth amountMinor. */
  points: number;
  amountMinor: number;
  currency: string;
  taxes: 'net' | 'gross';
  minimumPoints: number | null;
  /** Of an order, 1 to 100. */
  maximumSharePercent: number | null;
}

/** What an order comes to, in the currency's smallest unit. */
export interface OrderTotal {
  totalMinor: number;
  currency: string;
}

/** Money is rounded down, in whole numbers: points × amount may be more than a double holds. */
export const valueOf = (points: number, rate: PointRate): number =>
  Number((BigInt(points) * BigInt(rate.amountMinor)) / BigInt(rate.points));

const limit = (detail: string): Problem =>
  conflict('redemption-limit', 'The programme’s rules do not allow this redemption', detail);

/**
 * Why these points cannot be redeemed on this order by the rate; undefined when they can. paidMinor: what points pay of the order
 * already.
 */
export function refusalBy(
  rate: PointRate,
  points: number,
  order: OrderTotal | undefined,
  paidMinor: number,
): Problem | undefined {
  if (rate.minimumPoints !== null && points < rate.minimumPoints) {
    return limit(`At least ${rate.minimumPoints} points are redeemed at once.`);
  }
  if (order && order.currency !== rate.currency) {
    return invalidField('/order/currency', `must be ${rate.currency}, in which points have their value`);
  }
  if (rate.maximumSharePercent === null) return undefined;
  if (!order) return invalidField('/order', 'must be given: points may pay only a share of the order');
  const share = (BigInt(order.totalMinor) * BigInt(rate.maximumSharePercent)) / 100n;
  return BigInt(paidMinor) + BigInt(valueOf(points, rate)) > share
    ? limit(`Points may pay at most ${rate.maximumSharePercent} % of an order.`)
    : undefined;
}
