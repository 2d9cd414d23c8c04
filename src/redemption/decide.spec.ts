import { Book } from '../ledger';
import { Problem } from '../platform/problem';
import { decide, type Desk, type Redeem, type Redemption, type Step } from './decide';
import type { PointRate } from './rate';

const NOW = new Date('2026-06-10T12:00:00Z');
const account = (id: number, balance: number) => ({ id, balance, last: balance === 0 ? null : `last-${id}` });

/** A desk with one customer, anna, who has so many points. */
function desk(points: number, rate?: PointRate, redemptions: Redemption[] = []): Desk {
  const lots = [{ id: 'lot', remaining: points, expiresOn: null }];
  const book = new Book({
    now: NOW,
    today: '2026-06-10',
    customers: new Map([['1', { available: account(1, points), held: account(2, 500), lots }]]),
    sides: new Map([['redeemed', account(3, 500)]]),
    takes: new Map(
      redemptions.map(({ id, points: taken }) => [
        id,
        [
          { id: 'first', points: 4, expiresOn: '2026-12-31' },
          { id: 'lot', points: taken - 4, expiresOn: null },
        ],
      ]),
    ),
  });
  return {
    book,
    customers: new Map([['anna', '1']]),
    merged: new Map([['antonia', 'anna']]),
    redemptions: new Map(redemptions.map((one) => [one.id, one])),
    orders: new Map(),
    rate,
  };
}

const redeem = (more: Partial<Redeem> = {}): Redeem => ({
  do: 'redeem',
  id: 'red',
  customerRef: 'anna',
  points: 10,
  orderRef: 'order',
  holdSeconds: undefined,
  order: undefined,
  ...more,
});
const redemption = (more: Partial<Redemption>): Redemption => ({
  id: 'red',
  customerId: '1',
  orderRef: 'order',
  points: 10,
  status: 'held',
  releasedBy: null,
  refunded: 0,
  heldUntil: new Date(NOW.getTime() + 1),
  createdAt: NOW,
  orderMinor: null,
  value: null,
  ...more,
});
/** The type of the problem, or what the redemption is then. */
function outcome(at: Desk, step: Step): string {
  const after = decide(at, step);
  return after instanceof Problem ? after.type : `${after.status} ${after.refunded}`;
}

describe('redeeming', () => {
  it('holds until so many seconds later', () => {
    const at = desk(10);
    expect(decide(at, redeem({ holdSeconds: 60 }))).toEqual(
      redemption({ heldUntil: new Date('2026-06-10T12:01:00Z'), createdAt: NOW }),
    );
    expect(at.book.changes().transfers).toMatchObject([{ id: 'red', kind: 'hold', cause: 'red', points: 10 }]);
  });

  it('captures at once', () => {
    const at = desk(10);
    expect(decide(at, redeem())).toEqual(redemption({ status: 'captured', heldUntil: null }));
    expect(at.book.changes().transfers).toMatchObject([{ id: 'red', kind: 'capture', credit: { account: 3 } }]);
  });

  it('takes no more than there is, of all steps together, and what is refused changes nothing', () => {
    const at = desk(25);
    const steps = ['a', 'b', 'c'].map((id) => outcome(at, redeem({ id })));
    expect(steps).toEqual(['captured 0', 'captured 0', 'insufficient-points']);
    expect(at.book.changes().transfers.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(at.redemptions.size).toBe(2);
    expect(outcome(at, redeem({ customerRef: 'nobody', points: 1 }))).toBe('insufficient-points');
  });

  it('is for whom the customer was merged into', () => {
    expect(outcome(desk(25), redeem({ customerRef: 'antonia' }))).toBe('customer-merged');
  });
});

describe('by a rate', () => {
  const rate: PointRate = {
    version: 7,
    points: 3,
    amountMinor: 2,
    currency: 'EUR',
    taxes: 'net',
    minimumPoints: 5,
    maximumSharePercent: 50,
  };
  const order = (totalMinor: number, currency = 'EUR') => ({ order: { totalMinor, currency } });

  it('the value is rounded down, and may be all of the share', () => {
    const after = decide(desk(100, rate), redeem({ points: 5, ...order(6) }));
    expect(after).toMatchObject({ value: { amountMinor: 3, currency: 'EUR', taxes: 'net', rateVersion: 7 } });
    expect(outcome(desk(100, rate), redeem({ points: 5, ...order(5) }))).toBe('redemption-limit');
  });

  it('counts in whole numbers where a double would not', () => {
    const large = { ...rate, points: 999_999_999, amountMinor: 999_999, maximumSharePercent: null };
    const after = decide(desk(1_000_000_000, large), redeem({ points: 999_999_998 }));
    expect(after).toMatchObject({ value: { amountMinor: 999_998 } });
  });

  it('needs the least points, the order where there is a share, and its currency', () => {
    expect(outcome(desk(100, rate), redeem({ points: 4, ...order(1000) }))).toBe('redemption-limit');
    expect(outcome(desk(100, rate), redeem({ points: 5, ...order(1000) }))).toBe('captured 0');
    expect(decide(desk(100, rate), redeem())).toMatchObject({
      type: 'invalid-request',
      errors: [{ pointer: '/order' }],
    });
    expect(decide(desk(100, rate), redeem(order(1000, 'CHF')))).toMatchObject({
      errors: [{ pointer: '/order/currency' }],
    });
    const free = { ...rate, minimumPoints: null, maximumSharePercent: null };
    expect(outcome(desk(100, free), redeem({ points: 1 }))).toBe('captured 0');
    expect(outcome(desk(100, free), redeem({ points: 99, ...order(1) }))).toBe('captured 0');
  });

  it('the share is that of all redemptions for one order together, of what they hold and have spent', () => {
    const held = redemption({
      id: 'held',
      orderMinor: 60,
      value: { amountMinor: 6, currency: 'EUR', taxes: 'net', rateVersion: 7 },
    });
    const spent = { ...held, id: 'spent', status: 'captured' as const, refunded: 1 };
    const at = desk(100, rate, [held, spent]);
    // 30 for points, of which 6 are held and 6 were spent; the one point that came back is worth less than 1.
    at.orders.set('1 order', 12);
    const more = (points: number, id: string, orderRef = 'order') =>
      outcome(at, redeem({ id, points, orderRef, ...order(60) }));
    expect(more(29, 'over')).toBe('redemption-limit');
    expect(more(27, 'all')).toBe('captured 0');
    expect(more(5, 'again')).toBe('redemption-limit');
    expect(more(5, 'other', 'order 2')).toBe('captured 0');
    expect(outcome(at, { do: 'refund', id: 'spent', points: 5 })).toBe('captured 6');
    expect(more(6, 'refunded')).toBe('redemption-limit');
    expect(more(5, 'refunded')).toBe('captured 0');
    expect(more(5, 'again')).toBe('redemption-limit');
    expect(outcome(at, { do: 'release', id: 'held' })).toBe('released 0');
    expect(more(11, 'over')).toBe('redemption-limit');
    expect(more(9, 'released')).toBe('captured 0');
    expect(more(5, 'again')).toBe('redemption-limit');
  });

  it('a hold whose time is over pays nothing of its order, and by its end nothing less', () => {
    const value = { amountMinor: 6, currency: 'EUR', taxes: 'net' as const, rateVersion: 7 };
    const at = desk(100, rate, [redemption({ id: 'over', orderMinor: 12, heldUntil: NOW, value })]);
    expect(outcome(at, { do: 'expire', id: 'over' })).toBe('released 0');
    expect(outcome(at, redeem({ points: 11, ...order(12) }))).toBe('redemption-limit');
    expect(outcome(at, redeem({ points: 9, ...order(12) }))).toBe('captured 0');
  });

  it('is asked before the points are', () => {
    expect(outcome(desk(0, rate), redeem({ points: 4, ...order(1000) }))).toBe('redemption-limit');
  });
});

describe('each step, of a redemption in each state', () => {
  const over = { heldUntil: NOW };
  const states: Record<string, Redemption> = {
    held: redemption({}),
    over: redemption(over),
    captured: redemption({ status: 'captured' }),
    'captured at once': redemption({ status: 'captured', heldUntil: null }),
    'captured past its time': redemption({ status: 'captured', ...over }),
    released: redemption({ status: 'released', releasedBy: 'storefront' }),
    expired: redemption({ status: 'released', releasedBy: 'expiry', ...over }),
    'half refunded': redemption({ status: 'captured', refunded: 4 }),
    refunded: redemption({ status: 'captured', refunded: 10 }),
  };
  const steps: Record<string, Step> = {
    capture: { do: 'capture', id: 'red' },
    release: { do: 'release', id: 'red' },
    expire: { do: 'expire', id: 'red' },
    refund: { do: 'refund', id: 'red', points: undefined },
    'refund 7': { do: 'refund', id: 'red', points: 7 },
  };
  const NO = 'redemption-state';
  it.each([
    ['held', 'captured 0', 'released 0', NO, NO, NO],
    ['over', NO, NO, 'released 0', NO, NO],
    ['captured', NO, NO, NO, 'captured 10', 'captured 7'],
    ['captured at once', NO, NO, NO, 'captured 10', 'captured 7'],
    ['captured past its time', NO, NO, NO, 'captured 10', 'captured 7'],
    ['released', NO, NO, NO, NO, NO],
    ['expired', NO, NO, NO, NO, NO],
    ['half refunded', NO, NO, NO, 'captured 10', NO],
    ['refunded', NO, NO, NO, NO, NO],
  ])('%s', (state, ...wanted) => {
    const found = Object.values(steps).map((step) => {
      const at = desk(0, undefined, [states[state]!]);
      const told = outcome(at, step);
      const { transfers, moves } = at.book.changes();
      expect(transfers).toMatchObject(
        told === NO ? [] : [{ kind: step.do === 'expire' ? 'release' : step.do, cause: 'red' }],
      );
      expect(transfers.every(({ id }) => id !== 'red')).toBe(true);
      expect([...at.redemptions.keys()]).toEqual(['red']);
      // A capture of what was held moves no lot; whatever comes back does.
      expect(moves.length > 0).toBe(told !== NO && step.do !== 'capture');
      if (told === NO) expect(at.redemptions.get('red')).toBe(states[state]);
      // A second time the same is another state.
      if (told !== NO && step.do !== 'refund') expect(outcome(at, step)).toBe(NO);
      return told;
    });
    expect(found).toEqual(wanted);
  });

  it('is held without an end in no state', () => {
    const endless = desk(0, undefined, [redemption({ heldUntil: null })]);
    expect(outcome(endless, steps['expire']!)).toBe(NO);
  });

  it('says who released it', () => {
    expect(decide(desk(0, undefined, [states['held']!]), steps['release']!)).toMatchObject({
      releasedBy: 'storefront',
    });
    expect(decide(desk(0, undefined, [states['over']!]), steps['expire']!)).toMatchObject({ releasedBy: 'expiry' });
  });

  it('is not found where there is none', () => {
    expect(outcome(desk(0), { do: 'capture', id: 'red' })).toBe('not-found');
  });

  it('goes on from where the last refund stopped', () => {
    const at = desk(0, undefined, [redemption({ status: 'captured' })]);
    const told = [3, 3, 5, undefined, 1].map((points) => outcome(at, { do: 'refund', id: 'red', points }));
    expect(told).toEqual(['captured 3', 'captured 6', NO, 'captured 10', NO]);
    expect(at.book.changes().transfers.map(({ kind, points, cause }) => [kind, points, cause])).toEqual([
      ['refund', 3, 'red'],
      ['refund', 3, 'red'],
      ['refund', 4, 'red'],
    ]);
    expect(at.book.changes().moves.map(({ lotId, points }) => [lotId, points])).toEqual([
      ['lot', 3],
      ['lot', 3],
      ['first', 4],
    ]);
  });
});

describe('a refusal says why, and what is left to do', () => {
  const rate: PointRate = {
    version: 1,
    points: 1,
    amountMinor: 1,
    currency: 'EUR',
    taxes: 'gross',
    minimumPoints: 5,
    maximumSharePercent: 50,
  };
  const order = { totalMinor: 100, currency: 'EUR' };
  const spent = redemption({ status: 'captured', refunded: 4 });
  it.each<[string, Desk, Step]>([
    ['The customer has fewer points. Nothing was redeemed.', desk(9), redeem()],
    ['No such redemption.', desk(0), { do: 'capture', id: 'red' }],
    ['The redemption is in another state. It is captured.', desk(0, undefined, [spent]), { do: 'capture', id: 'red' }],
    [
      'The redemption is in another state. It is held.',
      desk(0, undefined, [redemption({})]),
      { do: 'refund', id: 'red', points: 1 },
    ],
    [
      'The redemption is in another state. The hold has expired.',
      desk(0, undefined, [redemption({ heldUntil: NOW })]),
      { do: 'capture', id: 'red' },
    ],
    [
      'The redemption is in another state. It holds no points past their time.',
      desk(0, undefined, [redemption({})]),
      { do: 'expire', id: 'red' },
    ],
    [
      'The redemption is in another state. Only 6 points are left to refund.',
      desk(0, undefined, [spent]),
      { do: 'refund', id: 'red', points: 7 },
    ],
    [
      'The redemption is in another state. All of it has been refunded.',
      desk(0, undefined, [redemption({ status: 'captured', refunded: 10 })]),
      { do: 'refund', id: 'red', points: undefined },
    ],
    [
      'The programme’s rules do not allow this redemption. At least 5 points are redeemed at once.',
      desk(100, rate),
      redeem({ points: 4, order }),
    ],
    [
      'The programme’s rules do not allow this redemption. Points may pay at most 50 % of an order.',
      desk(100, rate),
      redeem({ points: 51, order }),
    ],
  ])('%s', (said, at, step) => {
    const problem = decide(at, step) as Problem;
    expect(`${problem.title}. ${problem.detail ?? ''}`.trim()).toBe(said);
  });

  it('points to what is wrong with the order', () => {
    expect(decide(desk(100, rate), redeem())).toMatchObject({
      errors: [{ pointer: '/order', message: 'must be given: points may pay only a share of the order' }],
    });
    expect(decide(desk(100, rate), redeem({ order: { totalMinor: 100, currency: 'CHF' } }))).toMatchObject({
      errors: [{ pointer: '/order/currency', message: 'must be EUR, in which points have their value' }],
    });
  });
});
