import type { Book, NewTransfer } from '../ledger';
import { newId } from '../platform/ids';
import { conflict, customerMerged, notFound, type Problem } from '../platform/problem';
import { type OrderTotal, type PointRate, refusalBy, valueOf } from './rate';

export interface Redeem {
  do: 'redeem';
  /** uuid of the redemption to be. */
  id: string;
  customerRef: string;
  points: number;
  orderRef: string;
  /** Undefined: captured at once. */
  holdSeconds: number | undefined;
  order: OrderTotal | undefined;
}

/** A step of a redemption that is there; expire is the service's own, when held_until has come. */
export type NextStep =
  { do: 'capture' | 'release' | 'expire'; id: string } | { do: 'refund'; id: string; points: number | undefined };

export type Step = Redeem | NextStep;

export interface Redemption {
  /** uuid */
  id: string;
  customerId: string;
  orderRef: string;
  points: number;
  status: 'held' | 'captured' | 'released';
  releasedBy: 'storefront' | 'expiry' | null;
  refunded: number;
  /** Of one that was held first, whatever became of it. */
  heldUntil: Date | null;
  createdAt: Date;
  /** What the order comes to, where the rate lets points pay only a share of it; otherwise null. */
  orderMinor: number | null;
  /** What the points were worth; null where the programme had no rate. */
  value: { amountMinor: number; currency: string; taxes: 'net' | 'gross'; rateVersion: number } | null;
}

/** What steps are decided by: read under the customers' locks, and kept up to date from one step to the next. */
export interface Desk {
  book: Book;
  /** Ids of customers by reference; those never seen are not in it. */
  customers: Map<string, string>;
  /** Those who have been merged into another: the other's reference. */
  merged: Map<string, string>;
  redemptions: Map<string, Redemption>;
  /** What points pay of orders (orderKey), in the currency's smallest unit, by redemptions with an orderMinor. */
  orders: Map<string, number>;
  rate: PointRate | undefined;
}

export const orderKey = (customerId: string, orderRef: string): string => `${customerId} ${orderRef}`;

/** The redemption as the step leaves it, and changes the desk; or why it cannot be, and changes nothing. */
export function decide(desk: Desk, step: Step): Redemption | Problem {
  if (step.do === 'redeem') return keep(desk, undefined, redeem(desk, step));
  const before = desk.redemptions.get(step.id);
  return before ? keep(desk, before, next(desk, before, step)) : notFound('redemption');
}

function keep(desk: Desk, before: Redemption | undefined, after: Redemption | Problem): Redemption | Problem {
  if (after instanceof Error) return after;
  desk.redemptions.set(after.id, after);
  if (after.orderMinor !== null) {
    const key = orderKey(after.customerId, after.orderRef);
    desk.orders.set(key, (desk.orders.get(key) ?? 0) + paidBy(desk, after) - (before ? paidBy(desk, before) : 0));
  }
  return after;
}

/** What a redemption pays of its order; as open_redemptions (in the migrations) counts it. What is refunded is rounded down. */
function paidBy(desk: Desk, redemption: Redemption): number {
  const { status, value, points, refunded } = redemption;
  if (value === null || status === 'released' || isExpired(desk, redemption)) return 0;
  return value.amountMinor - Number((BigInt(value.amountMinor) * BigInt(refunded)) / BigInt(points));
}

function redeem({ book, customers, merged, orders, rate }: Desk, step: Redeem): Redemption | Problem {
  const { id, points, orderRef, holdSeconds } = step;
  const mergedInto = merged.get(step.customerRef);
  if (mergedInto !== undefined) return customerMerged(mergedInto);
  const customerId = customers.get(step.customerRef);
  const paid = customerId === undefined ? undefined : orders.get(orderKey(customerId, orderRef));
  const refusal = rate && refusalBy(rate, points, step.order, paid ?? 0);
  if (refusal) return refusal;
  const isHeld = holdSeconds !== undefined;
  const transfer: NewTransfer = { id, kind: isHeld ? 'hold' : 'capture', cause: id, points };
  if (customerId === undefined || !book.take(customerId, transfer, isHeld ? 'held' : 'redeemed')) {
    return conflict('insufficient-points', 'The customer has fewer points', 'Nothing was redeemed.');
  }
  return {
    id,
    customerId,
    orderRef,
    points,
    status: isHeld ? 'held' : 'captured',
    releasedBy: null,
    refunded: 0,
    heldUntil: isHeld ? new Date(book.now.getTime() + holdSeconds * 1000) : null,
    createdAt: book.now,
    orderMinor: (rate?.maximumSharePercent ?? null) === null ? null : (step.order?.totalMinor ?? null),
    value: rate
      ? {
          amountMinor: valueOf(points, rate),
          currency: rate.currency,
          taxes: rate.taxes,
          rateVersion: rate.version,
        }
      : null,
  };
}

function next(desk: Desk, before: Redemption, step: NextStep): Redemption | Problem {
  switch (step.do) {
    case 'capture':
      return whileHeld(desk, before) ?? capture(desk, before);
    case 'release':
      return whileHeld(desk, before) ?? release(desk, before, 'storefront');
    case 'expire':
      return isExpired(desk, before)
        ? release(desk, before, 'expiry')
        : wrongState('It holds no points past their time.');
    case 'refund':
      return refund(desk, before, step.points);
  }
}

const wrongState = (detail: string): Problem =>
  conflict('redemption-state', 'The redemption is in another state', detail);

const isExpired = ({ book }: Desk, { status, heldUntil }: Redemption): boolean =>
  status === 'held' && heldUntil !== null && heldUntil <= book.now;

/** From held_until on the hold is over, whether that has been booked or not: who asks first must not matter. */
function whileHeld(desk: Desk, redemption: Redemption): Problem | undefined {
  if (redemption.status !== 'held') return wrongState(`It is ${redemption.status}.`);
  return isExpired(desk, redemption) ? wrongState('The hold has expired.') : undefined;
}

function capture({ book }: Desk, before: Redemption): Redemption {
  const { id, customerId, points } = before;
  book.spendHeld(customerId, { id: newId(), kind: 'capture', cause: id, points });
  return { ...before, status: 'captured' };
}

function release({ book }: Desk, before: Redemption, releasedBy: 'storefront' | 'expiry'): Redemption {
  const { id, customerId, points } = before;
  book.giveBack(customerId, { id: newId(), kind: 'release', cause: id, points }, 'held', { takenBy: id, given: 0 });
  return { ...before, status: 'released', releasedBy };
}

function refund({ book }: Desk, before: Redemption, wanted: number | undefined): Redemption | Problem {
  const { id, customerId, status, refunded } = before;
  if (status !== 'captured') return wrongState(`It is ${status}.`);
  const left = before.points - refunded;
  const points = wanted ?? left;
  if (left === 0) return wrongState('All of it has been refunded.');
  if (points > left) return wrongState(`Only ${left} points are left to refund.`);
  book.giveBack(customerId, { id: newId(), kind: 'refund', cause: id, points }, 'redeemed', {
    takenBy: id,
    given: refunded,
  });
  return { ...before, refunded: refunded + points };
}
